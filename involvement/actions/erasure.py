"""Erasing a person: everything by which they could be known goes, what they wrote and decided stays.

The account's row stays without name and address, so that every record still says that somebody wrote it, and the same
somebody: pages call them "a former member".
"""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath
from uuid import uuid4

from allauth.account.models import EmailAddress, EmailConfirmation
from django.contrib.sessions.models import Session
from django.core.files.base import File
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from involvement import search
from involvement.access import Role
from involvement.actions.base import Refused
from involvement.actions.organisations import end_role
from involvement.models import Invitation, Organisation, PractiseRun, RequestKey, SecurityEvent, User
from involvement.personal import Mention, Traces, mentions, traces_of, without

INSTEAD = "a former member"  # in English, as words of records are


def erase(*, user: User, because: str, by: User | None = None, also: tuple[str, ...] = ()) -> Counter:
    """Erase ``user``; return in how many fields of which table their name or address was replaced.

    Roles end, sessions, addresses, passkeys, codes and invitations go, and wherever the name or an address stands in
    words, histories too, "a former member" stands instead. ``also``: other spellings of the name to look for. The
    reason is kept. Doing it twice finds what was written since.

    Raises Refused for the only lead of an organisation, and for a reason that names the person.
    """
    because, traces = " ".join(because.split()), traces_of(user, also)
    if not because:
        raise Refused({"because": _("Say why: a request, and on which day")})
    named = traces.pattern(with_names=True)
    if named is not None and named.search(because):
        raise Refused({"because": _("Do not name the person in the reason: it stays")})
    with transaction.atomic():
        places = list(Organisation.objects.select_for_update().filter(pk__in=traces.organisations).order_by("pk"))
        _end_roles(user, by)
        _take_out_account(user, traces)
        replaced = _take_out_of_words(traces)
        search.forget()
        _empty(user)
        for organisation in places or [None]:
            _keep_event(organisation, user, because, by)
        Organisation.objects.filter(pk__in=traces.organisations).update(version=F("version") + 1)
    return replaced


def _end_roles(user: User, by: User | None) -> None:
    open_roles = user.memberships.filter(until__isnull=True).select_related("organisation", "user")
    for membership in sorted(open_roles, key=lambda each: (each.organisation_id, each.role != Role.LEAD)):
        end_role(membership=membership, by=by, whole=True)


def _take_out_account(user: User, traces: Traces) -> None:
    """Delete what lets the person in, and what was sent to them."""
    keys = list(user.usersession_set.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    EmailConfirmation.objects.filter(email_address__user=user).delete()
    EmailAddress.objects.filter(user=user).delete()
    user.usersession_set.all().delete()
    user.authenticator_set.all().delete()
    user.socialaccount_set.all().delete()
    RequestKey.objects.filter(actor=user).delete()
    PractiseRun.objects.filter(person=user).delete()
    Invitation.objects.filter(Q(email__in=traces.emails) | Q(accepted_by=user)).delete()


def _take_out_of_words(traces: Traces) -> Counter:
    replaced = Counter()
    for mention in list(mentions(traces)):
        _replace(mention)
        replaced[mention.row._meta.db_table] += 1
    return replaced


def _replace(mention: Mention) -> None:
    """Write the row's field anew, past every rule that its model has about being changed: this is not an edit."""
    field, row = mention.field, mention.row
    current = type(row)._base_manager.values_list(field.attname, flat=True).get(pk=row.pk)
    if isinstance(field, models.FileField):
        new = _renamed(field, current)
    elif isinstance(field, models.SlugField):
        new = f"former-member-{row.pk}"
    elif isinstance(field, models.URLField):
        new = without(current, mention.pattern, "former-member")
    else:
        new = without(current, mention.pattern, INSTEAD)
    if isinstance(new, str) and field.max_length:
        new = new[: field.max_length]
    models.QuerySet(type(row)).filter(pk=row.pk).update(**{field.attname: new})


def _renamed(field: models.FileField, path: str) -> str:
    """Give a stored file a name that says nothing; return its new path. The old one goes once all is written."""
    old = PurePosixPath(path)
    if not field.storage.exists(path):
        return str(old.with_name(uuid4().hex))
    with field.storage.open(path, "rb") as content:
        new = field.storage.save(str(old.with_name(uuid4().hex)), File(content))
    transaction.on_commit(lambda: field.storage.delete(path))
    return new


def _empty(user: User) -> None:
    user.name, user.email, user.is_active = "", f"{user.pk}@erased.invalid", False
    user.is_staff = user.is_superuser = False
    user.last_login, user.erased_at = None, user.erased_at or timezone.now()
    user.set_unusable_password()
    user.save()


def _keep_event(organisation: Organisation | None, user: User, because: str, by: User | None) -> None:
    detail = {"user": user.pk, "reason": because}
    SecurityEvent.objects.create(organisation=organisation, actor=by, kind="person-erased", detail=detail)
