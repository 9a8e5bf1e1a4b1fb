"""The documents of an audit: the one door to whatever makes them from plain data."""

from __future__ import annotations

from involvement.reports import KINDS, render


def render_all(snapshot: dict, conclusions: list[dict], signed: dict) -> dict[str, bytes]:
    """Return the documents to keep with a sign-off, kind (pdf, docx, xlsx) -> bytes. ``snapshot`` has names in it."""
    return {kind: render(kind, snapshot, conclusions, signed) for kind in KINDS}
