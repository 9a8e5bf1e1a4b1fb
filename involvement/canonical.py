"""One way to write plain data as text, so that the same data always has the same digest. Standard library only."""

from __future__ import annotations

import hashlib
import json


def canonical(data) -> str:
    """Return plain data (dicts, lists, text, whole numbers, booleans, None) as its one JSON text."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(content: str | bytes) -> str:
    """Return the SHA-256 of a text (in UTF-8) or of bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
