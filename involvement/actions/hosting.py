"""What a facilitator does: plan a workshop, open its door, move the room on, look after its cards, end it.

Nothing here touches the register, so nothing raises the organisation's version while a room is open: a room full of
phones leaves the maps that are kept as they are. Each change of a room raises what the phones ask for
(models.workshops.Room) in its own transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from framework.catalogue import NOT_INVOLVEMENT, catalogue
from involvement import facilitation
from involvement.access import LIVE_FOR, ROLES, Permission, Role
from involvement.actions.base import Refused, once, raise_version, require, take
from involvement.models import (
    Activity,
    Card,
    Organisation,
    PaperCount,
    PaperTable,
    Participant,
    Placing,
    Room,
    User,
    Workshop,
)

MOST_CARDS = 200
MOST_PEOPLE = 500  # on paper, of one perspective
LONGEST = {name: Workshop._meta.get_field(name).max_length for name in ("title", "purpose", "promise")}


def may_run(organisation: Organisation) -> list[User]:
    """Return who may run workshops here, by name: to these a workshop can be handed over. One query."""
    roles = [role for role in Role if Permission.WORKSHOP_RUN in ROLES[role]]
    found = organisation.memberships.filter(role__in=roles, until=None, user__is_active=True).select_related("user")
    people = {row.user_id: row.user for row in found}
    return sorted(people.values(), key=lambda person: (person.get_full_name(), person.pk))


def plan_workshop(
    *,
    organisation: Organisation,
    by: User,
    title: str,
    mode: str,
    purpose: str,
    held_on: date,
    promise: str = "",
    length: int = 90,
    votes_each: int = 5,
    approve_first: bool = False,
    cases: Iterable[str] = (),
    key: UUID | None = None,
) -> Workshop:
    """Plan a workshop; its door stays shut. ``cases`` are the worked cases that "calibrate" starts with (slugs).

    Raises PermissionDenied (facilitators and leads), or Refused with a sentence per field.
    """
    require(organisation, by, Permission.WORKSHOP_RUN)
    facts = _checked(title, mode, purpose, promise, held_on, length, votes_each)

    def write() -> dict:
        with transaction.atomic():
            _refuse_closed(organisation)
            workshop = Workshop(
                organisation=organisation, recorded_by=by, facilitator=by, approve_first=approve_first,
                minutes=facilitation.minutes_of(mode, length), **facts,
            )  # fmt: skip
            workshop._history_user = by
            workshop.save()
            Room.objects.create(organisation=organisation, recorded_by=by, workshop=workshop)
            if mode == Workshop.Mode.CALIBRATE:
                _lay(workshop, by, [{"text": _short(str(known.title)), "case": known.slug} for known in chosen])
        return {"workshop": workshop.pk}

    by_slug = {case.slug: case for case in catalogue().cases}
    chosen = [by_slug[slug] for slug in cases if slug in by_slug]
    return organisation.workshops.get(pk=once(organisation=organisation, by=by, key=key, write=write)["workshop"])


def change_workshop(*, workshop: Workshop, by: User, version: int, **facts: Any) -> Workshop:
    """Change the plan: what plan_workshop takes, but for the mode and the cases. ``minutes`` is step -> minutes.

    The promise stays as it was read once the door has been opened. Raises as plan_workshop does, Conflict on an old
    ``version``.
    """
    require(workshop.organisation, by, Permission.WORKSHOP_RUN)
    minutes = facts.pop("minutes", None)
    approve_first = facts.pop("approve_first", workshop.approve_first)
    checked = _checked(mode=workshop.mode, **facts)
    with transaction.atomic():
        _refuse_closed(workshop.organisation)
        current = take(workshop, version)
        if current.room.state != Room.State.PLANNED and checked["promise"] != current.promise:
            raise Refused({"promise": _("People have read this promise already, so it stays as it is")})
        known = facilitation.minutes_of(current.mode, checked["length"])
        if minutes is None:
            minutes = known if checked["length"] != current.length else current.minutes
        if any(not 1 <= many <= 240 for many in minutes.values()) or set(minutes) != set(known):
            raise Refused({"minutes": _("Give each step from 1 to 240 minutes")})
        for name, value in {**checked, "minutes": minutes, "approve_first": approve_first}.items():
            setattr(current, name, value)
        current._history_user = by
        current.save()
        _changed(current, stage=True)
    return current


def _checked(title, mode, purpose, promise, held_on, length, votes_each) -> dict[str, Any]:
    facts = {"title": " ".join(title.split()), "purpose": purpose.strip(), "promise": promise.strip()}
    wrong = {
        name: _("Use %(number)s characters or fewer") % {"number": LONGEST[name]}
        for name, words in facts.items()
        if len(words) > LONGEST[name]
    }
    if not facts["title"]:
        wrong["title"] = _("Write a title")
    if not facts["purpose"]:
        wrong["purpose"] = _("Say what it is for. Everybody who joins reads it")
    if mode not in Workshop.Mode.values:
        wrong["mode"] = _("Choose what you want to do")
    if held_on is None:
        wrong["held_on"] = _("Enter the day")
    if length not in facilitation.LENGTHS:
        wrong["length"] = _("Choose how long it takes")
    if not votes_each or not 1 <= votes_each <= 20:
        wrong["votes_each"] = _("Enter a number from 1 to 20")
    if wrong:
        raise Refused(wrong)
    return {**facts, "mode": mode, "held_on": held_on, "length": length, "votes_each": votes_each}


def hand_over(*, workshop: Workshop, by: User, to: User) -> Workshop:
    """Let another facilitator have the workshop. Whoever may run workshops can go on with it either way."""
    require(workshop.organisation, by, Permission.WORKSHOP_RUN)
    if to not in may_run(workshop.organisation):
        raise Refused({"to": _("Choose somebody who may run workshops here")})
    with transaction.atomic():
        current = take(workshop, workshop.version)
        current.facilitator = to
        current._history_user = by
        current.save()
    return current


# -- The door and the steps ---------------------------------------------------------------------------------------


def open_door(*, workshop: Workshop, by: User, gaps: Iterable[tuple[str, str]] = ()) -> Room:
    """Let people in: from now on the code works, and they are welcomed. Doing it twice changes nothing.

    ``gaps`` (way, sentence) is what the room looks for ideas for, kept as it is now. Refused without a promise, and
    without cards where the mode begins by placing.
    """
    with _hosting(workshop, by) as room:
        if room.state == Room.State.OPEN:
            return room
        if not workshop.promise:
            raise Refused(_("Write down first what will be done with what comes out. People read it before they join"))
        if facilitation.first_work(workshop.mode).slug == facilitation.PLACE and not standing(workshop).exists():
            raise Refused(_("Choose first what people will place"))
        now = timezone.now()
        if room.state == Room.State.CLOSED:  # opened again: where it was, and nothing is lost
            room.closed_at = None
            raise_version(workshop.organisation)
        else:
            room.opened_at, room.step = now, facilitation.WELCOME
            Workshop.objects.filter(pk=workshop.pk).update(gaps=[list(gap) for gap in gaps])
        room.state, room.step_began_at = Room.State.OPEN, now
        Workshop.objects.filter(pk=workshop.pk).update(results=None)
        _moved(room)
    return room


def move(*, workshop: Workshop, by: User, step: str) -> Room:
    """Bring everybody to ``step``, on or back. Refused for one that this mode has not, and while the door is shut."""
    with _hosting(workshop, by) as room:
        if room.state != Room.State.OPEN:
            raise Refused(_("The door is shut. Open it first"))
        if facilitation.step_of(workshop.mode, step) is None:
            raise Refused(_("There is no such step in this workshop"))
        if room.step != step:
            room.step, room.step_began_at = step, timezone.now()
            _moved(room)
    return room


def close_room(*, workshop: Workshop, by: User, results: dict) -> Room:
    """End the workshop: nothing more can be said, and ``results`` (workshops.results_of) are kept."""
    with _hosting(workshop, by) as room:
        if room.state == Room.State.PLANNED:
            raise Refused(_("It has not begun"))
        if room.state == Room.State.OPEN:
            room.state, room.step, room.closed_at = Room.State.CLOSED, facilitation.CLOSE, timezone.now()
            Workshop.objects.filter(pk=workshop.pk).update(results=results)
            _moved(room)
    return room


def keep_results(*, workshop: Workshop, by: User, results: dict) -> None:
    """Keep ``results`` (workshops.results_of) anew, since something was counted after the end.

    Before it nothing is kept; nor once each phone's choices may have been deleted (KEEP_WORKSHOPS_DAYS), for then less
    would come out than did.
    """
    with _hosting(workshop, by) as room:
        lately = timezone.now() - timedelta(days=settings.KEEP_DAYS["workshops"])
        if room.state == Room.State.CLOSED and room.closed_at > lately:
            known = {each["id"]: each for each in (workshop.results or {}).get("cards", [])}
            for each in results["cards"]:  # where the list put it when the room ended, whatever was taken since
                each["stood"] = known.get(each["id"], each).get("stood")
            Workshop.objects.filter(pk=workshop.pk).update(results=results)
            _changed(workshop, stage=False)


def left_open(now: datetime) -> list[Workshop]:
    """Return the workshops whose door nobody shut, and that lets nobody in any more since a day is over."""
    rooms = {"room__state": Room.State.OPEN, "room__opened_at__lt": now - LIVE_FOR}
    return list(Workshop.objects.filter(**rooms).select_related("room"))


def shut(*, workshop: Workshop, results: dict, now: datetime) -> None:
    """Close a room that was left open, so that what came out is kept when its people's own rows age out."""
    with transaction.atomic():
        room = Room.objects.select_for_update().get(workshop=workshop, organisation_id=workshop.organisation_id)
        if room.state == Room.State.OPEN and room.opened_at < now - LIVE_FOR:
            room.state, room.step, room.closed_at = Room.State.CLOSED, facilitation.CLOSE, now
            Workshop.objects.filter(pk=workshop.pk).update(results=results)
            _moved(room)
            raise_version(workshop.organisation)


