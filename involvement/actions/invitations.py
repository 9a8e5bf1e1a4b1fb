"""Asking people to join, and joining: the only way in.

A function that writes a letter's link returns its token beside the invitation. The token is kept nowhere: whoever
called sends it off (invitation_letters.py) and forgets it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from involvement.access import Role
from involvement.actions.accounts import prove_address
from involvement.actions.base import Refused, once, writing
from involvement.actions.organisations import give_role
from involvement.models import Invitation, Organisation, SecurityEvent, User
from involvement.tenancy import everywhere

GOOD_FOR = timedelta(days=14)
AT_ONCE = 100  # addresses in one go: their letters are written while the lead waits
LETTERS_A_DAY = 500  # of one organisation: a trust's whole staff in a day, and no more than that to strangers
LETTERS_AN_INVITATION = 5  # in a day
LETTER_EVENTS = ("invited", "invitation-sent-again")

IS_OVER = gettext_lazy("This invitation does not work any more")
NOT_YOURS = gettext_lazy("This invitation was sent to another email address than yours")
HAS_ACCOUNT = gettext_lazy("This email address has an account already. Sign in to it, then open the link again")


class Issued(NamedTuple):
    """An invitation and the token of the letter that is now to be sent."""

    invitation: Invitation
    token: str


def find(token: str) -> Invitation | None:
    """Return the invitation whose newest letter had this token, whatever came of it; None for any other token.

    The token is looked up by its hash, so the time that it takes tells nothing about how much of it was right.
    """
    with everywhere():  # the token does not say whose it is
        return (
            Invitation.objects.select_related("organisation", "recorded_by", "accepted_by")
            .filter(token_hash=_hash(token))
            .first()
        )


def has_account(invitation: Invitation) -> bool:
    """Return whether the invited address is an account's."""
    return User.objects.filter(email=invitation.email).exists()


def is_member_by(invitation: Invitation, user) -> bool:
    """Return whether ``user`` (or nobody) took this invitation and belongs to the organisation still."""
    if invitation.accepted_by is None or invitation.accepted_by != user:
        return False
    return invitation.organisation.memberships.filter(user_id=user.pk, until__isnull=True).exists()


def invite(
    *,
    organisation: Organisation,
    by: User,
    people: Iterable[tuple[str, str]],
    roles: Iterable[Role | str],
    key: UUID | None = None,
) -> list[Issued]:
    """Invite ``people`` (address and name, "" for none known) to the same ``roles``, all or nothing.

    An address that waits for an answer gets a new link to these roles, and its old link dies. Whoever is a member
    already is left out. A form that is sent twice (``key``) invites once: the second time returns an empty list.

    Raises Refused for no role or an unknown one, for an address that is none, for more than AT_ONCE, and for more
    letters than an organisation may send in a day.
    """
    roles, people = _roles(roles), [(_address(email), " ".join(name.split())[:150]) for email, name in people]
    if not people:
        raise Refused({"people": _("Enter at least one email address")})
    if len(people) > AT_ONCE:
        raise Refused({"people": _("Invite at most %(count)d people at once") % {"count": AT_ONCE}})
    issued: list[Issued] = []

    def write() -> dict:
        with writing(organisation):
            _spare(organisation, len(people))
            members = organisation.memberships.filter(until__isnull=True)
            here = set(members.values_list("user__email", flat=True))
            waiting = {each.email: each for each in _waiting(organisation).select_for_update()}
            for email, name in dict(people).items():
                if email in here:
                    continue
                invitation = waiting.get(email) or Invitation(organisation=organisation, email=email, recorded_by=by)
                invitation.name, invitation.roles = name or invitation.name, [role.value for role in roles]
                issued.append(_issue(invitation, by))
        return {"invitations": [each.invitation.pk for each in issued]}

    once(organisation=organisation, by=by, key=key, write=write)
    return issued


def send_again(*, invitation: Invitation, by: User) -> Issued:
    """Give an invitation a new link and 14 new days; the link before it dies.

    Raises Refused when it was accepted or taken back, and for too many letters in a day.
    """
    organisation = invitation.organisation
    with writing(organisation):
        current = organisation.invitations.select_for_update().get(pk=invitation.pk)
        if not current.is_waiting:
            raise Refused(_("This invitation was accepted or taken back already"))
        sent = _lately(organisation).filter(detail__invitation=current.pk).count()
        if sent >= LETTERS_AN_INVITATION:
            raise Refused(_("This invitation was sent often enough for one day. Ask the person to look in their spam"))
        _spare(organisation, 1)
        return _issue(current, by)


def note_sent(*, organisation: Organisation, invitations: Iterable[Invitation]) -> None:
    """Note that the mail server took the newest letters of ``invitations``."""
    with writing(organisation):
        organisation.invitations.filter(pk__in=[each.pk for each in invitations]).update(sent_at=timezone.now())


