"""What a person changes about their own account. They alone may, and it touches no organisation's records."""

from __future__ import annotations

from allauth.account.forms import EmailAwarePasswordResetTokenGenerator
from allauth.account.internal.flows.password_reset import request_password_reset
from allauth.account.models import EmailAddress
from allauth.usersessions.internal.flows.sessions import end_sessions as end
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from involvement.actions import security
from involvement.actions.base import Refused, raise_version
from involvement.models import Organisation, User
from involvement.tenancy import inside


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
            for organisation in Organisation.objects.filter(memberships__user=user).distinct().order_by("pk"):
                with inside(organisation):
                    raise_version(organisation)  # its pages say who wrote what
    return user


def prove_address(*, user: User) -> EmailAddress:
    """Note that ``user`` reads what is sent to their address: they opened a letter there. Twice changes nothing."""
    address, _new = EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
    return address


class _Rehearsal(EmailAwarePasswordResetTokenGenerator):
    """Makes a token for nobody at the price of a real one: the same look-ups, nothing written."""

    def _make_hash_value(self, user, timestamp) -> str:
        known = EmailAddress.objects.filter(user_id=user.pk, email=user.email).exists()
        emails = EmailAddress.objects.filter(user_id=user.pk).values_list("email", flat=True)
        return f"{user.pk}{user.password}{timestamp}{user.email}{known}{'|'.join(emails)}"


def ask_for_password(*, request: HttpRequest, address: str, known: list[User]) -> None:
    """Send a letter with which a new password can be chosen to the accounts ``known`` by ``address``.

    For an address that nobody has, the same work is done and the letter is thrown away (adapters.AccountAdapter): the
    time that it takes does not tell who has an account. An address that waits to be confirmed counts as nobody's: it
    may be a stranger's, mistyped.
    """
    known = [user for user in known if user.email == address.strip().lower()]
    security.record_failure("password-reset-asked", known[0] if known else None)
    if known:
        request_password_reset(request, address, known, EmailAwarePasswordResetTokenGenerator())
    else:
        nobody = User(pk=0, email=address, password="!")  # noqa: S106  no password at all
        request_password_reset(request, address, [nobody], _Rehearsal())


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


def forget_second_step(*, user: User) -> int:
    """Take away the codes, passkeys and backup codes of somebody who has lost them; return how many there were.

    For an operator who has made sure who is asking: their password alone lets them in afterwards, and they are signed
    out everywhere.
    """
    with transaction.atomic():
        count, _each = user.authenticator_set.all().delete()
        for session in user.usersession_set.all():
            session.end()
        security.record("second-step-removed", by=None, account=user.pk, step="all")
    return count
