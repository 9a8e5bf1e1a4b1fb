"""The map as a drawing: SVG from a snapshot alone, with a title and a description, and no colour without its word."""

from __future__ import annotations

from html import escape
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from involvement.reports.signs import plain

# As on the pages (static/app.css): the place's own colour with its ground; a status's with its ground, and its border.
PLACES = {
    "owners": ("#003087", "#e5eaf3"),
    "users": ("#005eb8", "#e5eff8"),
    "choosers": ("#00664f", "#e5f0ed"),
    "coproducers": ("#7c2855", "#f6eaf0"),
}
STATUSES = {
    "in-place": ("#007f3b", "#e5f2eb", ""),
    "unproven": ("#7a5f00", "#fff9d6", ""),
    "planned": ("#005eb8", "#e5eff8", ""),
    "not-needed": ("#4c6272", "#ffffff", ""),
    "lapsed": ("#4c6272", "#e8edee", ""),
    "missing": ("#d5281b", "#ffffff", "7 4"),
    "none-recorded": ("#4c6272", "#ffffff", "7 4"),
}
OTHER = ("#4c6272", "#ffffff", "")
INK, QUIET = "#212b32", "#425563"
WIDE, COLUMN, GAP, TILE, HEAD = 960, 231, 12, 66, 112  # in units of the drawing


def map_picture(snapshot: dict) -> str:
    """Return the map of the snapshot's places as SVG, 960 units wide."""
    places = snapshot["places"]
    tall = HEAD + max((len(place["cells"]) for place in places), default=0) * (TILE + 8)
    title, told = _("The map"), map_in_words(snapshot)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {tall}" width="{WIDE}" height="{tall}" role="img"'
        ' aria-labelledby="map-title map-told" font-family="Arimo, Arial, Helvetica, sans-serif">'
        f'<title id="map-title">{escape(title)}</title><desc id="map-told">{escape(told)}</desc>'
    ]
    x = 0
    for relationship, together in groupby(places, key=lambda place: place["relationship"]):
        together = list(together)
        across = len(together) * (COLUMN + GAP) - GAP
        parts.append(_words(x, 20, relationship, size=17, bold=True))
        parts.append(f'<rect x="{x}" y="29" width="{across}" height="3" fill="{INK}"/>')
        for place in together:
            parts.append(_column(x, place))
            x += COLUMN + GAP
    return "".join([*parts, "</svg>"])


def map_in_words(snapshot: dict) -> str:
    """Return what the drawing shows, place by place and way by way."""
    ways = {
        place["title"]: ", ".join(f"{cell['title']} {cell['status_title'].lower()}" for cell in place["cells"])
        for place in snapshot["places"]
    }
    return plain(" ".join(f"{place}: {standing}." for place, standing in ways.items()))


def _column(x: int, place: dict) -> str:
    dark, light = PLACES.get(place["slug"], (INK, "#eef1f3"))
    live = ngettext("%(n)d live activity", "%(n)d live activities", place["live"]) % {"n": place["live"]}
    complete = _("list said to be complete") if place["complete"] else _("completeness not stated")
    head = (
        f'<rect x="{x}" y="40" width="{COLUMN}" height="64" fill="{light}"/>'
        f'<rect x="{x}" y="40" width="6" height="64" fill="{dark}"/>'
        + _words(x + 16, 61, place["title"], size=18, bold=True, fill=dark)
        + _words(x + 16, 79, live, size=13)
        + _words(x + 16, 96, complete, size=13)
    )
    return head + "".join(_tile(x, HEAD + n * (TILE + 8), cell) for n, cell in enumerate(place["cells"]))


def _tile(x: int, y: int, cell: dict) -> str:
    dark, light, dashes = STATUSES.get(cell["status"], OTHER)
    broken = f' stroke-dasharray="{dashes}"' if dashes else ""
    number = ngettext("%(n)d live activity", "%(n)d live activities", cell["activities"]) % {"n": cell["activities"]}
    if cell["activities"]:
        number = _("%(proven)d of %(n)d proven") % {"proven": cell["proven"], "n": cell["activities"]}
    return (
        f'<rect x="{x + 1}" y="{y + 1}" width="{COLUMN - 2}" height="{TILE - 2}" fill="{light}" stroke="{dark}"'
        f' stroke-width="2"{broken}/>'
        f'<circle cx="{x + 22}" cy="{y + TILE // 2}" r="12" fill="#ffffff" stroke="{dark}" stroke-width="2"/>'
        + _words(x + 22, y + TILE // 2 + 6, cell["sign"], size=16, bold=True, fill=dark, middle=True)
        + _words(x + 44, y + 21, cell["title"], size=15, bold=True)
        + _words(x + 44, y + 39, cell["status_title"], size=13, bold=True, fill=dark)
        + _words(x + 44, y + 56, number, size=13)
    )


def _words(x, y, text: str, *, size: int, bold: bool = False, fill: str = INK, middle: bool = False) -> str:
    weight = ' font-weight="700"' if bold else ""
    anchor = ' text-anchor="middle"' if middle else ""
    return f'<text x="{x}" y="{y}" font-size="{size}"{weight} fill="{fill}"{anchor}>{escape(plain(text))}</text>'
