"""What a person changes about their own account. They alone may, and it touches no organisation's rows."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.usersessions.internal.flows.sessions import end_sessions as end
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from involvement.actions import security
from involvement.actions.base import Refused
from involvement.models import User


def rename(*, user: User, name: str, by: User) -> User:
    """Give ``user`` another name. Raises Refused for an empty or too long one."""
    name = " ".join(name.split())
    if not name:
        raise Refused({"name": _("Enter your name")})
    if len(name) > User._meta.get_field("name").max_length:
        raise Refused({"name": _("Your name must be 150 characters or fewer")})
    if name != user.name:
        with transaction.atomic():
            user.name = name
            user.save(update_fields=["name"])
            security.record("name-changed", by=by, user=user.pk)
    return user


def prove_address(*, user: User) -> EmailAddress:
    """Note that ``user`` reads what is sent to their address: they opened a letter there. Twice changes nothing."""
    address, _new = EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
    return address


def open_sessions(user: User) -> list[UserSession]:
    """Return where ``user`` is signed in, newest first. One that has run out is left out."""
    return [session for session in user.usersession_set.order_by("-created_at", "-pk") if session.exists()]


def end_sessions(*, user: User, request: HttpRequest, session: str = "") -> int:
    """Sign ``user`` out in one other place (``session``, an id), or in every other one; return in how many.

    The session that asks goes on: leaving that is signing out. An id of somebody else's ends nothing.
    """
    others = [each for each in user.usersession_set.all() if not each.is_current()]
    chosen = [each for each in others if not session or str(each.pk) == session]
    if chosen:
        with transaction.atomic():
            end(request, chosen)
            security.record("session-ended", by=user, sessions=len(chosen))
    return len(chosen)