@contextmanager
def _hosting(workshop: Workshop, by: User):
    """Open a transaction of the facilitator's with the room's row locked: phones' writes wait until it is over.

    Where the room is over the organisation's version rises at the end. So the order of locks is room, organisation:
    what holds the organisation's (base.once, base.writing) never asks for a room's.
    """
    require(workshop.organisation, by, Permission.WORKSHOP_RUN)
    with transaction.atomic():
        _refuse_closed(workshop.organisation)
        room = Room.objects.select_for_update().get(workshop=workshop, organisation=workshop.organisation)
        yield room
        if room.state == Room.State.CLOSED:
            raise_version(workshop.organisation)  # what is over shows on the organisation's own pages


def _refuse_closed(organisation: Organisation) -> None:
    if not Organisation.objects.get(pk=organisation.pk).is_open:
        raise Refused(_("%(name)s is closed to changes") % {"name": organisation.name})


def _moved(room: Room) -> None:
    room.stage += 1
    room.version += 1
    room.tally += 1
    room.save()


def _changed(workshop: Workshop, *, stage: bool) -> None:
    rows = Room.objects.filter(workshop=workshop, organisation=workshop.organisation)
    rows.update(version=F("version") + 1, tally=F("tally") + 1, stage=F("stage") + int(stage))


