"""Organisations, their services, and who has which role in them."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext as _

from involvement.access import ROLE_NAMES, Role
from involvement.actions.base import Refused, today, writing
from involvement.models import Membership, Organisation, SecurityEvent, Service, User


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


def give_role(*, organisation: Organisation, user: User, role: Role | str, by: User | None) -> Membership:
    """Give a person a role from today. A role that they already have is left as it is.

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
        _record(organisation, by, "role-given", membership)
    return membership


def end_role(*, membership: Membership, by: User) -> Membership:
    """End one role of one person today. Doing it twice changes nothing.

    Raises Refused for the last lead: somebody has to be able to let others in.
    """
    organisation = membership.organisation
    with writing(organisation):
        current = organisation.memberships.select_for_update().get(pk=membership.pk)
        if current.until is not None:
            return current
        leads = organisation.memberships.filter(role=Role.LEAD, until__isnull=True)
        if current.role == Role.LEAD and not leads.exclude(pk=current.pk).exists():
            raise Refused(
                _("%(role)s: this is the last one. Give the role to somebody else first")
                % {"role": ROLE_NAMES[Role.LEAD]}
            )
        current.until = today()
        current.save(update_fields=["until"])
        _record(organisation, by, "role-ended", current)
    return current


def _record(organisation: Organisation, by: User | None, kind: str, membership: Membership) -> None:
    SecurityEvent.objects.create(
        organisation=organisation, actor=by, kind=kind, detail={"user": membership.user_id, "role": membership.role}
    )


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
