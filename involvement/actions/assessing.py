"""Asking the people who took part how it was, and their answers: no account, no name, one answer a browser."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from involvement.access import Permission
from involvement.actions.base import Refused, raise_version, require, today, writing
from involvement.models import Activity, Assessment, AssessmentLink, User
from involvement.tenancy import everywhere

LONGEST = timedelta(days=366)
MOST = 2_000  # answers to one link
TOKEN = re.compile(r"[\w-]{16,32}", re.ASCII)
BATCH = 5  # answers are shown in fives, so that nobody's own can be told from what changed


def find_link(token: str) -> AssessmentLink | None:
    """Return the link of a token, whatever its state, with its activity and organisation; None for any other token."""
    if not TOKEN.fullmatch(token):
        return None
    with everywhere():  # the token does not say whose it is
        rows = AssessmentLink.objects.select_related("organisation", "activity")
        return rows.filter(token=token).first()


def is_open(link: AssessmentLink) -> bool:
    """Return whether the link takes answers today: neither closed nor past its day, the activity not withdrawn."""
    gone = link.activity.withdrawn_on is not None or not link.organisation.is_open
    return link.closed_on is None and today() <= link.closes_on and not gone


def open_link(*, activity: Activity, by: User, closes_on: date, most: int = 200) -> AssessmentLink:
    """Make a new address at which people who took part in ``activity`` can answer; one that was open is closed.

    Raises PermissionDenied (all who keep the register, facilitators, patient leaders), or Refused, a sentence a field.
    """
    organisation = activity.organisation
    require(organisation, by, Permission.ASSESSMENT_ASK)
    wrong = {}
    if closes_on is None or not today() <= closes_on <= today() + LONGEST:
        wrong["closes_on"] = _("The day must be today or later, and within a year")
    if not most or not BATCH <= most <= MOST:
        wrong["most"] = _("Enter a number from %(least)d to %(most)d") % {"least": BATCH, "most": MOST}
    if activity.withdrawn_on is not None:
        wrong[""] = _("This activity was withdrawn")
    if wrong:
        raise Refused(wrong)
    with writing(organisation):
        _close(activity, by)
        return AssessmentLink.objects.create(
            organisation=organisation, recorded_by=by, activity=activity, opened_on=today(), closes_on=closes_on,
            most=most,
        )  # fmt: skip


def close_link(*, activity: Activity, by: User) -> None:
    """Take no more answers about ``activity``. Those that came stay. Doing it twice changes nothing."""
    require(activity.organisation, by, Permission.ASSESSMENT_ASK)
    with writing(activity.organisation):
        _close(activity, by)


def _close(activity: Activity, by: User) -> None:
    rows = activity.organisation.assessment_links.filter(activity=activity, closed_on=None)
    rows.update(closed_on=today(), closed_by=by)


def browser_of(link: AssessmentLink, cookie: str) -> str:
    """Return what is kept of a browser's random cookie: a keyed hash that is good for this link alone."""
    return salted_hmac("involvement.say", f"{link.pk}:{cookie}", algorithm="sha256").hexdigest()


def answered(link: AssessmentLink, cookie: str) -> bool:
    """Return whether this browser has answered already. One query."""
    rows = link.organisation.assessments.filter(link=link, browser=browser_of(link, cookie))
    return bool(cookie) and rows.exists()


def assess(*, link: AssessmentLink, cookie: str, said: Mapping[str, int | None]) -> bool:
    """Keep one person's four answers, 1 to 5 or None for "I cannot say"; return False where this browser had answered.

    Answers are written one after another, so that the number of answers and their batches are right. What is kept has
    the day and no time. Raises Refused where the link is closed, has had all its answers, or nothing was answered.
    """
    if set(said) != set(Assessment.SCALES):
        raise Refused(_("Answer the questions on the page"))
    if all(value is None for value in said.values()):
        raise Refused(_("Answer one question or more"))
    if not cookie:
        raise Refused(_("Your browser keeps no cookies, so we cannot tell your answer from another. Allow them here"))
    with transaction.atomic():
        current = AssessmentLink.objects.select_for_update().select_related("activity", "organisation").get(
            pk=link.pk, organisation_id=link.organisation_id
        )  # fmt: skip
        rows = Assessment.objects.filter(organisation_id=link.organisation_id, link=link)
        browser = browser_of(link, cookie)
        if rows.filter(browser=browser).exists():
            return False
        number = rows.count()
        if not is_open(current):
            raise Refused(_("This is closed, so no more answers are taken"))
        if number >= current.most:
            raise Refused(_("As many people have answered as this link is for. Ask whoever gave it to you"))
        midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        Assessment.objects.create(
            organisation_id=link.organisation_id, link=link, batch=number // BATCH, browser=browser,
            recorded_at=midnight, **said,
        )  # fmt: skip
        if (number + 1) % BATCH == 0:
            raise_version(current.organisation)  # pages show answers by batches
    return True
