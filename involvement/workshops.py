"""Workshops, as their pages read them: what the room sees now, what the facilitator needs, what came out.

How people chose is counted here and divided by spread.py, so no page can show a group that is too small. Nothing of
how the room chose leaves this module before its step (facilitation.shows_spread).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Sum
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from framework.catalogue import NOT_INVOLVEMENT, catalogue
from framework.coverage import Gap, Status
from involvement import facilitation
from involvement.access import Viewer
from involvement.actions.hosting import standing
from involvement.models import Card, CardOutcome, Classification, PaperCount, Participant, Placing, Room, Vote, Workshop
from involvement.spread import CITIZENS, OTHERS, STAFF, Group, Spread, spread

SIDE_NAMES = {CITIZENS: gettext_lazy("citizens"), STAFF: gettext_lazy("staff"), OTHERS: gettext_lazy("others")}
WITH_BOARD = gettext_lazy("staff and board")  # the side of staff, where board members or governors are among them


def place_title(slug: str) -> str:
    """Return what a page calls a place that somebody chose, "not involvement" and "I cannot tell" among them."""
    if slug == NOT_INVOLVEMENT:
        return _("Not involvement")
    if slug == Placing.UNSURE:
        return _("I cannot tell")
    if slug == Card.OPEN:
        return _("Not agreed")
    known = catalogue().places.get(slug)
    return str(known.title) if known else ""


def choices() -> list[str]:
    """Return what a card can be put under, in the order of every list: the four places, then the two others."""
    return [*catalogue().places, NOT_INVOLVEMENT, Placing.UNSURE]


def group_name(of: tuple[str, ...]) -> str:
    """Return what to call people of these perspectives or sides, in small letters: "patients and carers"."""
    names = [str(name) for slug, name in {**PERSPECTIVES, **SIDE_NAMES}.items() if slug in of]
    return names[0] if len(names) == 1 else _("%(first)s and %(last)s") % {
        "first": ", ".join(names[:-1]), "last": names[-1],
    }  # fmt: skip


PERSPECTIVES = {
    "patient": gettext_lazy("patients"),
    "carer": gettext_lazy("carers"),
    "public": gettext_lazy("members of the public"),
    "staff": gettext_lazy("staff"),
    "board": gettext_lazy("board members or governors"),
    "other": gettext_lazy("others"),
}


# -- Lists ----------------------------------------------------------------------------------------------------------


def workshop_rows(viewer: Viewer):
    """Return the organisation's workshops with their rooms, newest first. One query."""
    return viewer.organisation.workshops.select_related("room", "facilitator")


def load_workshop(organisation, workshop: int) -> Workshop:
    """Return one workshop with its room. One query; raises Workshop.DoesNotExist."""
    return organisation.workshops.select_related("room", "facilitator").get(pk=workshop)


def load_card(organisation, workshop: int, card) -> Card:
    """Return one card of one workshop, both this organisation's."""
    return organisation.cards.select_related("workshop", "workshop__room", "activity").get(
        pk=card, workshop_id=workshop, workshop__organisation=organisation
    )


def cards_waiting(organisation) -> dict[int, int]:
    """Return workshop id -> how many cards of a workshop that is over wait for an editor's decision. One query."""
    rows = Card.objects.filter(
        organisation=organisation, approved=True, hidden=False, merged_into=None, outcome=None,
        workshop__room__state=Room.State.CLOSED,
    ).exclude(workshop__mode=Workshop.Mode.CALIBRATE)  # fmt: skip
    return dict(rows.values_list("workshop").annotate(n=Count("pk")).order_by())


GAPS_SHOWN = 5  # that a room is asked to find ideas for
STANDING = {
    Status.NONE_RECORDED: gettext_lazy("Nothing like it is on record here."),
    Status.MISSING: gettext_lazy("Nobody does it here."),
    Status.LAPSED: gettext_lazy("It no longer runs here."),
}


