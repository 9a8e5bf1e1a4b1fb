"""What stands beside a conclusion: a place's facts in sentences, from the snapshot alone."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def facts_of(place: dict) -> list[str]:
    """Return the facts of one place of a snapshot: what runs, its ways by status, whether the list is complete."""
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
    return said
