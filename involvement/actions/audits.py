"""Every write of an audit: start, freeze, judge, sign, publish. Once it is signed there is none left but publishing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext as _

from framework.catalogue import catalogue
from involvement.access import ROLES, Permission, Role
from involvement.actions.base import Conflict, Refused, once, take, today, writing
from involvement.actions.security import record
from involvement.canonical import canonical, digest_of
from involvement.models import Audit, AuditDocument, Conclusion, Organisation, Publication, Service, SignOff, Snapshot
from involvement.models import User as Person

LONGEST_WORDS = 4000


def start_audit(
    *,
    organisation: Organisation,
    by: Person,
    title: str,
    as_at: date,
    period_from: date,
    period_to: date,
    service: Service | None = None,
    supersedes: Audit | None = None,
    key: UUID | None = None,
) -> Audit:
    """Begin an audit of the whole organisation or one service, as at a day, looking back over a period.

    ``supersedes`` is the audit that it will replace: a signed one stands until this one is signed too. A second call
    with the same ``key`` returns the first audit. Raises PermissionDenied, or Refused with a sentence per field.
    """
    _require(organisation, by, Permission.AUDIT_RUN)
    _refuse_wrong(organisation, title, as_at, period_from, period_to, service)
    if supersedes is not None and supersedes.organisation_id != organisation.pk:
        raise Refused(_("There is no such audit."))

    def write() -> dict:
        with writing(organisation):
            if supersedes is not None and supersedes.state == Audit.State.SUPERSEDED:
                raise Refused(_("Another audit has taken the place of this one already."))
            audit = Audit(
                organisation=organisation, recorded_by=by, title=title.strip(), as_at=as_at, service=service,
                period_from=period_from, period_to=period_to, supersedes=supersedes,
            )  # fmt: skip
            audit._history_user = by
            audit.save()
            _told(audit, by, "audit-started")
            return {"audit": audit.pk}

    return organisation.audits.get(pk=once(organisation=organisation, by=by, key=key, write=write)["audit"])


def change_audit(
    *,
    audit: Audit,
    by: Person,
    version: int,
    title: str,
    as_at: date,
    period_from: date,
    period_to: date,
    service: Service | None = None,
) -> Audit:
    """Change what an audit is of, as long as it is being prepared.

    Raises PermissionDenied, Refused with a sentence per field, or Conflict when somebody saved it meanwhile.
    """
    organisation = audit.organisation
    _require(organisation, by, Permission.AUDIT_RUN)
    _refuse_wrong(organisation, title, as_at, period_from, period_to, service)
    with writing(organisation):
        current = take(audit, version)
        _refuse_unless(current, Audit.State.DRAFT)
        current.title, current.as_at, current.service = title.strip(), as_at, service
        current.period_from, current.period_to = period_from, period_to
        current._history_user = by
        current.save()
    return current


def freeze_audit(
    *, audit: Audit, by: Person, version: int, draw_up: Callable[[Audit, str], dict], although: str = ""
) -> Snapshot:
    """Take the snapshot, once: from now on the audit is drawn from it alone.

    ``draw_up`` is (audit, although) -> the snapshot (audits.snapshot.take); it runs under the organisation's lock, so
    nobody writes while it reads. Where its checklist says that something stands in the way of an honest audit,
    ``although`` has to say why the board goes on; the report prints it.
    Raises PermissionDenied, Refused, or Conflict when somebody saved the audit meanwhile.
    """
    organisation = audit.organisation
    _require(organisation, by, Permission.AUDIT_RUN)
    if len(although.strip()) > LONGEST_WORDS:
        raise Refused({"although": _("Use %(longest)d characters or fewer.") % {"longest": LONGEST_WORDS}})
    with writing(organisation):
        current = take(audit, version)
        _refuse_unless(current, Audit.State.DRAFT)
        drawn = draw_up(current, although.strip())
        if any(row["blocks"] for row in drawn["checklist"]) and not although.strip():
            raise Refused({"although": _("Say why the board goes on although this is open.")})
        content = canonical(drawn)
        snapshot = Snapshot.objects.create(
            organisation=organisation, recorded_by=by, audit=current, content=content, digest=digest_of(content),
            framework_version=drawn["framework_version"], taken_at=timezone.now(),
        )  # fmt: skip
        current._history_user = by
        current.save()
        _told(current, by, "audit-frozen")
    return snapshot


def conclude(*, audit: Audit, by: Person, version: int, judged: Mapping[str, tuple[str, str]]) -> Audit:
    """Write what the board says of places: ``judged`` maps a place to (assurance, reason). A place left out stays.

    Raises PermissionDenied, Refused with a sentence per field ("owners-reason"), or Conflict.
    """
    organisation = audit.organisation
    _require(organisation, by, Permission.AUDIT_RUN)
    wrong = {}
    for place, (assurance, reason) in judged.items():
        if place not in catalogue().places:
            wrong[""] = _("There is no such place on the map.")
        if assurance not in Conclusion.Assurance.values:
            wrong[f"{place}-assurance"] = _("Choose how sure the board is.")
        if not reason.strip():
            wrong[f"{place}-reason"] = _("Say why.")
        elif len(reason.strip()) > LONGEST_WORDS:
            wrong[f"{place}-reason"] = _("Use %(longest)d characters or fewer.") % {"longest": LONGEST_WORDS}
    if wrong:
        raise Refused(wrong)
    with writing(organisation):
        current = take(audit, version)
        _refuse_unless(current, Audit.State.FROZEN)
        written = {row.place: row for row in organisation.conclusions.filter(audit=current)}
        for place, (assurance, reason) in judged.items():
            row = written.get(place) or Conclusion(
                organisation=organisation, recorded_by=by, audit=current, place=place
            )
            if (row.assurance, row.reason) != (assurance, reason.strip()):
                row.assurance, row.reason = assurance, reason.strip()
                row._history_user = by
                row.save()
        current._history_user = by
        current.save()
    return current


def sign_audit(
    *,
    audit: Audit,
    by: Person,
    version: int,
    name: str,
    statement: str,
    render: Callable[[dict, list[dict], dict], Mapping[str, bytes]],
    on: date | None = None,
) -> SignOff:
    """Sign: after this nobody changes anything of the audit. The page asks for the password once more before.

    ``render`` is (snapshot, conclusions, signed) -> the documents to keep, kind -> bytes. ``on`` is the day, today
    unless told otherwise. Raises PermissionDenied, Refused with a sentence per field, or Conflict when a conclusion
    was changed since the page was opened.
    """
    organisation = audit.organisation
    _require(organisation, by, Permission.AUDIT_SIGN)
    wrong = {}
    if not name.strip():
        wrong["name"] = _("Your account has no name yet. Give it one under “Your account”, then sign.")
    elif len(name.strip()) > 150:
        wrong["name"] = _("Use 150 characters or fewer.")
    if not statement.strip():
        wrong["statement"] = _("Say what you sign.")
    elif len(statement.strip()) > LONGEST_WORDS:
        wrong["statement"] = _("Use %(longest)d characters or fewer.") % {"longest": LONGEST_WORDS}
    if wrong:
        raise Refused(wrong)
    with writing(organisation):
        current = organisation.audits.select_for_update().get(pk=audit.pk)
        if current.version != version:
            raise Conflict(current)
        _refuse_unless(current, Audit.State.FROZEN)
        snapshot = current.snapshot
        conclusions = conclusions_of(current)
        missing = [each["title"] for each in conclusions if not each["assurance"]]
        if missing:
            raise Refused(_("Say first how sure the board is of: %(places)s.") % {"places": ", ".join(missing)})
        if current.supersedes and current.supersedes.state == Audit.State.SUPERSEDED and current.supersedes.is_signed:
            raise Refused(_("Another audit has taken the place of the earlier one already."))
        sign_off = SignOff(
            organisation=organisation, recorded_by=by, audit=current, by=by, on=on or today(),
            name=" ".join(name.split()), statement=statement.strip(),
        )  # fmt: skip
        sign_off.seal = seal(snapshot, conclusions, sign_off)
        sign_off.save()
        documents = render(json.loads(snapshot.content), conclusions, signed_words(snapshot, sign_off))
        for kind, content in documents.items():
            AuditDocument.objects.create(
                organisation=organisation, recorded_by=by, audit=current, kind=kind, content=content,
                digest=digest_of(content),
            )  # fmt: skip
        _told(current, by, "audit-signed")
    return sign_off


def conclusions_of(audit: Audit) -> list[dict]:
    """Return what the board said of each place of the snapshot, in its order; "" where nothing was said yet."""
    written = {row.place: row for row in audit.organisation.conclusions.filter(audit=audit)}
    found = []
    for place in json.loads(audit.snapshot.content)["places"]:
        row = written.get(place["slug"])
        found.append(
            {
                "place": place["slug"],
                "title": place["title"],
                "assurance": row.assurance if row else "",
                "assurance_title": str(row.get_assurance_display()) if row else "",
                "reason": row.reason if row else "",
            }
        )
    return found


def signed_words(snapshot: Snapshot, sign_off: SignOff) -> dict:
    """Return a sign-off as plain data, as reports print it."""
    return {
        "name": sign_off.name,
        "by": sign_off.by_id,
        "on": sign_off.on.isoformat(),
        "statement": sign_off.statement,
        "digest": snapshot.digest,
        "seal": sign_off.seal,
    }


def seal(snapshot: Snapshot, conclusions: list[dict], sign_off: SignOff) -> str:
    """Return the digest of what was signed: the snapshot's digest, the conclusions, who, when, which statement.

    The name as written is left out: a person who is to be forgotten can be, and the seal still holds.
    """
    return digest_of(
        canonical(
            {
                "snapshot": snapshot.digest,
                "conclusions": [[each["place"], each["assurance"], each["reason"]] for each in conclusions],
                "by": sign_off.by_id,
                "on": sign_off.on.isoformat(),
                "statement": sign_off.statement,
            }
        )
    )


def publish_audit(*, audit: Audit, by: Person, on: date | None = None) -> Publication:
    """Put a signed audit on the organisation's public page. One that stands there already is left as it is.

    Raises PermissionDenied, or Refused for an audit that is not signed.
    """
    organisation = audit.organisation
    _require(organisation, by, Permission.PUBLISH)
    with writing(organisation):
        current = organisation.audits.select_for_update().get(pk=audit.pk)
        _refuse_unless(current, Audit.State.SIGNED)
        standing = organisation.publications.filter(audit=current, withdrawn_on=None).first()
        if standing is not None:
            return standing
        publication = Publication(organisation=organisation, recorded_by=by, audit=current, by=by, on=on or today())
        publication.save()
        _told(current, by, "audit-published")
    return publication


def withdraw_publication(*, publication: Publication, by: Person, reason: str) -> Publication:
    """Take an audit off the public page, with a reason that stands there in its place.

    Raises PermissionDenied, or Refused when there is no reason or it was taken down already.
    """
    organisation = publication.organisation
    _require(organisation, by, Permission.PUBLISH)
    if not reason.strip():
        raise Refused({"reason": _("Say why.")})
    if len(reason.strip()) > 500:
        raise Refused({"reason": _("Use %(longest)d characters or fewer.") % {"longest": 500}})
    with writing(organisation):
        current = organisation.publications.select_for_update().get(pk=publication.pk)
        if current.withdrawn_on:
            raise Refused(_("This was taken down already."))
        current.withdrawn_on, current.withdrawn_by, current.withdrawn_reason = today(), by, reason.strip()
        current.save()
        _told(current.audit, by, "audit-unpublished", reason=current.withdrawn_reason)
    return current


def _require(organisation: Organisation, by: Person, permission: Permission) -> None:
    """Check the right again from the rows, whatever page the caller came through."""
    roles = organisation.memberships.filter(user=by, until__isnull=True).values_list("role", flat=True)
    if not any(permission in ROLES[Role(role)] for role in roles):
        raise PermissionDenied


def _refuse_unless(audit: Audit, state: str) -> None:
    """Raise Refused with the reason when ``audit`` stands elsewhere than this step needs."""
    now = audit.state
    if now == state:
        return
    if audit.is_signed and state != Audit.State.SIGNED:
        raise Refused(_("This audit is signed. Nobody can change it. Start a new one that takes its place."))
    said = {
        Audit.State.DRAFT: _("This audit is not frozen yet."),
        Audit.State.FROZEN: _("This audit is frozen already.") if state == Audit.State.DRAFT
        else _("This audit is not signed yet."),
        Audit.State.SUPERSEDED: _("Another audit has taken the place of this one."),
    }  # fmt: skip
    raise Refused(said[now])


def _refuse_wrong(
    organisation: Organisation, title: str, as_at: date, period_from: date, period_to: date, service: Service | None
) -> None:
    wrong = {}
    if not title.strip():
        wrong["title"] = _("Write a title.")
    elif len(title.strip()) > 200:
        wrong["title"] = _("Use 200 characters or fewer.")
    if as_at > today():
        wrong["as_at"] = _("This day has not come yet.")
    if period_to < period_from:
        wrong["period_to"] = _("The period ends before it begins.")
    elif period_to > as_at:
        wrong["period_to"] = _("The period cannot end after the day that the audit looks at.")
    if service is not None and service.organisation_id != organisation.pk:
        wrong["service"] = _("There is no such service.")
    if wrong:
        raise Refused(wrong)


def _told(audit: Audit, by: Person, kind: str, **more) -> None:
    record(kind, by=by, organisation=audit.organisation, audit=audit.pk, **more)