# -- Cards --------------------------------------------------------------------------------------------------------


def standing(workshop: Workshop):
    """Return the cards that the room sees: approved, not hidden, not merged into another."""
    return workshop.cards.filter(
        organisation_id=workshop.organisation_id, approved=True, hidden=False, merged_into=None
    )


def choose_activities(*, workshop: Workshop, by: User, activities: Iterable[Activity]) -> list[Card]:
    """Lay activities of the register before the room; those that lie there already are left as they are."""
    with _hosting(workshop, by):
        there = set(workshop.cards.exclude(activity=None).values_list("activity", flat=True))
        new = [
            {"text": _short(activity.title), "detail": _short(activity.description, 600), "activity": activity}
            for activity in activities
            if activity.pk not in there and activity.organisation_id == workshop.organisation_id
        ]
        cards = _lay(workshop, by, new)
        _changed(workshop, stage=True)
    return cards


def take_away(*, workshop: Workshop, by: User, card: Card) -> None:
    """Take a card away that was laid before the start, from the register or the cases. Refused once people are in."""
    with _hosting(workshop, by) as room:
        if room.state != Room.State.PLANNED:
            raise Refused(_("The workshop has begun. Hide the card instead"))
        workshop.cards.filter(pk=card.pk).delete()


def add_lines(*, workshop: Workshop, by: User, lines: str, cell: str = "") -> list[Card]:
    """Lay cards typed in from paper, one a line, marked as such. Refused where there are none or too many."""
    written = lines.replace("\r\n", "\n").replace("\r", "\n").split("\n")  # other breaks are somebody's text
    texts = [" ".join(line.split()) for line in written if line.strip()]
    wrong = {}
    if not texts:
        wrong["lines"] = _("Write one card on each line")
    elif any(len(text) > Card._meta.get_field("text").max_length for text in texts):
        wrong["lines"] = _("Use 160 characters or fewer on each line")
    if cell and cell not in catalogue().facets:
        wrong["cell"] = _("Choose from the list")
    if wrong:
        raise Refused(wrong)
    with _hosting(workshop, by):
        cards = _lay(workshop, by, [{"text": text, "cell": cell, "on_paper": True} for text in texts])
        _changed(workshop, stage=True)
    return cards


