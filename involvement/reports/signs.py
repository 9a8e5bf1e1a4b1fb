"""Which signs of a text a document can hold, and what it shows for the others.

``plain`` is for every document: nothing invisible that could reorder or hide words. ``Coverage`` is for the PDF, which
embeds its typefaces: PDF/UA-1 refuses the whole document for one sign that none of them has.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Iterator
from pathlib import Path

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# Controls, marks that turn the direction of text, joiners without a width, halves of pairs; the two joiners that
# Persian and Hindi are written with stay.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_NO_SIGNS = "".join(chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(17))
_NO_SIGN = re.compile(f"[\ufdd0-\ufdef{_NO_SIGNS}]")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")  # choose among looks of the sign before
_JOINERS = re.compile(r"(?<![\u0600-\u08ff])[\u200c\u200d]|[\u200c\u200d](?![\u0600-\u08ff])")


def plain(text: str) -> str:
    """Return the text with its line ends as "\\n", tabs as spaces, and nothing in it that cannot be seen."""
    text = _LINE_ENDS.sub("\n", text).replace("\t", " ")
    return _NO_SIGN.sub("\ufffd", _UNSEEN.sub("", text)).strip()


class Coverage:
    """The signs that some typefaces have, together and each."""

    def __init__(self, fonts: list[Path]):
        """``fonts``: TrueType files. Raises ValueError where one has no table of signs that can be read."""
        self._of: dict[int, int] = {}
        for number, font in enumerate(fonts):
            for code in codes(font.read_bytes()):
                self._of[code] = self._of.get(code, 0) | 1 << number
        self._simple = re.compile("[\n\x20-\x7e\u00a0-\u00ac\u00ae-\u00ff\u2013\u2014\u2018\u2019\u201c\u201d\u2026]*")

    def shown(self, text: str) -> str:
        """Return the text with "[U+1F600]" for each sign that no typeface has, or that none has beside its accents."""
        if self._simple.fullmatch(text):
            return text
        text = _JOINERS.sub("", _SELECTORS.sub("", unicodedata.normalize("NFC", text)))
        return "".join(self._signs(text))

    def drawn(self, text: str) -> str:
        """Return the text for a drawing. There the setter keeps no note of which sign became which shape, so accents
        that stand apart and what runs from right to left are shown by their codes too."""
        shown = self.shown(text)
        return "".join(f"[U+{ord(sign):04X}]" if _is_joined(sign) else sign for sign in shown)

    def _signs(self, text: str) -> Iterator[str]:
        having = 0  # which typefaces have the sign and the accents on it so far
        for sign in text:
            of = self._of.get(ord(sign), 0)
            if unicodedata.category(sign).startswith("M"):
                of &= having
            if sign == "\n":
                having = 0  # an accent at the start of a line stands on nothing
                yield sign
            elif of:
                having = of
                yield sign
            else:
                yield f"[U+{ord(sign):04X}]"
                having = self._of.get(ord("]"), 0)


def _is_joined(sign: str) -> bool:
    return unicodedata.category(sign)[0] == "M" or unicodedata.bidirectional(sign) in ("R", "AL", "AN")


def codes(font: bytes) -> set[int]:
    """Return the signs that a TrueType file has a picture of, from its "cmap" (formats 4 and 12)."""
    (count,) = struct.unpack_from(">H", font, 4)
    tables = (struct.unpack_from(">4s4xL", font, 12 + 16 * n) for n in range(count))
    start = next((offset for tag, offset in tables if tag == b"cmap"), None)
    if start is None:
        raise ValueError("the typeface has no table of signs")
    (count,) = struct.unpack_from(">H", font, start + 2)
    found: set[int] = set()
    for number in range(count):
        platform, _encoding, offset = struct.unpack_from(">HHL", font, start + 4 + 8 * number)
        (form,) = struct.unpack_from(">H", font, start + offset)
        if platform in (0, 3) and form in READERS:
            found |= set(READERS[form](font, start + offset))
    if not found:
        raise ValueError("the typeface's table of signs is of a kind that is not read here")
    return found


def _sixteen_bits(font: bytes, at: int) -> Iterator[int]:
    (double,) = struct.unpack_from(">H", font, at + 6)
    count, ends = double // 2, at + 14
    rows = [struct.unpack_from(f">{count}H", font, ends + 2 * count * n + (2 if n else 0)) for n in range(4)]
    offsets_at = ends + 2 + 3 * double
    for number, (last, first, delta, offset) in enumerate(zip(*rows, strict=True)):
        for code in range(first, min(last, 0xFFFE) + 1):
            glyph = code
            if offset:
                (glyph,) = struct.unpack_from(">H", font, offsets_at + 2 * number + offset + 2 * (code - first))
            if glyph and (glyph + delta) & 0xFFFF:
                yield code


def _thirty_two_bits(font: bytes, at: int) -> Iterator[int]:
    (count,) = struct.unpack_from(">L", font, at + 12)
    for number in range(count):
        first, last, _glyph = struct.unpack_from(">3L", font, at + 16 + 12 * number)
        yield from range(first, last + 1)


READERS = {4: _sixteen_bits, 12: _thirty_two_bits}