def missing_ways(gaps: Iterable[Gap]) -> list[tuple[str, str]]:
    """Return what a room looks for ideas for: way, and in words for everybody what it would be and how it stands."""
    found = []
    for gap in gaps:
        if gap.facet and gap.service is None:
            stands = STANDING.get(gap.status, _("Nobody has shown what came of it here."))
            if gap.placed and gap.status in STANDING:
                stands = _("What there is does not count yet.")
            found.append((gap.facet, f"{catalogue().facets[gap.facet].meaning} {stands}"))
    return found[:GAPS_SHOWN]


# -- What the room sees ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CardRow:
    """One card as everybody may see it now: ``spread`` and ``votes`` are None before their step."""

    card: Card
    spread: Spread | None
    votes: int | None

    @property
    def place(self) -> str:
        """Where the card stands: as agreed, else where most put it; "" where neither is known or they did not agree."""
        if self.card.agreed:
            return "" if self.card.agreed == Card.OPEN else self.card.agreed
        if self.spread is None or self.spread.whole is None or self.spread.whole.most is None:
            return ""
        return self.spread.whole.most[0]

    @property
    def agreed(self) -> str:
        """What the room agreed on, as pages call it."""
        return place_title(self.card.agreed)

    @property
    def answer(self) -> dict[str, str] | None:
        """What the framework says of a worked case, ``{"place", "why"}``; None for a card that is none."""
        return answer_of(self.card.case)

    @property
    def splits(self) -> bool:
        return self.spread is not None and self.spread.splits and not self.card.agreed

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The groups that may be shown, each with its name, how many they are, and (title, slug, n, share) a choice."""
        return [drawn_group(group) for group in self.spread.groups] if self.spread else []

    @property
    def whole(self) -> dict[str, Any] | None:
        return drawn_group(self.spread.whole) if self.spread and self.spread.whole else None

    @property
    def sides_here(self) -> str:
        """How many of each side put it where it stands: "9 of 10 citizens · 12 of 14 staff"."""
        if self.spread is None or not self.place:
            return ""
        words = _("%(n)d of %(m)d %(who)s")
        return " · ".join(
            words % {"n": group.chose.get(self.place, 0), "m": group.people, "who": side_name(self.spread, group)}
            for group in self.spread.sides
        )

    @property
    def sides(self) -> list[dict[str, Any]]:
        """The two sides, or all together, as groups are drawn: what the wall has room for."""
        if self.spread is None:
            return []
        return [{**drawn_group(group), "name": side_name(self.spread, group)} for group in self.spread.sides]


def side_name(one: Spread, group: Group) -> str:
    """Return what to call a side of those who chose; board members and governors among staff are named."""
    with_board = STAFF in group.of and one.whole is not None and "board" in one.whole.of
    return str(WITH_BOARD) if with_board and len(group.of) == 1 else group_name(group.of)


def answer_of(case: str) -> dict[str, str] | None:
    """Return where the framework puts the worked case with this slug, and why; None for no case."""
    known = next((each for each in catalogue().cases if each.slug == case), None) if case else None
    if known is None:
        return None
    return {"place": place_title(known.place), "why": " ".join(filter(None, [known.why, known.note]))}


def drawn_group(group: Group) -> dict[str, Any]:
    """Return a group as pages draw it: name, people, bars [{"title", "slug", "number", "share"}] in the usual order."""
    bars = [
        {"title": place_title(slug), "slug": slug, "number": number, "share": round(100 * number / group.people)}
        for slug in choices()
        if (number := group.chose.get(slug, 0))
    ]
    return {"name": group_name(group.of), "people": group.people, "bars": bars}


@dataclass(frozen=True)
class Board:
    """What everybody in the room sees at its present step."""

    workshop: Workshop
    room: Room
    cards: list[CardRow]
    people: int

    @cached_property
    def step(self) -> facilitation.Step | None:
        return facilitation.step_of(self.workshop.mode, self.room.step)

    @property
    def number(self) -> int:
        return [each.slug for each in self.steps].index(self.room.step) + 1 if self.room.step else 0

    @cached_property
    def steps(self) -> list[facilitation.Step]:
        return facilitation.steps_of(self.workshop.mode)

    @property
    def shows_spread(self) -> bool:
        """Whether the cards stand under their places now; while people vote they look at the votes."""
        return self.room.step != facilitation.VOTE and facilitation.shows_spread(self.workshop.mode, self.room.step)

    @property
    def shows_votes(self) -> bool:
        return facilitation.shows_votes(self.workshop.mode, self.room.step)

    @cached_property
    def ranked(self) -> list[CardRow]:
        """The cards by votes, most first, where these may be shown; else in their order."""
        return sorted(self.cards, key=lambda row: -(row.votes or 0)) if self.shows_votes else self.cards

    @cached_property
    def columns(self) -> list[dict[str, Any]]:
        """The four places with the cards that stand there, "not involvement", and the cards that stand nowhere.

        Those that split the room come first: the wall shows them on its first screen.
        """
        cards = sorted(self.cards, key=lambda row: not row.splits)
        known = {slug: str(place.title) for slug, place in catalogue().places.items()}
        none = [row for row in cards if row.place == NOT_INVOLVEMENT]
        columns = known | ({NOT_INVOLVEMENT: place_title(NOT_INVOLVEMENT)} if none else {})
        rest = [row for row in cards if row.place not in columns]
        return [
            *({"slug": slug, "title": title, "cards": [row for row in cards if row.place == slug]}
              for slug, title in columns.items()),
            {"slug": "", "title": _("No place yet"), "cards": rest},
        ]  # fmt: skip

    @cached_property
    def look(self) -> list[str]:
        """The sentences about where the room splits, most people first."""
        rows = sorted((row for row in self.cards if row.splits), key=lambda row: -row.spread.people)
        return [split_sentence(row) for row in rows]

    @property
    def more_splits(self) -> int:
        return max(len(self.look) - LOOKED_AT, 0)


LOOKED_AT = 2  # sentences about where the room splits that wall and phones have room for


def split_sentence(row: CardRow) -> str:
    """Say how the room splits on a card, by sides where these may be shown apart."""
    sides = {group.of[0]: group for group in row.spread.sides if len(group.of) == 1}
    staff, citizens = sides.get(STAFF), sides.get(CITIZENS)
    words = {"card": row.card.text}
    if staff and citizens and staff.most and staff.most != citizens.most:
        place, many = staff.most
        if citizens.most is None or citizens.most[0] != place:
            words |= {"place": place_title(place), "n": many, "m": staff.people}
            words |= {"k": citizens.chose.get(place, 0), "l": citizens.people}
            words["who"] = side_name(row.spread, staff).capitalize()
            said = _("%(who)s put “%(card)s” under %(place)s (%(n)d of %(m)d). Of citizens, %(k)d of %(l)d did.")
            return said % words
    counts = Counter(row.spread.whole.chose).most_common(3)
    words["counts"] = ", ".join(f"{place_title(place)} {number}" for place, number in counts)
    return _("The room splits on “%(card)s”: %(counts)s.") % words


def board_of(workshop: Workshop, room: Room) -> Board:
    """Return what everybody in the room may see now. At most six queries, however many cards and people there are."""
    shows = facilitation.shows_spread(workshop.mode, room.step) and workshop.mode != Workshop.Mode.IMAGINE
    before = room.step in (facilitation.REVEAL, facilitation.DISCUSS)
    spreads = spreads_of(workshop, "first" if before else "now") if shows else {}
    votes = votes_of(workshop) if facilitation.shows_votes(workshop.mode, room.step) else None
    rows = [
        CardRow(
            card, spreads.get(card.pk, Spread(0, None)) if shows else None,
            None if votes is None else votes.get(card.pk, 0),
        )
        for card in standing(workshop)
    ]  # fmt: skip
    return Board(workshop, room, rows, people_in(workshop))


def people_in(workshop: Workshop) -> int:
    """Return how many people are in the room, with a phone or without. Two queries."""
    phones = workshop.participants.filter(organisation_id=workshop.organisation_id, banned=False).count()
    paper = workshop.paper_tables.filter(organisation_id=workshop.organisation_id)
    return phones + (paper.aggregate(all=Sum("people"))["all"] or 0)


def spreads_of(workshop: Workshop, when: str) -> dict[Any, Spread]:
    """Return card id -> how the room chose; ``when`` is "first" (before it talked) or "now". Two queries."""
    counts: dict[Any, dict[str, Counter]] = defaultdict(lambda: defaultdict(Counter))
    organisation = workshop.organisation_id
    rows = Placing.objects.filter(
        organisation_id=organisation, card__organisation_id=organisation, card__workshop=workshop,
        participant__organisation_id=organisation, participant__banned=False,
    ).exclude(**{when: ""})  # fmt: skip
    grouped = rows.values_list("card", "participant__perspective", when).annotate(number=Count("pk")).order_by()
    for card, perspective, place, number in grouped:
        counts[card][perspective][place] += number
    paper = PaperCount.objects.filter(organisation_id=organisation, table__workshop=workshop, kind=when)
    for card, perspective, place, number in paper.values_list("card", "table__perspective", "place", "number"):
        counts[card][perspective][place] += number
    return {card: spread(chose) for card, chose in counts.items()}


def votes_of(workshop: Workshop) -> dict[Any, int]:
    """Return card id -> its votes, those of cards laid under it among them. Two queries."""
    organisation = workshop.organisation_id
    rows = Vote.objects.filter(
        organisation_id=organisation, card__organisation_id=organisation, card__workshop=workshop,
        participant__organisation_id=organisation, participant__banned=False,
    )  # fmt: skip
    found: Counter = Counter()
    for card, under, number in rows.values_list("card", "card__merged_into").annotate(n=Sum("number")).order_by():
        found[under or card] += number
    votes = PaperCount.Kind.VOTES
    paper = PaperCount.objects.filter(organisation_id=organisation, table__workshop=workshop, kind=votes)
    for card, under, number in paper.values_list("card", "card__merged_into", "number"):
        found[under or card] += number
    return found


# -- What the facilitator needs -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Desk:
    """The facilitator's own view of the room: how far people are, never what anybody chose."""

    board: Board
    cards: list[Card]
    done: int
    asked: int

    @property
    def listed(self) -> list[dict[str, Any]]:
        """Every card with its votes and what it is for, those with most votes first once these may be shown."""
        votes = {row.card.pk: row.votes for row in self.board.cards}
        gaps = dict(self.board.workshop.gaps)
        rows = [{"card": card, "votes": votes.get(card.pk), "gap": gaps.get(card.cell, "")} for card in self.cards]
        return sorted(rows, key=lambda row: -(row["votes"] or 0)) if self.board.shows_votes else rows

    @property
    def away(self) -> int:
        """How many cards are not before the room: hidden, laid under another, or not looked at yet."""
        return len(self.cards) - len(self.board.cards)

    @property
    def waiting(self) -> list[Card]:
        return [card for card in self.cards if not card.approved and not card.hidden]

    @property
    def until(self) -> datetime | None:
        """When the present step is over, as it was planned."""
        planned = self.board.workshop.minutes.get(self.board.room.step)
        began = self.board.room.step_began_at
        return began + timedelta(minutes=planned) if planned and began else None

    @property
    def next(self) -> facilitation.Step | None:
        steps, at = self.board.steps, self.board.number
        return steps[at] if 0 < at < len(steps) else None

    @property
    def previous(self) -> facilitation.Step | None:
        return self.board.steps[self.board.number - 2] if self.board.number > 1 else None

    @property
    def progress(self) -> str:
        """How much of what is asked at this step has been given: counts only."""
        step = self.board.room.step
        words = {"done": self.done, "asked": self.asked}
        if step == facilitation.GATHER:
            number = len(self.board.cards)
            return ngettext("%(n)d card so far.", "%(n)d cards so far.", number) % {"n": number}
        if step in (facilitation.PLACE, facilitation.DISCUSS):
            return _("%(done)d of %(asked)d choices made on phones.") % words
        if step == facilitation.VOTE:
            return _("%(done)d of %(asked)d votes given on phones.") % words
        return ""