def _lay(workshop: Workshop, by: User | None, many: list[dict]) -> list[Card]:
    known = workshop.cards.aggregate(last=Max("number"))["last"] or 0
    if known + len(many) > MOST_CARDS:
        raise Refused(_("A room can look at %(most)d cards at most") % {"most": MOST_CARDS})
    return Card.objects.bulk_create(
        Card(organisation_id=workshop.organisation_id, recorded_by=by, workshop=workshop, number=number, **each)
        for number, each in enumerate(many, known + 1)
    )


def _short(words: str, most: int = 160) -> str:
    words = " ".join(words.split())
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def change_card(*, card: Card, by: User, text: str) -> Card:
    """Put a card's words right. What it means is the room's to say."""
    text = " ".join(text.split())
    if not text or len(text) > Card._meta.get_field("text").max_length:
        raise Refused({"text": _("Write from 1 to 160 characters")})
    return _set(card, by, text=text)


def approve(*, card: Card, by: User) -> Card:
    """Let the room see a card that was waiting for a look."""
    return _set(card, by, approved=True)


def hide(*, card: Card, by: User, hidden: bool = True) -> Card:
    """Take a card out of sight, or bring it back. Nothing that was said of it is lost."""
    return _set(card, by, hidden=hidden)


def _set(card: Card, by: User, **values) -> Card:
    with _hosting(card.workshop, by):
        current = Card.objects.select_for_update().get(pk=card.pk, organisation_id=card.organisation_id)
        for name, value in values.items():
            setattr(current, name, value)
        current.save(update_fields=list(values))
        _changed(card.workshop, stage=True)
    return current


def merge_cards(*, card: Card, by: User, into: Card) -> Card:
    """Lay ``card`` under ``into``, since both say the same. Who placed only the one that goes counts for the other.

    Raises Refused for a card of another workshop, for the same card, and for one that lies under another itself.
    """
    if into.workshop_id != card.workshop_id or into.pk == card.pk or into.merged_into_id is not None:
        raise Refused({"into": _("Choose another card of this workshop")})
    with _hosting(card.workshop, by):
        current = Card.objects.select_for_update().get(pk=card.pk, organisation_id=card.organisation_id)
        current.merged_into = into
        current.save(update_fields=["merged_into"])
        Card.objects.filter(merged_into=current, organisation_id=card.organisation_id).update(merged_into=into)
        have = set(Placing.objects.filter(card=into).values_list("participant", flat=True))
        Placing.objects.bulk_create(
            Placing(organisation_id=row.organisation_id, card=into, participant_id=row.participant_id, first=row.first,
                    now=row.now, recorded_at=row.recorded_at)
            for row in Placing.objects.filter(card=current).exclude(participant__in=have)
        )  # fmt: skip
        counted = PaperCount.objects.filter(organisation_id=card.organisation_id).exclude(kind=PaperCount.Kind.VOTES)
        tables = counted.filter(card=into).values_list("table", flat=True)
        counted.filter(card=current).exclude(table__in=list(tables)).update(card=into)
        _changed(card.workshop, stage=True)
    return current


