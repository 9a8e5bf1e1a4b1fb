"""The report as a page: the same blocks as in the documents, each with the template that draws it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from involvement.reports.blocks import Block, Picture, Table
from involvement.reports.document import build


@dataclass(frozen=True)
class Drawn:
    """A block of a page: ``template`` draws it, with ``block`` as it is in the tree."""

    template: str
    block: Block
    number: int

    @property
    def svg(self) -> SafeString:
        """Return a picture's drawing. Every word in it was escaped as it was drawn (picture.py)."""
        return mark_safe(self.block.svg) if isinstance(self.block, Picture) else mark_safe("")  # noqa: S308

    @property
    def rows(self) -> list[tuple[str, str, list[tuple[str, str | int, bool]]]]:
        """Return a table's rows: the first line of the first cell, what follows in it, and the other cells, each with
        the header over it and whether it is a number."""
        if not isinstance(self.block, Table):
            return []
        found = []
        for first, *others in self.block.rows:
            head, _end, rest = str(first).partition("\n")
            cells = zip(self.block.header[1:], others, strict=True)
            found.append((head, rest, [(title, cell, isinstance(cell, int)) for title, cell in cells]))
        return found


def drawn(snapshot: dict, conclusions: list[dict], signed: dict | None) -> list[Drawn]:
    """Return the report's blocks in their order."""
    blocks = build(snapshot, conclusions, signed).blocks
    return [Drawn(f"reports/{type(block).__name__.lower()}.html", block, n) for n, block in enumerate(blocks, 1)]
