"""Audits for tests whose subject is something else: written as rows, since no board member need be there."""

from __future__ import annotations

from involvement.access import Role, Viewer
from involvement.actions import audits
from involvement.actions.base import today
from involvement.audits import snapshot
from involvement.models import Audit, AuditDocument, Conclusion, Organisation, Publication, SignOff, Snapshot, User

BOARD = frozenset({Role.BOARD_MEMBER})
PLACES = ("owners", "users", "choosers", "coproducers")


def viewer_of(organisation: Organisation, by: User) -> Viewer:
    """Return ``by`` as a board member of the organisation, whatever the rows say."""
    return Viewer(by, organisation, BOARD)


def frozen_audit(organisation: Organisation, by: User, *, title: str, as_at=None, period_from=None, **fields) -> Audit:
    """Return an audit whose snapshot was taken."""
    day = as_at or today()
    audit = Audit.objects.create(
        organisation=organisation, recorded_by=by, title=title, as_at=day,
        period_from=period_from or snapshot.year_before(day), period_to=day, **fields,
    )  # fmt: skip
    drawn = snapshot.take(viewer_of(organisation, by), audit, although="There was no time to do it before.")
    content = audits.canonical(drawn)
    Snapshot.objects.create(
        organisation=organisation, recorded_by=by, audit=audit, content=content, digest=audits.digest_of(content),
        framework_version=drawn["framework_version"],
    )  # fmt: skip
    return audit


def signed_audit(organisation: Organisation, by: User, *, title: str, **fields) -> Audit:
    """Return an audit that ``by`` signed, with one document."""
    audit = frozen_audit(organisation, by, title=title, **fields)
    for place in PLACES:
        Conclusion.objects.create(
            organisation=organisation, recorded_by=by, audit=audit, place=place, assurance="partly",
            reason=f"{title} shows half of it.",
        )  # fmt: skip
    sign_off = SignOff(
        organisation=organisation, recorded_by=by, audit=audit, by=by, on=today(), name=by.name,
        statement=f"I have read {title}.",
    )  # fmt: skip
    sign_off.seal = audits.seal(audit.snapshot, audits.conclusions_of(audit), sign_off)
    sign_off.save()
    content = f"{title} as a file".encode()
    AuditDocument.objects.create(
        organisation=organisation, recorded_by=by, audit=audit, kind="pdf", content=content,
        digest=audits.digest_of(content),
    )  # fmt: skip
    return Audit.objects.get(pk=audit.pk)


def published_audit(organisation: Organisation, by: User, *, title: str, **fields) -> Audit:
    """Return a signed audit that stands on the public page."""
    audit = signed_audit(organisation, by, title=title, **fields)
    Publication.objects.create(organisation=organisation, recorded_by=by, audit=audit, by=by, on=today())
    return audit