def revoke(*, invitation: Invitation, by: User) -> Invitation:
    """Take an invitation back: its link dies. Doing it twice changes nothing. Raises Refused when it was accepted."""
    organisation = invitation.organisation
    with writing(organisation):
        current = organisation.invitations.select_for_update().get(pk=invitation.pk)
        if current.accepted_at is not None:
            raise Refused(_("This invitation was accepted already. You can end the person’s roles instead"))
        return _revoke(current, by)


def revoke_for(*, organisation: Organisation, email: str, by: User) -> None:
    """Take back whatever waits for an address: somebody who was removed must not come back by an older letter."""
    with writing(organisation):
        for current in _waiting(organisation).select_for_update().filter(email=email.lower()):
            _revoke(current, by)


def accept(*, invitation: Invitation, by: User) -> Invitation:
    """Take an invitation with the account that one has: its roles begin today.

    Raises Refused when it is over (accepted, taken back, sent anew, past its time) or was sent to another address.
    """
    with writing(invitation.organisation):
        current = _take(invitation)
        if by.email.lower() != current.email:
            raise Refused(str(NOT_YOURS))
        return _accept(current, by)


def accept_as_new(*, invitation: Invitation, name: str, password: str) -> User:
    """Make an account for the invited address and take the invitation with it. The link has proven the address.

    ``password`` has been checked by the form. Raises Refused as ``accept`` does, and where the address has an account.
    """
    try:
        with writing(invitation.organisation):
            current = _take(invitation)
            if User.objects.filter(email=current.email).exists():
                raise Refused(str(HAS_ACCOUNT))
            user = User.objects.create_user(current.email, password, name=" ".join(name.split()))
            _accept(current, user)
            return user
    except IntegrityError as meanwhile:  # another organisation's invitation made the account in the same moment
        raise Refused(str(HAS_ACCOUNT)) from meanwhile


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _roles(roles: Iterable[Role | str]) -> list[Role]:
    asked = set(map(str, roles))
    if not asked or asked - set(Role):
        raise Refused({"roles": _("Choose at least one role")})
    return [role for role in Role if role in asked]


def _address(email: str) -> str:
    email = email.strip().lower()
    try:
        EmailValidator()(email)
    except ValidationError:
        raise Refused({"people": _("“%(text)s” is not an email address") % {"text": email}}) from None
    return email


def _waiting(organisation: Organisation):
    return organisation.invitations.filter(accepted_at__isnull=True, revoked_at__isnull=True)


def _lately(organisation: Organisation):
    day = timezone.now() - timedelta(days=1)
    return SecurityEvent.objects.filter(organisation=organisation, kind__in=LETTER_EVENTS, at__gt=day)


def _spare(organisation: Organisation, letters: int) -> None:
    """Raise Refused where ``letters`` more would be too many for a day."""
    left = LETTERS_A_DAY - _lately(organisation).count()
    if letters > left:
        words = _("Your organisation can send %(left)d more invitations today. Send the others tomorrow")
        raise Refused({"people": words % {"left": max(left, 0)}})


def _issue(invitation: Invitation, by: User) -> Issued:
    again = not invitation._state.adding
    token = secrets.token_urlsafe(32)
    invitation.token_hash, invitation.sent_at = _hash(token), None
    invitation.expires_at = timezone.now() + GOOD_FOR
    invitation.letters += again
    invitation.save()
    _record(invitation, by, "invitation-sent-again" if again else "invited")
    return Issued(invitation, token)


def _take(invitation: Invitation) -> Invitation:
    """Return the invitation read anew under the lock; Refused when the letter in hand leads nowhere any more."""
    found = invitation.organisation.invitations.select_for_update().filter(
        pk=invitation.pk, token_hash=invitation.token_hash
    )
    current = found.first()
    if current is None or not current.is_open():
        raise Refused(str(IS_OVER))
    return current


def _accept(current: Invitation, user: User) -> Invitation:
    current.accepted_at, current.accepted_by = timezone.now(), user
    current.save()
    prove_address(user=user)
    _record(current, user, "invitation-accepted")
    for role in current.roles:
        give_role(
            organisation=current.organisation, user=user, role=role, by=current.recorded_by, invitation=current
        )
    return current


def _revoke(current: Invitation, by: User) -> Invitation:
    if current.revoked_at is None:
        current.revoked_at, current.revoked_by = timezone.now(), by
        current.save()
        _record(current, by, "invitation-revoked")
    return current


def _record(invitation: Invitation, by: User, kind: str) -> None:
    detail = {"invitation": invitation.pk, "roles": invitation.roles}
    SecurityEvent.objects.create(organisation=invitation.organisation, actor=by, kind=kind, detail=detail)