def desk_of(workshop: Workshop, room: Room) -> Desk:
    """Return what the facilitator needs now. At most eleven queries."""
    organisation = workshop.organisation_id
    board = board_of(workshop, room)
    active = workshop.participants.filter(organisation_id=organisation, banned=False).count()
    done = asked = 0
    if room.step in (facilitation.PLACE, facilitation.DISCUSS):
        placed = Placing.objects.filter(
            organisation_id=organisation, card__in=[row.card.pk for row in board.cards], participant__banned=False
        )
        done, asked = placed.count(), active * len(board.cards)
    elif room.step == facilitation.VOTE:
        given = Vote.objects.filter(organisation_id=organisation, card__workshop=workshop, participant__banned=False)
        done, asked = given.aggregate(all=Sum("number"))["all"] or 0, active * workshop.votes_each
    cards = list(workshop.cards.filter(organisation_id=organisation).select_related("merged_into"))
    return Desk(board, cards, done, asked)


# -- What one person has said ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mine:
    """What one participant has said so far, for their own phone only."""

    cards: list[Card]
    placed: dict[Any, str]
    voted: dict[Any, int]
    votes_left: int

    @property
    def gone(self) -> list[Card]:
        """The own cards that the facilitator took off the wall or laid under another."""
        return [card for card in self.cards if card.hidden or card.merged_into_id]


