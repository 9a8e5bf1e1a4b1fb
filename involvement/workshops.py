"""Workshops, as their pages read them: what the room sees now, and what the facilitator needs.

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
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from framework.catalogue import NOT_INVOLVEMENT, catalogue
from framework.coverage import Gap, Status
from involvement import facilitation
from involvement.access import Viewer
from involvement.actions.hosting import standing
from involvement.models import Card, PaperCount, Participant, Placing, Room, Vote, Workshop
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
