"""What stands beside a conclusion: a place's facts in sentences, from the snapshot alone."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def facts_of(place: dict, snapshot: dict) -> list[str]:
    """Return the facts of one place of a snapshot: what runs, its ways by status, whether the list is complete, and
    what patient leaders saw there."""
    said = [ngettext("%(n)d live activity.", "%(n)d live activities.", place["live"]) % {"n": place["live"]}]
    by_status: dict[str, list[str]] = {}
    for cell in place["cells"]:
        by_status.setdefault(cell["status_title"], []).append(cell["title"].lower())
    for status, ways in by_status.items():
        said.append(_("%(status)s: %(ways)s.") % {"status": status, "ways": ", ".join(ways)})
    said.append(
        _("Somebody has said that the list is complete.") if place["complete"]
        else _("Nobody has said that the list is complete.")
    )  # fmt: skip
    rounds, slug = snapshot.get("reviews") or (), place["slug"]
    seen = [each["by_place"][slug] for each in rounds if slug in each["by_place"]]
    same, compared = (sum(column) for column in zip(*seen, strict=True)) if seen else (0, 0)
    if compared:
        words = _("Patient leaders looked at %(m)d, without being told the place, and saw the same in %(n)d.")
        said.append(words % {"n": same, "m": compared})
    return said
