"""Many activities at once, for their pages: which were chosen in the list, what would change, what was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from framework.catalogue import catalogue
from involvement.access import Viewer
from involvement.actions.many import ManyChanges, ManyPlan, undoable
from involvement.models import Activity, ManyEdit, Organisation
from involvement.registers import Filters, activities_in_list, read_filters

SHOWN = 20  # titles under one sentence


@dataclass(frozen=True)
class Selection:
    """The activities that were ticked in the list, or all that its filters find.

    ``query`` says the same again in an address, ``words`` to a person; ``unknown`` is how many of the ids that were
    asked are not the organisation's.
    """

    pks: tuple[int, ...]
    all_found: bool
    filters: Filters
    query: str
    unknown: int

    @property
    def number(self) -> int:
        return len(self.pks)


def read_selection(viewer: Viewer, data) -> Selection:
    """Return what an address selects: ``?pick=1&pick=2``, or ``?all=1`` with the filters of the list."""
    services = {service.slug: service for service in viewer.organisation.services.all()}
    filters, _corrected = read_filters(data, services)
    if data.get("all"):
        pks = tuple(activities_in_list(viewer, filters, services).order_by("pk").values_list("pk", flat=True))
        return Selection(pks, True, filters, filters.query(all="1", page="", sort=""), 0)
    asked = sorted({int(each) for each in data.getlist("pick") if each.isascii() and each.isdigit() and len(each) < 16})
    known = viewer.organisation.activities.filter(pk__in=asked).order_by("pk")
    pks = tuple(known.values_list("pk", flat=True))
    query = "?" + "&".join(f"pick={pk}" for pk in pks)
    return Selection(pks, False, filters, query, len(asked) - len(pks))


def titles(organisation: Organisation, pks: tuple[int, ...]) -> list[Activity]:
    """Return the first SHOWN of these activities, to be named."""
    return list(organisation.activities.filter(pk__in=pks[:SHOWN]).only("title", "organisation_id"))


@dataclass(frozen=True)
class Sentence:
    """What happens to how many, with some of them by name."""

    words: str
    some: list[Activity]
    more: int

    @property
    def number(self) -> int:
        return len(self.some) + self.more


def _sentence(words: str, activities: list[Activity]) -> Sentence:
    return Sentence(words, activities[:SHOWN], max(0, len(activities) - SHOWN))


def foreseen(plan: ManyPlan, changes: ManyChanges, why: Mapping[str, Any]) -> dict:
    """Return what the preview says: what changes for how many, and for which not and why."""
    changing = plan.changing
    columns = [
        _counted(label, sum(name in each.now for each in changing))
        for name, label in said_columns(changes.as_json(), plan_names(changes))
    ]
    for group in changes.groups_added:
        number = sum(group in each.added for each in changing)
        columns.append(_counted(_("add the group: %(group)s") % {"group": catalogue().groups[group]}, number))
    for group in changes.groups_removed:
        number = sum(any(row.group == group for row in each.removed) for each in changing)
        columns.append(_counted(_("take out the group: %(group)s") % {"group": catalogue().groups[group]}, number))
    answered = [each.answer for each in changing if each.answer is not None]
    if answered:
        columns.append(_counted(_answer_words(answered[0]), len(answered)))
    left = [_sentence(str(why[reason]), activities) for reason, activities in plan.left_out.items()]
    already = [_sentence(_("they say that already"), plan.already)] if plan.already else []
    return {
        "changing": len(changing),
        "some": _sentence("", [each.activity for each in changing]),
        "lines": columns,
        "left": left + already,
        "losing": plan.losing,
    }


def _counted(words: str, number: int) -> dict:
    return {"words": words, "number": number}


def _answer_words(running: bool) -> str:
    return _("running today: yes") if running else _("running today: no, or not known")


def plan_names(changes: ManyChanges) -> dict[str, str]:
    """Return the names of the service and the piece of work that were chosen."""
    return {
        "service_id": changes.service.name if changes.service else "",
        "piece_id": getattr(changes.piece, "title", "") if changes.piece else "",
    }


def said_columns(said: dict, names: dict[str, str]):
    """Yield (column, what it becomes in words) of what was chosen (ManyChanges.as_json)."""
    if "service_id" in said:
        name = names["service_id"] if said["service_id"] else _("trust-wide")
        yield "service_id", _("service: %(name)s") % {"name": name}
    if "piece_id" in said or "piece" in said:
        if said.get("piece"):
            words = _("piece of work: “%(name)s”, a new one") % {"name": said["piece"]}
        elif said["piece_id"]:
            words = _("piece of work: “%(name)s”") % {"name": names["piece_id"]}
        else:
            words = _("piece of work: none")
        yield "piece_id", words
    if "stated_status" in said:
        value = said["stated_status"]
        words = str(Activity.StatedStatus(value).label) if value else _("not known")
        yield "stated_status", _("status: %(name)s") % {"name": words}
    for name, words in (("method", _("kind of activity: %(name)s")), ("named_lead", _("who leads it: %(name)s"))):
        if name in said:
            yield name, words % {"name": f"“{said[name]}”" if said[name] else _("empty")}


@dataclass(frozen=True)
class Done:
    """What one change to many came to, and whether it can be undone."""

    edit: ManyEdit
    changed: int
    lines: list[str]
    left: list[Sentence]
    can_put_back: int

    @property
    def touched(self) -> int:
        """How many were changed again since, and would stay as they are."""
        return self.changed - self.can_put_back


def done(viewer: Viewer, edit: ManyEdit, why: Mapping[str, Any]) -> Done:
    """Return what an edit of many came to, for its page."""
    organisation, said = viewer.organisation, edit.changes
    service = organisation.services.filter(pk=said.get("service_id")).first()
    piece = organisation.pieces.filter(pk=said.get("piece_id")).first()
    names = {"service_id": service.name if service else "", "piece_id": piece.title if piece else ""}
    groups = catalogue().groups
    lines = [words for _name, words in said_columns(said, names)]
    lines += [_("add the group: %(group)s") % {"group": groups.get(each, each)} for each in said["groups_added"]]
    lines += [_("take out the group: %(group)s") % {"group": groups.get(each, each)} for each in said["groups_removed"]]
    if "running" in said:
        lines.append(_answer_words(said["running"]))
    left = [
        Sentence(str(why.get(reason, reason)), titles(organisation, tuple(pks)), max(0, len(pks) - SHOWN))
        for reason, pks in edit.left_out.items()
    ]
    return Done(edit, len(edit.before), lines, left, len(undoable(edit)))


def latest_edits(viewer: Viewer) -> list[ManyEdit]:
    """Return the last five edits of many, newest first."""
    return list(viewer.organisation.many_edits.select_related("recorded_by").defer("before", "left_out")[:5])


def how_many(number: int) -> str:
    """Return "1 activity" or "2,333 activities"."""
    return ngettext("%(n)s activity", "%(n)s activities", number) % {"n": f"{number:,}"}
