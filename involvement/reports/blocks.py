"""What a report is made of: a few kinds of block, which each writer (PDF, Word, page) draws in its own way.

Text is plain text, cleaned by whoever builds the document (signs.plain); "\\n" in it is a new line. No block holds
markup, so nothing that somebody typed can become any.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Heading:
    """A heading: level 2 for a section, 3 inside one. The document's title is level 1. ``fresh``: on a new page."""

    text: str
    level: int = 2
    fresh: bool = False


@dataclass(frozen=True)
class Paragraph:
    """Words, ``lead`` before them in bold. ``kind``: plain, finding (large), note (framed), quote, or quiet."""

    text: str
    lead: str = ""
    kind: str = "plain"


@dataclass(frozen=True)
class Bullets:
    """A list of pairs: what stands in bold before it (may be ""), and the words."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """A table with a header row; the first cell of a row says what the row is about. Numbers are int.

    ``widths``: each column's share of the width.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]
    widths: tuple[int, ...]


@dataclass(frozen=True)
class Picture:
    """A drawing as SVG, and what it shows in words, for who cannot see it."""

    svg: str
    alt: str


Block = Heading | Paragraph | Bullets | Table | Picture


@dataclass(frozen=True)
class Document:
    """A whole report. ``day`` is the day it is dated with (ISO), also inside the files, so that equal facts make
    equal bytes; ``state`` says whether it is signed; ``footer`` stands on every sheet."""

    title: str
    subject: str
    state: str
    footer: str
    day: str
    blocks: tuple[Block, ...]
    language: str = "en-GB"
