"""What came out of a workshop, as plain data, and what the organisation did with it.

Counts are divided by spread.py as in the room (workshops.py): no group of under five people stands apart.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from framework.catalogue import NOT_INVOLVEMENT
from involvement import facilitation
from involvement.actions.hosting import standing
from involvement.models import Card, CardOutcome, Classification, Room, Workshop
from involvement.spread import Group, Spread, spread
from involvement.workshops import answer_of, drawn_group, group_name, place_title, spreads_of, votes_of


def results_of(workshop: Workshop, step: str = facilitation.CLOSE) -> dict[str, Any]:
    """Return what came out as plain data, with no group of under five people apart. It is kept when a room closes.

    At an earlier ``step`` it holds only what the room may see there; nobody else sees more, the facilitator neither.

    {"people", "groups": [{"of", "people"}], "cards": [{"id", "number", "text", "on_paper", "before", "after", "votes",
    "agreed", "note", "first_step", "cell", "stood": where the list put an activity, None for another card}]}; "before"
    and "after" are {"people", "whole", "groups", "sides"} or null,
    "votes" is null where nobody has voted or it is not over.
    """
    shows = facilitation.shows_spread(workshop.mode, step)
    talked = step not in (facilitation.REVEAL, facilitation.DISCUSS)
    first = spreads_of(workshop, "first") if shows else {}
    now = spreads_of(workshop, "now") if shows and talked else {}
    voted = facilitation.VOTE in facilitation.MODES[workshop.mode] and facilitation.shows_votes(workshop.mode, step)
    votes = votes_of(workshop) if voted else None
    people = people_by_perspective(workshop)
    stood = _places_of(workshop, [card.activity_id for card in standing(workshop) if card.activity_id])
    return {
        "people": sum(people.values()),
        "groups": [
            {"of": list(group.of), "people": group.people}
            for group in spread({name: {"": number} for name, number in people.items()}).groups
        ],
        "cards": [
            {
                "id": str(card.pk), "number": card.number, "text": card.text, "on_paper": card.on_paper,
                "before": _written(first.get(card.pk)), "after": _written(now.get(card.pk)),
                "votes": None if votes is None else votes.get(card.pk, 0), "agreed": card.agreed,
                "note": card.agreed_note, "first_step": card.first_step, "cell": card.cell,
                "stood": stood.get(card.activity_id, "") if card.activity_id else None,
            }
            for card in standing(workshop)
        ],
    }  # fmt: skip


def people_by_perspective(workshop: Workshop) -> dict[str, int]:
    """Return perspective -> how many, on phones and on paper. Never shown as it is: see spread.together."""
    rows = workshop.participants.filter(organisation_id=workshop.organisation_id, banned=False)
    found = Counter(dict(rows.values_list("perspective").annotate(n=Count("pk")).order_by()))
    paper = workshop.paper_tables.filter(organisation_id=workshop.organisation_id)
    for perspective, number in paper.values_list("perspective", "people"):
        found[perspective] += number
    return dict(found)


def _written(one: Spread | None) -> dict[str, Any] | None:
    if one is None:
        return None

    def group(each: Group) -> dict[str, Any]:
        return {"of": list(each.of), "chose": dict(each.chose)}

    return {
        "people": one.people if one.whole else None, "whole": dict(one.whole.chose) if one.whole else None,
        "groups": [group(each) for each in one.groups], "sides": [group(each) for each in one.sides],
    }  # fmt: skip


def _read(kept: dict[str, Any] | None) -> Spread | None:
    """Return a spread as it was kept."""
    if not kept or not kept["whole"]:
        return None

    def groups(name: str) -> tuple[Group, ...]:
        return tuple(Group(tuple(each["of"]), each["chose"]) for each in kept[name])

    everybody = tuple(sorted({name for each in groups("groups") for name in each.of}))
    return Spread(kept["people"], Group(everybody, kept["whole"]), groups("groups"), groups("sides"))


@dataclass(frozen=True)
class ResultRow:
    """One card with what came of it: before and after the talk, what was agreed, votes, and what was done with it."""

    kept: dict[str, Any]
    before: Spread | None
    after: Spread | None
    outcome: CardOutcome | None
    beside: str = ""  # of a worked case where the framework puts it; of an activity where it stands on the list now

    @property
    def agreed(self) -> str:
        return place_title(self.kept["agreed"])

    @property
    def became(self) -> str:
        """What the organisation did with it, in a few words."""
        if self.outcome is None:
            return _("nobody has said yet")
        if self.outcome.kind == CardOutcome.Kind.DECLINED:
            return _("it was not taken")
        if self.outcome.action_id:
            due = self.outcome.action.due_on
            words = _("it is to be done by %(day)s") if due else _("it is to be done")
            return words % {"day": date_format(due, "j F Y") if due else ""}
        if self.outcome.response_id:
            return _("it answers a gap")
        if self.kept.get("stood") is not None:
            same = self.kept["stood"] == self.kept["agreed"]
            return _("the list said so already") if same else _("its place on the list is now what the room agreed on")
        if self.kept["agreed"] == NOT_INVOLVEMENT:
            return _("it is on the organisation’s list, as something that is not involvement")
        return _("it is on the organisation’s list")

    @property
    def stands(self) -> str:
        """Of a worked case where the framework puts it; of an activity where the list does, and did when it ended."""
        before = place_title(self.kept.get("stood") or "")
        if before and self.beside and before != self.beside:
            return _("was %(before)s, now %(now)s") % {"before": before, "now": self.beside}
        return self.beside

    @property
    def after_groups(self) -> list[dict[str, Any]]:
        return [drawn_group(group) for group in self.after.groups] if self.after else []

    @property
    def before_groups(self) -> list[dict[str, Any]]:
        return [drawn_group(group) for group in self.before.groups] if self.before else []

    @property
    def before_most(self) -> str:
        return _most(self.before)

    @property
    def after_most(self) -> str:
        return _most(self.after)


def _most(one: Spread | None) -> str:
    """Say where most put a card, "Owners: 14 of the 17 who chose", or that no place leads; "" if it may not be said."""
    if one is None or one.whole is None:
        return ""
    if one.whole.most is None:
        return _("No place leads among the %(people)d who chose") % {"people": one.people}
    place, number = one.whole.most
    return _("%(place)s: %(n)d of the %(m)d who chose") % {"place": place_title(place), "n": number, "m": one.people}


@dataclass(frozen=True)
class Results:
    """What came out of a workshop, for its results page, its exports and, without what is hidden, the room."""

    workshop: Workshop
    people: int
    groups: list[dict[str, Any]]
    rows: list[ResultRow]

    @property
    def agreed(self) -> int:
        return sum(row.kept["agreed"] not in ("", Card.OPEN) for row in self.rows)

    @property
    def open(self) -> int:
        return sum(row.kept["agreed"] == Card.OPEN for row in self.rows)

    @property
    def ranked(self) -> list[ResultRow]:
        return sorted(self.rows, key=lambda row: -(row.kept["votes"] or 0))


def _places_of(workshop: Workshop, activities: list[int]) -> dict[int, str]:
    """Return activity id -> where the list puts it now. One query, none without activities."""
    if not activities:
        return {}
    rows = Classification.objects.filter(
        organisation_id=workshop.organisation_id, kind="leader", until=None, void_at=None, activity__in=activities
    )
    return dict(rows.values_list("activity", "primary_place"))


def _beside(workshop: Workshop) -> dict[str, str]:
    """Return card id -> where the framework puts a worked case, or the list an activity. Two queries."""
    cards = list(workshop.cards.filter(organisation_id=workshop.organisation_id).values_list("pk", "case", "activity"))
    places = _places_of(workshop, [activity for _pk, _case, activity in cards if activity])
    found = {}
    for pk, case, activity in cards:
        answer = answer_of(case)
        found[str(pk)] = answer["place"] if answer else place_title(places.get(activity, ""))
    return found


def results_page(workshop: Workshop, *, beside: bool = False) -> Results:
    """Return the results: those kept when the room was closed, else what may be seen at this moment. Twelve queries.

    ``beside`` each card stands, once the room is over, where the framework or the organisation's list puts it. That is
    for the organisation's own pages: on a phone it would tell somebody who is still to review the activity blind.
    """
    beside = beside or workshop.mode == Workshop.Mode.CALIBRATE  # a worked case has no secret once it is over
    others = _beside(workshop) if beside and workshop.room.state == Room.State.CLOSED else {}
    kept = workshop.results or results_of(workshop, workshop.room.step)
    outcomes = {
        str(row.card_id): row
        for row in CardOutcome.objects.filter(
            organisation_id=workshop.organisation_id, card__organisation_id=workshop.organisation_id,
            card__workshop=workshop,
        ).select_related("activity", "response", "action")
    }  # fmt: skip
    rows = [
        ResultRow(
            each, _read(each["before"]), _read(each["after"]), outcomes.get(each["id"]), others.get(each["id"], "")
        )
        for each in kept["cards"]
    ]
    groups = [{"name": group_name(tuple(each["of"])), "people": each["people"]} for each in kept["groups"]]
    return Results(workshop, kept["people"], groups, rows)
