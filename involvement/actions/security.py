"""Writing down what an auditor of access would ask for. Every event of signing in is written here and nowhere else.

An event holds ids and fixed words: never an address, a name, a password, a code, or where somebody sat.
"""

from __future__ import annotations

from contextlib import nullcontext

from involvement.models import Organisation, SecurityEvent, User
from involvement.tenancy import everywhere


def record(what: str, /, *, by: User | None, organisation: Organisation | None = None, **detail) -> SecurityEvent:
    """Keep that ``by`` did ``what`` (a slug: sign-in, password-changed, …), with ``detail`` (ids and fixed words)."""
    with nullcontext() if organisation else everywhere():  # an account's event is of no organisation
        return SecurityEvent.objects.create(organisation=organisation, actor=by, kind=what, detail=detail)


def record_failure(kind: str, account: User | None, **detail) -> SecurityEvent:
    """Keep that somebody failed at ``account`` (None: there is no such account). Who it was is not known."""
    return record(kind, by=None, account=account and account.pk, **detail)
