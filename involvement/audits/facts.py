"""What stands beside a conclusion: a place's facts in sentences, from the snapshot alone."""

from __future__ import annotations

from collections import Counter

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def facts_of(place: dict) -> list[str]:
    """Return the facts of one place of a snapshot: its ways by status, what runs, whether the list is complete."""
    cells = place["cells"]
    said = [
        ngettext("%(n)d live activity.", "%(n)d live activities.", place["live"]) % {"n": place["live"]},
        _("Of %(n)d ways to take part: %(statuses)s.") % {"n": len(cells), "statuses": _statuses(cells)},
    ]
    proven, changed = sum(cell["proven"] for cell in cells), sum(cell["changed"] for cell in cells)
    if place["live"]:
        said.append(
            _("Something shows what came of it %(proven)d times; %(changed)d times something changed.")
            % {"proven": proven, "changed": changed}
        )
    said.append(
        _("Somebody has said that the list is complete.") if place["complete"]
        else _("Nobody has said that the list is complete.")
    )  # fmt: skip
    return said


def _statuses(cells: list[dict]) -> str:
    counted = Counter(cell["status_title"] for cell in cells)
    return ", ".join(f"{number} {title[:1].lower()}{title[1:]}" for title, number in counted.items())
