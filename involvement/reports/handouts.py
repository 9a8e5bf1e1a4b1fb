"""What is printed for a workshop, as PDF/UA-1: cards, answer sheets, the list at the door, the poster.

Plain data in, as ``handouts.typ`` reads it; every sign in it is made one that a typeface has.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from involvement.qr import qr_path
from involvement.reports.pdf import compiled, coverage, shown

TEMPLATE = Path(__file__).with_name("handouts.typ")


def handout(data: dict[str, Any]) -> bytes:
    """Return a handout as PDF: its ``kind``, ``title``, ``by``, ``footer``, ``day`` (ISO), ``large``, and what it asks.

    Raises typst.TypstError where it cannot be made to the standard.
    """
    paper = {"wide": False, "intro": [], "after": []} | data
    return compiled(json.dumps(shown(paper, coverage()), ensure_ascii=False), TEMPLATE)


def qr_picture(text: str) -> str:
    """Return a QR code of ``text`` as SVG with its quiet border, black on white."""
    wide, dots = qr_path(text)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {wide}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{wide}v{wide}h-{wide}z"/><path d="{dots}"/></svg>'
    )
