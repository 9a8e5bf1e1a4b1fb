"""Organisations, their services, and who has which role in them."""

from __future__ import annotations

import hashlib
import re
from datetime import date

from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from involvement.access import Role
from involvement.actions.base import Refused, today, writing
from involvement.actions.reviewing import role_changed
from involvement.models import Invitation, Membership, Organisation, SecurityEvent, Service, User

SETTINGS = ("name", "ods_code", "kind", "nation", "second_factor_required", "practise_first", "reply_days")
# 3 signs for a trust or a board, 5 for a newer one or a site, 6 for a practice, 9 for a Scottish board.
ODS_CODE = re.compile(r"[A-Z0-9]{3}|[A-Z0-9]{5,6}|[A-Z0-9]{9}")


def create_organisation(
    *,
    slug: str,
    name: str,
    kind: str = Organisation.Kind.TRUST,
    nation: str = Organisation.Nation.ENGLAND,
    ods_code: str = "",
    fictional: bool = False,
    by: User | None = None,
) -> Organisation:
    """Create an organisation without members or services.

    Raises Refused with a sentence for each field that is wrong (a slug that is taken, an unknown kind or nation).
    """
    organisation = Organisation(
        slug=slug, name=name.strip(), kind=kind, nation=nation, ods_code=ods_code, fictional=fictional
    )
    try:
        organisation.full_clean()
    except ValidationError as error:
        raise Refused({field: " ".join(said) for field, said in error.message_dict.items()}) from error
    organisation.save()
    SecurityEvent.objects.create(
        organisation=organisation, actor=by, kind="organisation-created", detail={"slug": slug}
    )
    return organisation


def settings_seen(organisation: Organisation) -> str:
    """Return a mark of the settings as they are: a form carries it, so that nobody saves over what they did not see."""
    told = "\n".join(str(getattr(organisation, name)) for name in SETTINGS)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def change_settings(
    *,
    organisation: Organisation,
    by: User,
    name: str,
    ods_code: str,
    kind: str,
    nation: str,
    second_factor_required: bool,
    practise_first: bool,
    reply_days: int,
    seen: str,
) -> Organisation:
    """Change what the organisation is called and what it asks of its members; what is the same is not recorded.

    ``seen`` is the ``settings_seen`` of the page that was filled in. Raises Refused for a wrong field, and at "seen"
    where somebody else saved other settings meanwhile.
    """
    with writing(organisation):
        current = Organisation.objects.get(pk=organisation.pk)
        if seen != settings_seen(current):
            words = _("Somebody else changed the settings after you opened this page. They are shown below your words")
            raise Refused({"seen": words})
        before = {field: getattr(current, field) for field in SETTINGS}
        current.name, current.ods_code = " ".join(name.split()), ods_code.strip().upper()
        current.kind, current.nation, current.second_factor_required = kind, nation, second_factor_required
        current.practise_first, current.reply_days = practise_first, reply_days
        wrong = {}
        if current.ods_code and not ODS_CODE.fullmatch(current.ods_code):
            wrong["ods_code"] = _("Enter an ODS code, such as RXX: 3, 5, 6 or 9 letters and numbers. Or leave it empty")
        try:
            current.full_clean(exclude=["slug"])
        except ValidationError as error:
            wrong = {field: " ".join(said) for field, said in error.message_dict.items()} | wrong
        if wrong:
            raise Refused(wrong)
        after = {field: getattr(current, field) for field in SETTINGS}
        changed = {field: [before[field], after[field]] for field in SETTINGS if before[field] != after[field]}
        if changed:
            current.save(update_fields=list(changed))
            SecurityEvent.objects.create(organisation=current, actor=by, kind="settings-changed", detail=changed)
    return current


def add_service(*, organisation: Organisation, by: User | None, name: str) -> Service:
    """Add a service. Raises Refused when the name is empty, too long, or already a service's, whatever its case."""
    with writing(organisation):
        service = Service(organisation=organisation, recorded_by=by, name=_service_name(organisation, name))
        service.slug = _free_slug(organisation, service.name)
        service._history_user = by
        service.save()
    return service


def rename_service(*, service: Service, by: User, name: str) -> Service:
    """Give a service another name; its slug, which addresses carry, stays. Raises Refused as add_service does."""
    with writing(service.organisation):
        current = service.organisation.services.select_for_update().get(pk=service.pk)
        current.name = _service_name(service.organisation, name, apart_from=service.pk)
        current._history_user = by
        current.save()
    return current