def agree(*, card: Card, by: User, agreed: str, note: str = "", first_step: str = "") -> Card:
    """Write down what the room agreed on of a card: a place, NOT_INVOLVEMENT, Card.OPEN (it did not), "" (not yet).

    ``first_step`` is what is done first about an idea. Raises PermissionDenied, or Refused with a sentence per field.
    """
    wrong = {}
    if agreed not in {*catalogue().places, NOT_INVOLVEMENT, Card.OPEN, ""}:
        wrong["agreed"] = _("Choose from the list")
    for name, words in (("note", note), ("first_step", first_step)):
        if len(words.strip()) > Card._meta.get_field("first_step").max_length:
            wrong[name] = _("Use 300 characters or fewer")
    if wrong:
        raise Refused(wrong)
    return _set(card, by, agreed=agreed, agreed_note=note.strip(), first_step=first_step.strip())


# -- People -------------------------------------------------------------------------------------------------------


def ban(*, participant: Participant, by: User, banned: bool = True) -> Participant:
    """Shut one phone out, or let it in again. Meanwhile nothing that it chose counts. Its cards stay."""
    with _hosting(participant.workshop, by):
        current = Participant.objects.select_for_update().get(
            pk=participant.pk, organisation_id=participant.organisation_id
        )
        current.banned = banned
        current.save(update_fields=["banned"])
        _changed(participant.workshop, stage=True)
    return current


def ban_author(*, card: Card, by: User) -> None:
    """Take a card off the wall and shut out the phone that wrote it, without a word of whose it is.

    Raises Refused for a card that nobody in the room wrote.
    """
    if card.author is None:
        raise Refused(_("No phone in the room wrote this card"))
    hide(card=card, by=by)
    ban(participant=card.author, by=by)


def seat_table(
    *, workshop: Workshop, by: User, perspective: str, people: int, key: UUID | None = None
) -> PaperTable:
    """Seat a table of people without phones, all of one ``perspective``; sent again with ``key`` it is the same.

    Raises Refused with a sentence per field.
    """
    _checked_table(perspective, people)
    with _hosting(workshop, by):
        known = workshop.paper_tables.filter(key=key).first() if key else None
        if known is not None:
            return known
        last = workshop.paper_tables.aggregate(last=Max("number"))["last"] or 0
        table = PaperTable.objects.create(
            organisation=workshop.organisation, workshop=workshop, number=last + 1, perspective=perspective,
            people=people, key=key, recorded_by=by,
        )  # fmt: skip
        _changed(workshop, stage=False)
    return table


def change_table(*, table: PaperTable, by: User, perspective: str, people: int) -> PaperTable:
    """Put right who sits at a table. Refused where more of them have been counted for a card than there would be."""
    _checked_table(perspective, people)
    with _hosting(table.workshop, by):
        current = PaperTable.objects.select_for_update().get(pk=table.pk, organisation_id=table.organisation_id)
        of_cards = PaperCount.objects.filter(table=current).exclude(kind=PaperCount.Kind.VOTES)
        most = max(of_cards.values("card", "kind").annotate(n=Sum("number")).values_list("n", flat=True), default=0)
        if most > people:
            words = _("You counted the choices of %(n)d people at this table. Put these right first")
            raise Refused({"people": words % {"n": most}})
        current.perspective, current.people = perspective, people
        current.save(update_fields=["perspective", "people"])
        _changed(table.workshop, stage=False)
    return current


