"""What a workshop came to, taken into the register or declined with a reason: by an editor, card by card.

Nothing that a room said counts by itself. What is taken names the workshop as its source, so that anybody can see where
it came from; what is declined says why, and the room reads both under its code.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from framework.catalogue import NOT_INVOLVEMENT, catalogue
from involvement.access import Permission
from involvement.actions import activities, board, classification
from involvement.actions.base import Refused, require, writing
from involvement.models import Activity, Card, CardOutcome, Room, Service, User

LONGEST_WORDS = CardOutcome._meta.get_field("words").max_length


def source_of(card: Card) -> str:
    """Return how what is taken names where it came from."""
    day = card.workshop.held_on
    words = _("Workshop “%(title)s”, %(day)s, card %(number)d")
    return words % {"title": card.workshop.title[:100], "day": day.isoformat(), "number": card.number}


def take_placement(
    *, card: Card, by: User, words: str = "", here: Activity | None = None, service: Service | None = None
) -> CardOutcome:
    """Put what the room agreed on of a card into the register, with the workshop as its source.

    A card that is an activity gets the agreed place (its first, or a correction where it stood elsewhere); a card that
    somebody wrote becomes a new activity of ``service``, placed where the room agreed on a place; or it is ``here``,
    an activity on the list already, and is treated as that. Raises PermissionDenied, or Refused.
    """
    _require(card, by)
    if card.case:
        raise Refused(_("This is a worked case for practice. It is no activity of yours"))
    agreed = card.agreed if card.agreed in {*catalogue().places, NOT_INVOLVEMENT} else ""
    if here is not None and here.organisation_id != card.organisation_id:
        raise Refused({"here": _("Choose from the list")})
    if (card.activity_id or here) and not agreed:
        raise Refused(_("The room did not agree on a place, so there is nothing to take"))
    with writing(card.organisation):
        _refuse_twice(card)
        activity, reading = card.activity or here, None
        if activity is None:
            facts = {"title": card.text, "description": card.detail or _("Named by people in a workshop.")}
            facts |= {"service": service} if service else {}
            activity = activities.add_activity(organisation=card.organisation, by=by, facts=facts)
        if agreed:
            reading = _placed(activity, agreed, card, by)
        return _outcome(card, by, CardOutcome.Kind.TAKEN, words, activity=activity, classification=reading)


def _placed(activity: Activity, agreed: str, card: Card, by: User):
    """Place the activity as agreed; return the reading that says so, the one that stands where it says the same."""
    standing = classification.current_classification(activity)
    if standing is not None and standing.primary_place == agreed:
        return standing
    because = _("People in a workshop agreed on this place")
    if card.agreed_note:
        because = f"{because}: {card.agreed_note}"
    common = {"activity": activity, "by": by, "place": agreed, "source": source_of(card)}
    if standing is None:
        return classification.classify(**common, reason=because)
    return classification.correct(**common, reason=because, claim=standing.claim)


def take_idea(
    *, card: Card, by: User, cell: str, what: str, owner: str, due_on: date | None, words: str = ""
) -> CardOutcome:
    """Make an action of an idea, on the gap that it is for (``cell``: a way, "coproducers/design").

    Raises PermissionDenied, or Refused with a sentence per field.
    """
    _require(card, by)
    if cell not in catalogue().facets:
        raise Refused({"cell": _("Choose what the idea is for")})
    with writing(card.organisation):
        _refuse_twice(card)
        action = board.set_action(
            organisation=card.organisation, by=by, place=cell.split("/")[0], facet=cell, what=what, owner=owner,
            due_on=due_on, note=source_of(card),
        )  # fmt: skip
        return _outcome(card, by, CardOutcome.Kind.TAKEN, words, action=action)


def decline(*, card: Card, by: User, words: str) -> CardOutcome:
    """Say that a card is not taken, and why: the room reads it. Raises PermissionDenied; Refused without a reason."""
    _require(card, by)
    if not words.strip():
        raise Refused({"words": _("Say why. The people who were there read it")})
    with writing(card.organisation):
        _refuse_twice(card)
        return _outcome(card, by, CardOutcome.Kind.DECLINED, words)


def decide_again(*, card: Card, by: User) -> None:
    """Open the decision about a card anew that was not taken. What was taken is changed where it now stands.

    Raises PermissionDenied, or Refused for a card that has no decision or was taken.
    """
    _require(card, by)
    with writing(card.organisation):
        rows = card.organisation.card_outcomes.filter(card=card, kind=CardOutcome.Kind.DECLINED)
        if not rows.delete()[0]:
            raise Refused(_("Only a card that was not taken can be decided about again"))


def change_words(*, card: Card, by: User, words: str) -> CardOutcome:
    """Put right what the room reads about a card that has a decision. Raises PermissionDenied, or Refused."""
    _require(card, by)
    with writing(card.organisation):
        outcome = card.organisation.card_outcomes.select_for_update().filter(card=card).first()
        words = _in_bounds(words)
        if outcome is None:
            raise Refused(_("Nobody has decided about this card yet"))
        if outcome.kind == CardOutcome.Kind.DECLINED and not words:
            raise Refused({"words": _("Say why. The people who were there read it")})
        outcome.words = words
        outcome.save(update_fields=["words"])
    return outcome


def _in_bounds(words: str) -> str:
    words = " ".join(words.split())
    if len(words) > LONGEST_WORDS:
        raise Refused({"words": _("Use %(number)s characters or fewer") % {"number": LONGEST_WORDS}})
    return words


def _require(card: Card, by: User) -> None:
    require(card.organisation, by, Permission.WORKSHOP_TAKE)
    if card.workshop.room.state != Room.State.CLOSED:
        raise Refused(_("The workshop is not over yet"))


def _refuse_twice(card: Card) -> None:
    """Ask under the organisation's lock: two editors at once take a card once."""
    if card.organisation.card_outcomes.filter(card=card).exists():
        raise Refused(_("Somebody has decided about this card already"))


def _outcome(card: Card, by: User, kind: str, words: str, **made: Any) -> CardOutcome:
    return CardOutcome.objects.create(
        organisation=card.organisation, recorded_by=by, card=card, kind=kind, words=_in_bounds(words), **made
    )
