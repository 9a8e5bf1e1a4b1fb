"""How this organisation counts a kind of activity on which people who know the field disagree."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.utils.translation import gettext as _

from framework.catalogue import catalogue
from involvement.actions.base import Refused, once, today, writing
from involvement.models import Organisation, Ruling, SecurityEvent, User


def record_ruling(
    *,
    organisation: Organisation,
    by: User,
    contested_kind: str,
    place: str,
    reason: str,
    author: str,
    from_on: date,
    key: UUID | None = None,
) -> Ruling:
    """State how a contested kind is counted from a day on; the ruling that stood until then ends on that day.

    ``place`` is one of the sides of the dispute (a place or not-involvement). Raises Refused for another one, for an
    unknown kind, a missing reason or author, a day to come, and a day before the standing ruling began.
    """
    kind = catalogue().contested_kinds.get(contested_kind)
    if kind is None:
        raise Refused(_("There is no such kind"))
    wrong = {}
    if place not in dict(kind.case_for):
        wrong["place"] = _("Choose one of the places that people argue for")
    if not reason.strip():
        wrong["reason"] = _("Say why you count it this way")
    if not author.strip():
        wrong["author"] = _("Say who decided this")
    if from_on > today():
        wrong["from_on"] = _("The day must be today or earlier")
    if wrong:
        raise Refused(wrong)

    def write() -> dict:
        with writing(organisation):
            rulings = organisation.rulings.select_for_update().filter(contested_kind=contested_kind)
            for standing in rulings.filter(until__isnull=True):
                if from_on < standing.from_on:
                    words = _("The ruling that stands began later. Choose its first day or a later one")
                    raise Refused({"from_on": words})
                standing.until = from_on
                standing.save(update_fields=["until"])
            ruling = organisation.rulings.create(
                contested_kind=contested_kind, place=place, reason=reason.strip(), author=" ".join(author.split()),
                from_on=from_on, recorded_by=by,
            )  # fmt: skip
            _record(ruling, by, "ruling-made")
        return {"ruling": ruling.pk}

    made = once(organisation=organisation, by=by, key=key, write=write)
    return organisation.rulings.get(pk=made["ruling"])


def end_ruling(*, ruling: Ruling, by: User) -> Ruling:
    """End a ruling today: from now on the kind is counted by the common rule. Doing it twice changes nothing."""
    organisation = ruling.organisation
    with writing(organisation):
        current = organisation.rulings.select_for_update().get(pk=ruling.pk)
        if current.until is None:
            current.until = today()
            current.save(update_fields=["until"])
            _record(current, by, "ruling-ended")
    return current


def _record(ruling: Ruling, by: User, kind: str) -> None:
    SecurityEvent.objects.create(
        organisation=ruling.organisation, actor=by, kind=kind, detail={"ruling": ruling.pk}
    )