def retire_service(*, service: Service, by: User, on: date | None = None) -> Service:
    """Close a service from a day (today unless given). Its activities stay; doing it twice changes nothing.

    Raises Refused for a day to come.
    """
    with writing(service.organisation):
        current = service.organisation.services.select_for_update().get(pk=service.pk)
        if current.retired_on is None:
            day = on or today()
            if day > today():
                raise Refused({"retired_on": _("The day it closed must be today or earlier")})
            current.retired_on = day
            current._history_user = by
            current.save()
    return current


def reopen_service(*, service: Service, by: User) -> Service:
    """Bring a closed service back. Doing it twice changes nothing."""
    with writing(service.organisation):
        current = service.organisation.services.select_for_update().get(pk=service.pk)
        if current.retired_on is not None:
            current.retired_on = None
            current._history_user = by
            current.save()
    return current


def give_role(
    *,
    organisation: Organisation,
    user: User,
    role: Role | str,
    by: User | None,
    invitation: Invitation | None = None,
) -> Membership:
    """Give a person a role from today. A role that they already have is left as it is.

    ``invitation`` is the one that the person took, if it comes from one.

    Raises Refused for a role that does not exist.
    """
    if role not in list(Role):
        raise Refused({"role": _("Choose one of these roles: %(roles)s") % {"roles": ", ".join(Role)}})
    role = Role(role)
    with writing(organisation):
        known = organisation.memberships.filter(user=user, role=role, until__isnull=True).first()
        if known is not None:
            return known
        membership = Membership.objects.create(
            organisation=organisation, user=user, role=role, from_on=today(), recorded_by=by
        )
        _record(by, "role-given", membership, **({"invitation": invitation.pk} if invitation else {}))
        role_changed(organisation=organisation, person=user, by=by, role=role, given=True)
    return membership


def end_role(*, membership: Membership, by: User, reason: str = "", whole: bool = False) -> Membership:
    """End one role of one person today. Doing it twice changes nothing.

    ``reason`` stands in the history. ``whole`` says that it is a part of the person's going, which is told as one.

    Raises Refused for the last lead: somebody has to be able to let others in.
    """
    organisation = membership.organisation
    with writing(organisation):
        current = organisation.memberships.select_for_update().get(pk=membership.pk)
        if current.until is not None:
            return current
        leads = organisation.memberships.filter(role=Role.LEAD, until__isnull=True, user__is_active=True)
        if current.role == Role.LEAD and not leads.exclude(pk=current.pk).exists():
            raise Refused(str(_LAST_OWN if by == current.user else _LAST_LEAD % {"name": current.user}))
        current.until = today()
        current.save(update_fields=["until"])
        more = ({"reason": reason} if reason else {}) | ({"whole": True} if whole else {})
        _record(by, "role-ended", current, **more)
        role_changed(
            organisation=organisation, person=current.user, by=by, role=current.role, given=False, reason=reason
        )
    return current


_LAST_LEAD = gettext_lazy("%(name)s is the only lead. Make somebody else a lead first, or nobody could let people in")
_LAST_OWN = gettext_lazy("You are the only lead. Make somebody else a lead first, or nobody could let people in")


def _record(by: User | None, kind: str, membership: Membership, **more) -> None:
    detail = {"user": membership.user_id, "role": membership.role, **more}
    SecurityEvent.objects.create(organisation=membership.organisation, actor=by, kind=kind, detail=detail)


def _service_name(organisation: Organisation, name: str, apart_from: int | None = None) -> str:
    """Return the name with its spaces put in order; Refused when it cannot be a service's name."""
    name = " ".join(name.split())
    longest = Service._meta.get_field("name").max_length
    if not name:
        raise Refused({"name": _("Enter the name of the service")})
    if len(name) > longest:
        raise Refused({"name": _("The name must be %(count)d characters or fewer") % {"count": longest}})
    if organisation.services.filter(name__iexact=name).exclude(pk=apart_from).exists():
        raise Refused({"name": _("You already have a service called “%(name)s”") % {"name": name}})
    return name


def _free_slug(organisation: Organisation, name: str) -> str:
    """Return an address for a service that no other service of the organisation has."""
    base = slugify(name)[:70] or "service"
    taken = set(organisation.services.filter(slug__startswith=base).values_list("slug", flat=True))
    slug, count = base, 2
    while slug in taken:
        slug, count = f"{base}-{count}", count + 1
    return slug
