"""What an organisation says about its own map: answers to gaps, "this list is complete", and what the board wants."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from framework.catalogue import catalogue
from involvement.access import Permission
from involvement.actions.base import Refused, once, require, today, writing
from involvement.models import Activity, Aim, Classification, Complete, Organisation, Response, Service, User

LONGEST_WORDS = 4000


def respond(
    *,
    organisation: Organisation,
    by: User,
    place: str,
    kind: str,
    reason: str,
    service: Service | None = None,
    facet: str = "",
    owner: str = "",
    due_on: date | None = None,
    review_on: date | None = None,
    key: UUID | None = None,
    on: date | None = None,
) -> Response:
    """Answer the gap (``service``, ``place``, ``facet``); "" for ``facet`` is the place as a whole.

    ``kind`` "plan" and "act" are an editor's or lead's and need ``owner`` and ``due_on``; "not-needed" is a board
    member's and needs ``review_on`` within twelve months. ``on`` is the day it was decided, today unless told
    otherwise, never later. A second call with the same ``key`` returns the first response.
    Raises PermissionDenied, or Refused with a sentence per field.
    """
    require(organisation, by, _needed_for(kind))
    on = on or today()
    wrong = wrong_cell(organisation, service, place, facet) or _wrong_response(
        kind=kind, reason=reason, owner=owner, due_on=due_on, review_on=review_on, on=on
    )
    if wrong:
        raise Refused(wrong)

    def write() -> dict:
        with writing(organisation):
            standing = responses_in_force(organisation, on=today()).filter(
                service=service, place=place, facet=facet, kind=Response.Kind.NOT_NEEDED
            )
            if kind == Response.Kind.NOT_NEEDED and standing.exists():
                raise Refused({"kind": _("This is already judged as not needed. End that answer first.")})
            response = Response(
                organisation=organisation, recorded_by=by, service=service, place=place, facet=facet, kind=kind,
                reason=reason.strip(), owner=owner.strip(), due_on=due_on,
                review_on=review_on, made_on=on,
            )  # fmt: skip
            response._history_user = by
            response.save()
            return {"response": response.pk}

    return organisation.responses.get(pk=once(organisation=organisation, by=by, key=key, write=write)["response"])


def end_response(*, response: Response, by: User, reason: str) -> Response:
    """End ``response`` today and keep why. Who may give an answer of this kind may end it.

    Raises PermissionDenied, or Refused when there is no reason or it has ended already.
    """
    require(response.organisation, by, _needed_for(response.kind))
    _refuse_without(reason, longest=500)
    with writing(response.organisation):
        current = response.organisation.responses.select_for_update().get(pk=response.pk)
        if current.ended_on:
            raise Refused(_("This answer has ended already."))
        current.ended_on = today()
        current.ended_reason = reason.strip()
        current.version += 1
        current._history_user = by
        current._change_reason = current.ended_reason[:100]
        current.save()
    return current


def responses_in_force(organisation: Organisation, *, on: date) -> QuerySet[Response]:
    """Return the answers that stand on the day ``on``: made, not ended, and "not needed" not past its review."""
    return (
        organisation.responses.filter(made_on__lte=on)
        .filter(Q(ended_on__isnull=True) | Q(ended_on__gt=on))
        .exclude(kind=Response.Kind.NOT_NEEDED, review_on__lt=on)
    )


def state_complete(
    *,
    organisation: Organisation,
    by: User,
    scope: str,
    place: str,
    checklist: Iterable[str],
    service: Service | None = None,
    key: UUID | None = None,
    on: date | None = None,
) -> Complete:
    """Say that the list is complete for ``scope`` (whole, trust-wide, service) and ``place``. It holds twelve months.

    ``checklist`` is the slugs of the place's checklist that were walked: all of them are needed. Refused while an
    activity of the scope is unclassified, since nobody can know what it would have filled.
    Raises PermissionDenied, or Refused with a sentence per field.
    """
    require(organisation, by, Permission.COMPLETE_STATE)
    on = on or today()
    walked = set(checklist)
    wrong = wrong_cell(organisation, service, place, "") or _wrong_scope(scope, service)
    if wrong:
        raise Refused(wrong)
    if on > today():
        raise Refused(_("This day has not come yet."))
    items = [item.slug for item in catalogue().places[place].checklist]
    if missed := [item for item in items if item not in walked]:
        raise Refused({"checklist": _not_walked(len(missed))})

    def write() -> dict:
        with writing(organisation):
            if left := unclassified(organisation, scope=scope, service=service).count():
                raise Refused(_not_yet_placed(left))
            statement = Complete.objects.create(
                organisation=organisation, recorded_by=by, scope=scope, service=service, place=place,
                checklist=items, as_at=on,
            )  # fmt: skip
            return {"complete": statement.pk}

    result = once(organisation=organisation, by=by, key=key, write=write)
    return organisation.complete_statements.get(pk=result["complete"])


def revoke_complete(*, statement: Complete, by: User, reason: str) -> Complete:
    """Take back a statement that the list is complete, today, with a reason that stays readable.

    Raises PermissionDenied, or Refused when there is no reason or it was taken back already.
    """
    organisation = statement.organisation
    require(organisation, by, Permission.COMPLETE_STATE)
    _refuse_without(reason, longest=500)
    with writing(organisation):
        current = organisation.complete_statements.select_for_update().get(pk=statement.pk)
        if current.revoked_on:
            raise Refused(_("This was taken back already."))
        current.revoked_on = today()
        current.revoked_by = by
        current.revoked_reason = reason.strip()
        current.save(update_fields=["revoked_on", "revoked_by", "revoked_reason"])
    return current


def unclassified(organisation: Organisation, *, scope: str, service: Service | None = None) -> QuerySet[Activity]:
    """Return the activities of a scope, not withdrawn, that no leader's classification places today.

    A trust-wide activity is of a service's scope when it names the service.
    """
    placed = (
        organisation.classifications.filter(kind=Classification.Kind.LEADER, void_at__isnull=True)
        .filter(Q(from_on__isnull=True) | Q(from_on__lte=today()), Q(until__isnull=True) | Q(until__gt=today()))
        .values("activity")
    )
    activities = organisation.activities.filter(withdrawn_on__isnull=True).exclude(pk__in=placed)
    if scope == Complete.Scope.TRUST_WIDE:
        return activities.filter(service__isnull=True)
    if scope == Complete.Scope.SERVICE:
        naming = organisation.activity_services.filter(service=service).values("activity")
        return activities.filter(Q(service=service) | Q(service__isnull=True, pk__in=naming))
    return activities


def adopt_aim(
    *,
    organisation: Organisation,
    by: User,
    place: str,
    sentence: str,
    adopted_on: date,
    adopted_by: str = "",
    key: UUID | None = None,
) -> Aim:
    """Record the one sentence that the board adopted for ``place``; the earlier ones stay, none is overwritten.

    Raises PermissionDenied (board members only), or Refused with a sentence per field.
    """
    require(organisation, by, Permission.AIM_ADOPT)
    wrong = wrong_cell(organisation, None, place, "")
    if not sentence.strip():
        wrong["sentence"] = _("Write the aim in one sentence.")
    elif len(sentence.strip()) > 300:
        wrong["sentence"] = _("Use 300 characters or fewer.")
    if adopted_on > today():
        wrong["adopted_on"] = _("The day that it was adopted cannot be in the future.")
    if len(adopted_by.strip()) > 150:
        wrong["adopted_by"] = _("Use 150 characters or fewer.")
    if wrong:
        raise Refused(wrong)

    def write() -> dict:
        with writing(organisation):
            aim = Aim.objects.create(
                organisation=organisation, recorded_by=by, place=place, sentence=sentence.strip(),
                adopted_on=adopted_on, adopted_by=adopted_by.strip(),
            )  # fmt: skip
            return {"aim": aim.pk}

    return organisation.aims.get(pk=once(organisation=organisation, by=by, key=key, write=write)["aim"])


def a_year_after(day: date) -> date:
    """Return the same day a year on; 28 February after a 29th."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def _needed_for(kind: str) -> Permission:
    return Permission.GAP_NOT_NEEDED if kind == Response.Kind.NOT_NEEDED else Permission.GAP_RESPOND