def clear_table(*, table: PaperTable, by: User) -> None:
    """Take a table away with all that was counted there."""
    with _hosting(table.workshop, by):
        PaperTable.objects.filter(pk=table.pk, organisation_id=table.organisation_id).delete()
        _changed(table.workshop, stage=False)


def _checked_table(perspective: str, people: int) -> None:
    if perspective not in Participant.Perspective.values:
        raise Refused({"perspective": _("Choose from the list")})
    if not 1 <= people <= MOST_PEOPLE:
        raise Refused({"people": _("Enter a number from 1 to %(most)d") % {"most": MOST_PEOPLE}})


def count_table(
    *, table: PaperTable, by: User, chose: Mapping[Card, Mapping[str, int]], votes: Mapping[Card, int] | None = None
) -> None:
    """Write down what people at a table without phones said; what is given for a card replaces what was there.

    ``chose`` is card -> place (or Placing.UNSURE) -> how many of them put it there: their first choice until the room
    sees how it chose, afterwards their choice now. ``votes`` is card -> how many votes. All is kept, or nothing. Raises
    Refused with a sentence for each card where more are counted than there are people, for more votes than they
    have, and before the room has come to that step.
    """
    votes, workshop = votes or {}, table.workshop
    with _hosting(workshop, by) as room:
        there = PaperTable.objects.select_for_update().get(pk=table.pk, organisation_id=table.organisation_id).people
        _refuse_early(workshop, room, chose, votes)
        wrong, known = {}, {*catalogue().places, NOT_INVOLVEMENT, Placing.UNSURE}
        for card, numbers in chose.items():
            words = {"n": card.number, "many": sum(numbers.values()), "there": there}
            if set(numbers) - known or min(numbers.values(), default=0) < 0:
                wrong[f"card-{card.number}"] = _("Card %(n)d: choose from the list") % words
            elif words["many"] > there:
                text = _("Card %(n)d: you counted %(many)d choices of %(there)d people")
                wrong[f"card-{card.number}"] = text % words
        counted = PaperCount.objects.filter(table=table, kind=PaperCount.Kind.VOTES)
        others = counted.exclude(card__in=list(votes)).aggregate(all=Sum("number"))["all"] or 0
        given, most = others + sum(votes.values()), there * workshop.votes_each
        if min(votes.values(), default=0) < 0 or (votes and given > most):
            words = _("You counted %(given)d votes. %(there)d people have %(most)d votes between them")
            wrong["votes"] = words % {"given": given, "there": there, "most": most}
        if wrong:
            raise Refused(wrong)
        before = not facilitation.shows_spread(workshop.mode, room.step)
        kinds = [PaperCount.Kind.NOW, PaperCount.Kind.FIRST] if before else [PaperCount.Kind.NOW]
        rows = PaperCount.objects.filter(table=table)
        rows.filter(card__in=list(chose), kind__in=kinds).delete()
        rows.filter(card__in=list(votes), kind=PaperCount.Kind.VOTES).delete()
        said = [(card, kind, place, number) for card, numbers in chose.items() for kind in kinds
                for place, number in numbers.items()]  # fmt: skip
        said += [(card, PaperCount.Kind.VOTES, "", number) for card, number in votes.items()]
        PaperCount.objects.bulk_create(
            PaperCount(organisation=workshop.organisation, recorded_by=by, table=table, card=card, kind=kind,
                       place=place, number=number)
            for card, kind, place, number in said
            if number
        )  # fmt: skip
        _changed(workshop, stage=False)


def _refuse_early(workshop: Workshop, room: Room, chose: Mapping, votes: Mapping) -> None:
    """Nobody has chosen or voted, on paper neither, before the room was asked to."""
    for said, step in ((chose, facilitation.PLACE), (votes, facilitation.VOTE)):
        if any(said.values()) and not facilitation.has_reached(workshop.mode, room.step, step):
            title = facilitation.STEPS[step].title
            raise Refused(_("The room has not come to the step “%(title)s” yet") % {"title": title})
