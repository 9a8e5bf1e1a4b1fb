"""What came of it: record what was asked, decided and told, and the evidence for it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from framework.catalogue import catalogue
from framework.coverage import months_before, places_by_power
from involvement.actions.base import Refused, once, take, today, writing
from involvement.models import Activity, AskedAgain, Change, ChangeFacet, Evidence, StoredFile, User

LONGEST_TEXT = 5_000  # characters
AGAIN_AFTER = (1, 3, 5)  # years after its end, ended work is asked about again
WORDS = (
    "service",
    "asked",
    "decision_point",
    "outcome",
    "what",
    "why",
    "decided_on",
    "told_on",
    "told_by",
    "offered_percent",
    "taken_up_percent",
)


DIRECTION = places_by_power()[0]  # owners: proof is a record of a decision (framework, "Evidence of influence")


def record_change(*, activity: Activity, by: User, facets: Iterable[str], key: UUID | None = None, **words) -> Change:
    """Record what came of an activity, for the ways (``facets``, keys such as "users/access") it speaks for.

    ``words`` are fields of Change (WORDS). Raises Refused with a message for each field that is wrong.
    """

    def write() -> dict:
        with writing(activity.organisation):
            if activity.withdrawn_on:
                raise Refused(_("This activity was withdrawn, so nothing more can be recorded on it"))
            change = Change(organisation=activity.organisation, activity=activity, recorded_by=by)
            _fill(change, facets, words, by)
            _speak_for(change, facets, by)
        return {"change": change.pk}

    facets = list(facets)
    result = once(organisation=activity.organisation, by=by, key=key, write=write, about=activity)
    return activity.organisation.changes.get(pk=result["change"])


def edit_change(*, change: Change, by: User, version: int, facets: Iterable[str], **words) -> Change:
    """Change what was recorded. Raises Conflict on an old ``version``, Refused as record_change does."""
    with writing(change.organisation):
        current = take(change, version)
        facets = list(facets)
        _fill(current, facets, words, by)
        _speak_for(current, facets, by)
    return current


def _fill(change: Change, facets: list[str], words: dict, by: User) -> None:
    unknown = set(words) - set(WORDS)
    if unknown:
        raise TypeError(f"not fields of a change: {sorted(unknown)}")
    for name, value in words.items():
        setattr(change, name, value)
    check_change(change, facets)
    change._history_user = by
    change.save()


def check_change(change: Change, facets: list[str]) -> None:
    """Raise Refused unless the change says enough to be believed (framework, "Evidence of influence"). No query."""
    wrong: dict[str, str] = {}
    if not facets:
        wrong["facets"] = _("Choose at least one way to take part that this speaks for")
    elif set(facets) - set(catalogue().facets):
        wrong["facets"] = _("Choose from the ways in the list")
    elif not change.decision_point.strip() and any(facet.startswith(f"{DIRECTION}/") for facet in facets):
        wrong["decision_point"] = _("Say who decided, and where: of owners, only a record of a decision is proof")
    if not change.outcome:
        wrong["outcome"] = _("Choose what came of it")
    if change.decided_on is None:
        wrong["decided_on"] = _("Enter the day it was decided")
    elif change.decided_on > today():
        wrong["decided_on"] = _("The decision must be today or earlier")
    elif change.told_on is not None and change.told_on < change.decided_on:
        wrong["told_on"] = _("People cannot have been told before it was decided")
    if change.told_on is not None and change.told_on > today():
        wrong["told_on"] = _("The day people were told must be today or earlier")
    if change.outcome in ("changed", "partly") and not change.what.strip():
        wrong["what"] = _("Say what changed")
    if change.outcome == "refused" and not change.why.strip():
        wrong["why"] = _("Say why it did not change")
    if change.outcome == "share-offered":
        for name in ("offered_percent", "taken_up_percent"):
            if getattr(change, name) is None:
                wrong[name] = _("Enter a percentage from 0 to 100")
    for name in ("asked", "what", "why"):
        if len(getattr(change, name)) > LONGEST_TEXT:
            wrong[name] = _("Use %(most)s characters or fewer") % {"most": f"{LONGEST_TEXT:,}"}
    if change.service is not None and change.service.organisation_id != change.organisation_id:
        wrong["service"] = _("Choose one of your services")
    if not wrong:
        try:
            change.clean_fields(exclude=["organisation", "activity", "service", "recorded_by"])
        except ValidationError as error:
            wrong = {name: " ".join(said) for name, said in error.message_dict.items()}
    for name in ("offered_percent", "taken_up_percent"):
        share = getattr(change, name)
        if not wrong and share is not None and not 0 <= share <= 100:
            wrong[name] = _("Enter a percentage from 0 to 100")
    if wrong:
        raise Refused(wrong)


def _speak_for(change: Change, facets: list[str], by: User) -> None:
    """Make the change speak for exactly ``facets``, touching only the rows that differ."""
    known = {row.facet: row for row in change.facets.all()}
    for facet in set(known) - set(facets):
        known[facet]._history_user = by
        known[facet].delete()
    for facet in dict.fromkeys(facets):
        if facet not in known:
            row = ChangeFacet(organisation=change.organisation, change=change, facet=facet, recorded_by=by)
            row._history_user = by
            row.save()


def add_evidence(
    *,
    change: Change,
    by: User,
    kind: str,
    link: str = "",
    reference: str = "",
    dated_on=None,
    corroborated_by: str = "",
    corroborator: User | None = None,
    upload=None,
    content_type: str = "",
    key: UUID | None = None,
) -> Evidence:
    """Attach evidence to a change. Its grade follows from ``kind``: statement 1, document 2, corroboration 3.

    ``upload`` is a Django file already checked by the form, ``content_type`` what its content was found to be.
    Raises Refused: a document needs a web address, a file or a reference; a corroboration needs somebody who confirms
    it, and that cannot be the person who records it.
    """

    def write() -> dict:
        with writing(change.organisation):
            wrong = evidence_wrong(
                kind=kind,
                found=bool(link or reference.strip() or upload),
                confirmed=bool(corroborated_by.strip() or corroborator),
                dated_on=dated_on,
            )
            if corroborator is not None and corroborator == by:
                wrong["corroborated_by"] = _("Somebody other than you has to confirm it")
            if wrong:
                raise Refused(wrong)
            stored = None
            if upload is not None:
                stored = StoredFile.objects.create(
                    organisation=change.organisation,
                    recorded_by=by,
                    name=upload.name[:200],
                    content_type=content_type,
                    size=upload.size,
                    file=upload,
                )
            evidence = Evidence.objects.create(
                organisation=change.organisation,
                change=change,
                recorded_by=by,
                kind=kind,
                link=link,
                reference=reference.strip(),
                dated_on=dated_on,
                corroborated_by=corroborated_by.strip(),
                corroborator=corroborator,
                file=stored,
            )
        return {"evidence": evidence.pk}

    result = once(organisation=change.organisation, by=by, key=key, write=write, about=change)
    return change.organisation.evidence.get(pk=result["evidence"])


def nothing_to_tell(*, activity: Activity, by: User, years: int) -> AskedAgain:
    """Answer that an ended activity has no effect to tell of, ``years`` (1, 3 or 5) after its end. Twice is once.

    Raises Refused when that much time has not passed since its end, or it was withdrawn.
    """
    organisation = activity.organisation
    ended = activity.ended_on
    if years not in AGAIN_AFTER or ended is None or months_before(ended, -12 * years) > today():
        raise Refused(_("It is too early to ask that"))
    if activity.withdrawn_on:
        raise Refused(_("This activity was withdrawn, so nothing more can be recorded on it"))
    with writing(organisation):
        answer = organisation.asked_again.filter(activity=activity, years=years).first()
        return answer or AskedAgain.objects.create(
            organisation=organisation, recorded_by=by, activity=activity, years=years, on=today()
        )


def evidence_wrong(*, kind: str, found: bool, confirmed: bool, dated_on: date | None) -> dict[str, str]:
    """Return what is wrong with a piece of evidence: whether it can be ``found``, whether somebody ``confirmed`` it."""
    wrong: dict[str, str] = {}
    if kind not in Evidence.Kind.values:
        wrong["kind"] = _("Choose what kind of evidence this is")
    if kind == "document" and not found:
        wrong["reference"] = _("Give a web address, a file or a reference, so that others can find it")
    if kind == "corroboration" and not confirmed:
        wrong["corroborated_by"] = _("Say who confirms it: a role or a group, not a patient’s name")
    if dated_on is not None and dated_on > today():
        wrong["dated_on"] = _("The date must be today or earlier")
    return wrong


def withdraw_evidence(*, evidence: Evidence, by: User) -> Evidence:
    """Stop evidence from counting from today on; it stays in the record. Doing it twice changes nothing."""
    with writing(evidence.organisation):
        current = evidence.organisation.evidence.select_for_update().get(pk=evidence.pk)
        if current.withdrawn_on is None:
            current.withdrawn_on = today()
            current.save(update_fields=["withdrawn_on"])
    return current