def _refuse_without(reason: str, *, longest: int) -> None:
    if not reason.strip():
        raise Refused({"reason": _("Say why.")})
    if len(reason.strip()) > longest:
        raise Refused({"reason": _("Use %(longest)d characters or fewer.") % {"longest": longest}})


def wrong_cell(organisation: Organisation, service: Service | None, place: str, facet: str) -> dict[str, str]:
    """Return what is wrong with a scope, a place and a way ("" for the place as a whole), a sentence per field."""
    content = catalogue()
    if place not in content.places:
        return {"place": _("There is no such place on the map.")}
    if facet and (facet not in content.facets or content.facets[facet].place != place):
        return {"facet": _("There is no such way to take part in this place.")}
    if service is not None and service.organisation_id != organisation.pk:
        return {"service": _("There is no such service.")}
    return {}


def _wrong_response(*, kind, reason, owner, due_on, review_on, on) -> dict[str, str]:
    if kind not in Response.Kind.values:
        return {"kind": _("Choose what you will do.")}
    wrong = {}
    if on > today():
        wrong["on"] = _("This day has not come yet.")
    if not reason.strip():
        wrong["reason"] = _("Say why.")
    elif len(reason.strip()) > LONGEST_WORDS:
        wrong["reason"] = _("Use %(longest)d characters or fewer.") % {"longest": LONGEST_WORDS}
    if len(owner.strip()) > 150:
        wrong["owner"] = _("Use 150 characters or fewer.")
    if kind == Response.Kind.NOT_NEEDED:
        if review_on is None:
            wrong["review_on"] = _("Say when the board will look at this again.")
        elif not on < review_on <= a_year_after(on):
            wrong["review_on"] = _("The board looks at this again after today and within 12 months.")
    else:
        if not owner.strip():
            wrong["owner"] = _("Say who will do it.")
        if due_on is None:
            wrong["due_on"] = _("Say by when.")
        elif due_on < on:
            wrong["due_on"] = _("This day has passed. Give a day from today on.")
        if review_on is not None and review_on <= on:
            wrong["review_on"] = _("This day has passed. Give a day after today.")
    return wrong


def _wrong_scope(scope: str, service: Service | None) -> dict[str, str]:
    if scope not in Complete.Scope.values:
        return {"scope": _("Choose what the list is complete for.")}
    if (scope == Complete.Scope.SERVICE) != (service is not None):
        return {"service": _("Choose the service that the list is complete for.")}
    return {}


def _not_walked(missed: int) -> str:
    return ngettext(
        "Look for every kind on the list first: %(n)d is not ticked.",
        "Look for every kind on the list first: %(n)d are not ticked.",
        missed,
    ) % {"n": missed}


def _not_yet_placed(left: int) -> str:
    return ngettext(
        "%(n)d activity here has no place yet. Place it first.",
        "%(n)d activities here have no place yet. Place them first.",
        left,
    ) % {"n": left}
