"""An upload, kept for a day between its steps, for the person who sent it, in this organisation only.

In the cache that all workers share, so that nothing has to be cleared away. The table is kept beside the file as it was
read, so that a later step does not read the file again unless it asks for another sheet or another row of headings.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.core.cache import cache

from involvement.imports.tables import Table, read_table
from involvement.models import Organisation, User

KEPT = 24 * 60 * 60  # seconds


@dataclass(frozen=True)
class Draft:
    """An upload that is still kept: what it was called, the table in it, and what was chosen to read it so."""

    id: UUID
    name: str
    table: Table
    chosen: dict[str, Any]

    @property
    def query(self) -> str:
        """Return the address's query that leads back to this very table."""
        return "?" + urlencode({"draft": self.id, **self.chosen})


def keep_draft(
    *, organisation: Organisation, by: User, content: bytes | str, name: str = "", table: Table | None = None
) -> UUID:
    """Keep an upload, with the ``table`` in it where it was read already. Returns its id."""
    draft = uuid4()
    is_text = isinstance(content, str)
    packed = zlib.compress(content.encode("utf-8", "replace") if is_text else content)
    cache.set(_key("file", organisation, by, draft), (packed, is_text, name[:200]), KEPT)
    if table is not None:
        cache.set(_table_key({}, organisation, by, draft), table, KEPT)
    return draft


def kept_draft(*, organisation: Organisation, by: User, draft: UUID, **chosen: Any) -> Draft | None:
    """Return a kept upload; None when it is another's, of another organisation, or no longer kept.

    ``chosen``: the arguments of read_table beside the content, such as the sheet. Raises Unreadable for a choice that
    the file does not have.
    """
    kept = cache.get(_key("file", organisation, by, draft))
    if kept is None:
        return None
    packed, is_text, name = kept
    chosen = {what: value for what, value in chosen.items() if value is not None}
    at = _table_key(chosen, organisation, by, draft)
    table = cache.get(at)
    if table is None:
        content = zlib.decompress(packed)
        table = read_table(content.decode("utf-8") if is_text else content, **chosen)
        cache.set(at, table, KEPT)
    return Draft(draft, name, table, chosen)


def _table_key(chosen: dict[str, Any], organisation: Organisation, by: User, draft: UUID) -> str:
    return _key(f"table-{zlib.crc32(json.dumps(chosen, sort_keys=True).encode())}", organisation, by, draft)


def _key(what: str, organisation: Organisation, by: User, draft: UUID) -> str:
    return f"import-{what}-{organisation.pk}-{by.pk}-{draft}"
