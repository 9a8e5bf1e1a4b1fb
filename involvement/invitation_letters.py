"""The letters that invite. Nothing of them is logged: neither the address nor the link."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from smtplib import SMTPException

from django.core.mail import EmailMessage, mailers
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from involvement.access import ROLE_MAY, ROLE_NAMES, Role
from involvement.actions.invitations import Issued
from involvement.models import Invitation

log = logging.getLogger("involvement.invitation_letters")


def send_letters(issued: Iterable[Issued], link: Callable[[str], str]) -> list[Invitation]:
    """Send each letter over one connection; return the invitations whose letters the mail server took.

    ``link`` turns a token into an absolute address. A lead waits for this, and is told which letters did not leave.
    """
    taken = []
    post = mailers.default
    try:
        post.open()
        for invitation, token in issued:
            try:
                sent = post.send_messages([letter(invitation, link(token))])
            except SMTPException as refused:  # this one only: a mailbox that does not exist
                log.warning("an invitation was not taken: %s", type(refused).__name__)
            else:
                taken += [invitation] if sent else []
    except OSError as broken:  # SMTPException is one too: nobody answers, or wants another password
        log.error("the mail server cannot be reached: %s", type(broken).__name__)
    finally:
        post.close()
    return taken


def letter(invitation: Invitation, address: str) -> EmailMessage:
    """Return the letter of an invitation, whose link is ``address``."""
    organisation = " ".join(invitation.organisation.name.split())
    roles = [(ROLE_NAMES[role], ROLE_MAY[role]) for role in map(Role, invitation.roles)]
    inviter = invitation.recorded_by.name if invitation.recorded_by else ""
    context = {"invitation": invitation, "address": address, "roles": roles, "inviter": inviter, "name": organisation}
    return EmailMessage(
        subject=_("Involvement Map: you are invited by %(name)s") % {"name": organisation},
        body=render_to_string("invitations/letter.txt", context),
        to=[invitation.email],
    )
