"""What somebody in the room does with a phone: come in, write a card, place cards, vote. No account, no name.

Each deed can be sent again without harm: a card has the key of its form, a place and a number of votes are set and not
added to. Each is stored before it is answered, and counts only if the room is still at the step that it was meant for.
"""

from __future__ import annotations

from contextlib import contextmanager
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max, Sum
from django.utils.translation import gettext as _

from framework.catalogue import NOT_INVOLVEMENT, catalogue
from involvement import facilitation
from involvement.actions.base import Refused
from involvement.actions.hosting import MOST_CARDS
from involvement.models import Card, Participant, Placing, Room, Vote, Workshop

MOST_OF_ONE = 30  # cards that one person may write
MOST_IN_ROOM = 2_000  # participants


class MovedOn(Refused):
    """The room is no longer at the step that this was meant for; nothing was counted. ``lost`` says what."""

    def __init__(self, lost: str = ""):
        super().__init__(lost or _("The room has moved on, so this was not counted"))


def lost_card(text: str) -> str:
    """Say that a card came too late."""
    words = _("The room had moved on, so your card was not put on the wall: “%(text)s”. The facilitator can type it in")
    return words % {"text": text}


def lost_choice(card: Card) -> str:
    """Say that a choice came too late."""
    return _("The room had moved on, so your choice for card %(n)d was not counted") % {"n": card.number}


def lost_vote(card: Card) -> str:
    """Say that a vote came too late."""
    return _("The room had moved on, so your vote for card %(n)d was not counted") % {"n": card.number}


def join(
    *, room: Room, perspective: str, nickname: str = "", participant: UUID | None = None
) -> Participant:
    """Let somebody in, or put right who somebody is who is in already (``participant``, from their cookie).

    Raises Refused with a sentence per field, and when the door is shut.
    """
    nickname = " ".join(nickname.split())
    wrong = {}
    if perspective not in Participant.Perspective.values:
        wrong["perspective"] = _("Choose the one that fits you best")
    if len(nickname) > Participant._meta.get_field("nickname").max_length:
        wrong["nickname"] = _("Use 30 characters or fewer")
    if wrong:
        raise Refused(wrong)
    with _at(room):
        people = Participant.objects.filter(organisation_id=room.organisation_id, workshop_id=room.workshop_id)
        known = people.filter(pk=participant).first() if participant else None
        if known is None:
            if people.count() >= MOST_IN_ROOM:
                raise Refused(_("This room is full"))
            return Participant.objects.create(
                organisation_id=room.organisation_id, workshop_id=room.workshop_id, nickname=nickname,
                perspective=perspective,
            )  # fmt: skip
        known.nickname, known.perspective = nickname, perspective
        known.save(update_fields=["nickname", "perspective"])
        return known


def write_card(
    *, room: Room, participant: Participant, text: str, cell: str = "", key: UUID | None = None
) -> Card:
    """Lay a card before the room, or let it wait for a look where the facilitator wants one first.

    Sent again with the same ``key`` it is the same card. ``cell`` is the gap that an idea is for. Raises MovedOn, or
    Refused with a sentence per field.
    """
    text = " ".join(text.split())
    if not text:
        raise Refused({"text": _("Write something on the card")})
    if len(text) > Card._meta.get_field("text").max_length:
        raise Refused({"text": _("Use 160 characters or fewer")})
    if cell and cell not in catalogue().facets:
        raise Refused({"cell": _("Choose from the list")})
    with transaction.atomic():
        # the number of a card is the next one, so cards are written one after another
        current = Room.objects.select_for_update().get(pk=room.pk, organisation_id=room.organisation_id)
        cards = Card.objects.filter(organisation_id=room.organisation_id, workshop_id=room.workshop_id)
        known = cards.filter(key=key).first() if key else None
        if known is not None:
            if known.author_id != participant.pk:
                raise Refused(_("This form was used already. Open the page again"))
            return known
        if current.state != Room.State.OPEN or current.step != facilitation.GATHER:
            raise MovedOn(lost_card(text))
        if cards.filter(author=participant).count() >= MOST_OF_ONE:
            raise Refused(_("You have written %(most)d cards. Leave some room for others") % {"most": MOST_OF_ONE})
        last = cards.aggregate(last=Max("number"))["last"] or 0
        if last >= MOST_CARDS:
            raise Refused(_("A room can look at %(most)d cards at most") % {"most": MOST_CARDS})
        approve_first = Workshop.objects.values_list("approve_first", flat=True).get(pk=room.workshop_id)
        card = Card.objects.create(
            organisation_id=room.organisation_id, workshop_id=room.workshop_id, author=participant, key=key,
            number=last + 1, text=text, cell=cell, approved=not approve_first,
        )  # fmt: skip
        seen = {} if approve_first else {"version": F("version") + 1}
        Room.objects.filter(pk=room.pk).update(tally=F("tally") + 1, **seen)
    return card


