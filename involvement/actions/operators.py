"""What the operators of an installation do: open, suspend and merge organisations, close accounts, load reference data.

None of it changes a word of what an organisation holds. Each deed is a security event of the organisation it is about,
so that its own members read it in their history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.db import transaction
from django.utils.translation import gettext as _

from involvement.access import Role
from involvement.actions import security
from involvement.actions.base import Refused, raise_version, today
from involvement.actions.invitations import Issued, invite
from involvement.actions.organisations import create_organisation
from involvement.models import HealthBody, Organisation, User

LONGEST_REASON = 500


def open_organisation(
    *, by: User, slug: str, name: str, kind: str, nation: str, ods_code: str, lead: str, lead_name: str = ""
) -> tuple[Organisation, list[Issued]]:
    """Make an organisation and invite its first lead (an address and, if known, a name); the letter is yet to be sent.

    Raises Refused with a sentence for each field that is wrong.
    """
    try:
        EmailValidator()(lead.strip())
    except ValidationError as wrong:
        raise Refused({"lead": _("Enter an email address, like name@example.org")}) from wrong
    with transaction.atomic():
        organisation = create_organisation(
            slug=slug, name=name, kind=kind, nation=nation, ods_code=ods_code.strip().upper(), by=by
        )
        issued = invite(organisation=organisation, by=by, people=[(lead, lead_name)], roles=[Role.LEAD])
    return organisation, issued


def invite_lead(*, organisation: Organisation, by: User, lead: str, lead_name: str = "") -> list[Issued]:
    """Invite another lead, for an organisation that has lost its own. Raises Refused as invitations.invite does."""
    try:
        return invite(organisation=organisation, by=by, people=[(lead, lead_name)], roles=[Role.LEAD])
    except Refused as refused:
        raise Refused({"lead": " ".join(refused.messages.values())}) from refused


def suspend(*, organisation: Organisation, by: User, because: str) -> Organisation:
    """Close the organisation to everybody until it is resumed; its members read why. Twice changes nothing.

    Raises Refused without a reason.
    """
    because = _reason(because)
    with transaction.atomic():
        current = Organisation.objects.select_for_update().get(pk=organisation.pk)
        if current.suspended_on is None:
            current.suspended_on, current.suspended_because = today(), because
            current.save(update_fields=["suspended_on", "suspended_because"])
            security.record("organisation-suspended", by=by, organisation=current, reason=because)
    return current


def resume(*, organisation: Organisation, by: User) -> Organisation:
    """Open a suspended organisation again. Twice changes nothing."""
    with transaction.atomic():
        current = Organisation.objects.select_for_update().get(pk=organisation.pk)
        if current.suspended_on is not None:
            current.suspended_on, current.suspended_because = None, ""
            current.save(update_fields=["suspended_on", "suspended_because"])
            security.record("organisation-resumed", by=by, organisation=current)
    return current


def merge(*, organisation: Organisation, into: Organisation, by: User, on: date, because: str) -> Organisation:
    """Note that ``organisation`` became part of ``into`` on the day ``on``: from now on it can be read, not changed.

    Its register, its history and its audits stay its own, as they were. Its leads take the register along as a
    spreadsheet, places and all, and the other imports it: then every row says where it is from, and the import can be
    undone. Members join the other by invitation, like everybody.
    Raises Refused for no reason, a day to come, an organisation that is closed itself, and one that was merged before.
    """
    because = _reason(because)
    if on > today():
        raise Refused({"on": _("Enter a day that is not in the future")})
    with transaction.atomic():
        both = Organisation.objects.select_for_update().filter(pk__in=(organisation.pk, into.pk)).order_by("pk")
        rows = {each.pk: each for each in both}
        current, other = rows[organisation.pk], rows[into.pk]
        if current.pk == other.pk:
            raise Refused({"into": _("Choose another organisation")})
        if current.merged_into_id is not None:
            raise Refused({"into": _("This organisation was merged already")})
        if not other.is_open:
            raise Refused({"into": _("Choose an organisation that is open")})
        current.merged_into, current.merged_on = other, on
        current.save(update_fields=["merged_into", "merged_on"])
        raise_version(current)  # every page of it says so
        said = {"on": on.isoformat(), "reason": because}
        security.record("organisation-merged", by=by, organisation=current, into=other.name, **said)
        security.record("organisation-took-in", by=by, organisation=other, merged=current.name, **said)
    return current


def close_account(*, user: User, by: User, because: str) -> User:
    """Let an account sign in no more, and end where it is signed in. What the person wrote stays.

    Twice changes nothing. Raises Refused without a reason, and for one's own account.
    """
    because = _reason(because)
    if user.pk == by.pk:
        raise Refused(_("You cannot close your own account here"))
    with transaction.atomic():
        current = User.objects.select_for_update().get(pk=user.pk)
        if current.is_active:
            current.is_active = False
            current.save(update_fields=["is_active"])
            for session in current.usersession_set.all():
                session.end()
            security.record("account-closed", by=by, account=current.pk, reason=because)
    return current


def open_account(*, user: User, by: User) -> User:
    """Let a closed account sign in again. Twice changes nothing."""
    with transaction.atomic():
        current = User.objects.select_for_update().get(pk=user.pk)
        if not current.is_active:
            current.is_active = True
            current.save(update_fields=["is_active"])
            security.record("account-opened", by=by, account=current.pk)
    return current


class Loaded(NamedTuple):
    """What loading a list of bodies did, in numbers of bodies."""

    added: int
    changed: int
    same: int
    left_out: int  # known from an earlier list, and not in this one


def load_bodies(*, rows: Iterable[Mapping[str, object]]) -> Loaded:
    """Take reference data in: each row the fields of a HealthBody. What another list had and this has not, stays.

    Raises ValidationError for a row that is none; then nothing is written.
    """
    known = {body.code: body for body in HealthBody.objects.all()}
    new, changed, met = [], [], set()
    for row in rows:
        body = HealthBody(**row)
        try:
            body.clean_fields()
        except ValidationError as wrong:
            said = "; ".join(f"{name}: {' '.join(each)}" for name, each in wrong.message_dict.items())
            raise ValidationError(f"{body.code or body.name}: {said}") from wrong
        if body.code in met:
            raise ValidationError(_("%(code)s stands twice in the list") % {"code": body.code})
        met.add(body.code)
        before = known.get(body.code)
        if before is None:
            new.append(body)
        elif any(getattr(before, name) != getattr(body, name) for name in _FIELDS):
            changed.append(body)
    with transaction.atomic():
        HealthBody.objects.bulk_create(new, batch_size=500)
        HealthBody.objects.bulk_update(changed, _FIELDS, batch_size=200)
    same = len(met) - len(new) - len(changed)
    return Loaded(len(new), len(changed), same, len(known.keys() - met))


_FIELDS = [field.name for field in HealthBody._meta.fields if not field.primary_key]


def _reason(words: str) -> str:
    words = " ".join(words.split())
    if not words:
        raise Refused({"because": _("Say why. The people concerned read it")})
    if len(words) > LONGEST_REASON:
        raise Refused({"because": _("Say it in 500 characters or fewer")})
    return words