def mine_of(workshop: Workshop, participant: Participant) -> Mine:
    """Return what ``participant`` has said. Three queries."""
    own = {"organisation_id": workshop.organisation_id, "participant": participant}
    voted = dict(Vote.objects.filter(**own).values_list("card", "number"))
    return Mine(
        cards=list(
            workshop.cards.filter(organisation_id=workshop.organisation_id, author=participant)
            .select_related("merged_into")
        ),
        placed=dict(Placing.objects.filter(**own).values_list("card", "now")),
        voted=voted,
        votes_left=workshop.votes_each - sum(voted.values()),
    )


# -- What came out --------------------------------------------------------------------------------------------------


def results_of(workshop: Workshop, step: str = facilitation.CLOSE) -> dict[str, Any]:
    """Return what came out as plain data, with no group of under five people apart. It is kept when a room closes.

    At an earlier ``step`` it holds only what the room may see there; nobody else sees more, the facilitator neither.

    {"people", "groups": [{"of", "people"}], "cards": [{"id", "number", "text", "on_paper", "before", "after", "votes",
    "agreed", "note", "first_step", "cell", "stood": where the list put an activity}]}; "before" and "after" are
    {"people", "whole", "groups", "sides"} or null,
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
                "stood": stood.get(card.activity_id, ""),
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
        if self.kept.get("stood"):
            same = self.kept["stood"] == self.kept["agreed"]
            return _("the list said so already") if same else _("its place on the list is now what the room agreed on")
        if self.kept["agreed"] == NOT_INVOLVEMENT:
            return _("it is on the organisation’s list, as something that is not involvement")
        return _("it is on the organisation’s list")

    @property
    def stands(self) -> str:
        """Of a worked case where the framework puts it; of an activity where the list does, and did when it ended."""
        before = place_title(self.kept.get("stood", ""))
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