def take_back(*, room: Room, participant: Participant, card: Card) -> Card:
    """Take one's own card off the wall, while the room still writes; return it, so that its words can be put right.

    Raises MovedOn once the room looks at the cards, Refused for the card of somebody else.
    """
    with transaction.atomic():
        current = Room.objects.select_for_update().get(pk=room.pk, organisation_id=room.organisation_id)
        cards = Card.objects.filter(organisation_id=room.organisation_id, workshop_id=room.workshop_id)
        known = cards.filter(pk=card.pk, author=participant).first()
        if known is None:
            raise Refused(_("This is not a card of yours"))
        if current.state != Room.State.OPEN or current.step != facilitation.GATHER:
            raise MovedOn(_("The room had moved on, so your card stays on the wall"))
        cards.filter(pk=known.pk).delete()
        Room.objects.filter(pk=room.pk).update(tally=F("tally") + 1, version=F("version") + 1)
    return known


PLACES_OFFERED = (NOT_INVOLVEMENT, Placing.UNSURE)


def place(*, room: Room, participant: Participant, card: Card, place: str) -> None:
    """Put a card somewhere: while the room places, it is their first choice; while it talks, their choice now.

    Raises MovedOn, or Refused where there is no such place.
    """
    if place not in {*catalogue().places, *PLACES_OFFERED}:
        raise Refused({"place": _("Choose from the list")})
    step = room.step
    if step not in (facilitation.PLACE, facilitation.DISCUSS):
        raise MovedOn(lost_choice(card))
    first = place if step == facilitation.PLACE else ""
    changed = ["first", "now"] if step == facilitation.PLACE else ["now"]
    with _at(room, step, lost=lost_choice(card)):
        Placing.objects.bulk_create(
            [Placing(organisation_id=room.organisation_id, card=card, participant=participant, first=first, now=place)],
            update_conflicts=True, unique_fields=["card", "participant"], update_fields=changed,
        )  # fmt: skip


def vote(*, room: Room, participant: Participant, card: Card, number: int) -> int:
    """Give ``number`` of one's votes to a card (0 takes them back); return how many are left.

    Raises MovedOn, or Refused where it is more than there are.
    """
    with _at(room, facilitation.VOTE, lost=lost_vote(card)):
        Participant.objects.select_for_update().get(pk=participant.pk, organisation_id=room.organisation_id)
        mine = Vote.objects.filter(organisation_id=room.organisation_id, participant=participant)
        others = mine.exclude(card=card).aggregate(all=Sum("number"))["all"] or 0
        left = Workshop.objects.values_list("votes_each", flat=True).get(pk=room.workshop_id) - others - number
        if number < 0 or left < 0:
            raise Refused({"number": _("You have no more votes. Take one back from another card first")})
        if number:
            mine.update_or_create(
                card=card, participant=participant, defaults={"number": number},
                create_defaults={"organisation_id": room.organisation_id, "number": number},
            )  # fmt: skip
        else:
            mine.filter(card=card).delete()
    return left


@contextmanager
def _at(room: Room, *steps: str, lost: str = ""):
    """One transaction, at whose end the room is asked whether it is still open and at one of ``steps`` (none: any).

    If not, MovedOn undoes it. The room's row is touched last, so that a hundred phones wait for each other no longer
    than a commit takes; the facilitator's next step waits for those before it, and those after it are refused.
    """
    with transaction.atomic():
        yield
        rows = Room.objects.filter(pk=room.pk, organisation_id=room.organisation_id, state=Room.State.OPEN)
        if steps:
            rows = rows.filter(step__in=steps)
        if not rows.update(tally=F("tally") + 1):
            raise MovedOn(lost)
