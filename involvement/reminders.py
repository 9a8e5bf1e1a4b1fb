"""What people have to be reminded of on a day: actions, reviews, "not needed", statements that a list is complete.

An action is told of in the week before it is due, once, and then every week while it is overdue. The other two are told
of once, in the month before. Whoever is asked to review is told at once and in the week before the round ends, and
whoever opened a round every week while it is past its day. Nobody is told twice of the same (ReminderSent), nor gets
two letters on one day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.contrib.auth.models import AnonymousUser
from django.core.mail import EmailMessage
from django.db.models import Count, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from involvement.access import ROLES, Permission, Role, Viewer
from involvement.actions.base import today
from involvement.board_actions import ActionRow, action_rows
from involvement.challenges import challenge_rows
from involvement.completeness import said_by_place
from involvement.drawing import answered, cell_address
from involvement.maps import build_map
from involvement.models import Action, ActionStep, Organisation, ReminderSent, User

BEFORE_AN_ACTION = timedelta(days=7)
BEFORE_A_REVIEW = timedelta(days=30)
BEFORE_A_REPLY = timedelta(days=7)
BEFORE_A_LIST_ENDS = timedelta(days=30)
BEFORE_A_ROUND_ENDS = timedelta(days=7)
A_WEEK = 7  # days


@dataclass(frozen=True)
class Reminder:
    """One thing to tell one person of. ``what``, ``thing`` and ``due`` are its identity (ReminderSent)."""

    recipient: User
    organisation: Organisation
    what: str
    thing: int
    due: date
    words: str
    path: str  # where it is answered, without the site

    @property
    def identity(self) -> tuple:
        return self.recipient.pk, self.what, self.thing, self.due


def lapsed_again(organisation: Organisation, *, on: date) -> list[Action]:
    """Return the actions that are done by their last step while what they were about has lapsed since."""
    if not organisation.action_steps.filter(kind=ActionStep.Kind.DONE).exists():
        return []
    viewer = _anybody(organisation)
    rows = action_rows(viewer, on=on, organisation_map=build_map(viewer, as_at=on))
    return [row.action for row in rows if row.lapsed_again]


def reminders(organisation: Organisation, *, on: date) -> list[Reminder]:
    """Return what people of ``organisation`` are to be told of on the day ``on`` and were not told of yet."""
    holders = _holders(organisation)
    found = [
        *_of_actions(organisation, holders, on),
        *_of_reviews(organisation, holders, on),
        *_of_lists(organisation, holders, on),
        *_of_challenges(organisation, holders, on),
        *_of_tasks(organisation, holders, on),
        *_of_rounds(organisation, holders, on),
    ]
    sent = set(
        ReminderSent.objects.filter(organisation=organisation).values_list("recipient", "what", "thing", "due")
    )
    return [each for each in found if each.identity not in sent]


def told_on(on: date) -> set[int]:
    """Return the ids of those who had a letter on the day ``on``, from whichever organisation."""
    return set(ReminderSent.objects.filter(on=on).values_list("recipient", flat=True))


def letter(recipient: User, told: Iterable[Reminder], site: str) -> EmailMessage:
    """Return the one letter that lists everything ``told`` to ``recipient``; ``site`` is the site's own address."""
    told = list(told)
    by_name: dict[str, list] = {}
    for each in told:
        by_name.setdefault(" ".join(each.organisation.name.split()), []).append((each.words, site + each.path))
    subject = ngettext("%(n)d thing waits for you", "%(n)d things wait for you", len(told)) % {"n": len(told)}
    return EmailMessage(
        subject=_("Involvement Map: %(words)s") % {"words": subject},
        body=render_to_string("reminders/letter.txt", {"name": recipient.name, "organisations": by_name.items()}),
        to=[recipient.email],
    )


def _anybody(organisation: Organisation) -> Viewer:
    return Viewer(AnonymousUser(), organisation, frozenset({Role.VIEWER}))


def _holders(organisation: Organisation) -> dict[int, tuple[User, frozenset[Permission]]]:
    """Return the members whose account is open, by id, each with what they may do."""
    found: dict[int, tuple[User, frozenset[Permission]]] = {}
    rows = organisation.memberships.filter(until=None, user__is_active=True).select_related("user").order_by("user_id")
    for row in rows:
        _user, held = found.get(row.user_id, (row.user, frozenset()))
        found[row.user_id] = (row.user, held | ROLES[Role(row.role)])
    return found


def _who_may(holders, permission: Permission) -> list[User]:
    return [user for user, held in holders.values() if permission in held]


def _of_actions(organisation, holders, on: date) -> Iterator[Reminder]:
    for row in action_rows(_anybody(organisation), on=on):
        owner = holders.get(row.action.owner_user_id)
        if owner is None or not row.is_open or row.due_on > on + BEFORE_AN_ACTION:
            continue
        path = reverse("action-detail", args=[organisation.slug, row.action.pk])
        yield Reminder(owner[0], organisation, "action", row.action.pk, _letter_for(row, on), _words(row), path)


def _letter_for(row: ActionRow, on: date) -> date:
    """Return the day that a letter about an action is for: the day it is due, or the first of an overdue week."""
    return _first_of_week(row.due_on, on) if row.overdue else row.due_on


def _first_of_week(due_on: date, on: date) -> date:
    """Return the first day of the week, counted from the day after ``due_on``, in which ``on`` lies."""
    return due_on + timedelta(days=1 + ((on - due_on).days - 1) // A_WEEK * A_WEEK)


def _words(row: ActionRow) -> str:
    said = {"what": row.action.what, "day": _day(row.due_on)}
    if row.overdue:
        return _("Overdue since %(day)s: %(what)s") % said
    return _("Due by %(day)s: %(what)s") % said


def _of_reviews(organisation, holders, on: date) -> Iterator[Reminder]:
    """A "not needed" comes back to the board members before it lapses."""
    soon = (on, on + BEFORE_A_REVIEW)
    rows = organisation.responses.filter(kind="not-needed", review_on__range=soon, made_on__lte=on, ended_on=None)
    for answer in answered(rows.select_related("service")):
        row = answer.response
        words = _("Judged as not needed, to look at again by %(day)s: %(about)s") % {
            "day": _day(row.review_on), "about": answer.about,
        }  # fmt: skip
        path = cell_address(organisation, "gap-respond", service=row.service, place=row.place, facet=row.facet)
        for user in _who_may(holders, Permission.GAP_NOT_NEEDED):
            yield Reminder(user, organisation, "review", row.pk, row.review_on, words, path)


def _of_lists(organisation, holders, on: date) -> Iterator[Reminder]:
    """A statement that a list is complete comes back to whoever made it, or to the leads once they are gone."""
    leads = _who_may(holders, Permission.MEMBER_MANAGE)
    for said in said_by_place(_anybody(organisation), as_at=on):
        for each in said.all:
            if not each.holds or each.until > on + BEFORE_A_LIST_ENDS:
                continue
            author, held = holders.get(each.statement.recorded_by_id, (None, frozenset()))
            words = _("“This list is complete” for %(place)s ends on %(day)s") % {
                "place": said.place.title.lower(), "day": _day(each.until),
            }  # fmt: skip
            for user in [author] if Permission.COMPLETE_STATE in held else leads:
                path = reverse("complete", args=[organisation.slug])
                yield Reminder(user, organisation, "complete", each.statement.pk, each.until, words, path)


def _of_challenges(organisation, holders, on: date) -> Iterator[Reminder]:
    """A reply that is owed comes to whoever may give it, a week before its day and each week after; a reply, once, to
    the challenger."""
    for row in challenge_rows(_anybody(organisation), on=on):
        if not row.is_open:
            continue
        path = reverse("challenge-detail", args=[organisation.slug, row.challenge.pk])
        if row.owed and row.due_on <= on + BEFORE_A_REPLY:
            late = row.due_on + timedelta(days=1 + ((on - row.due_on).days - 1) // A_WEEK * A_WEEK)
            words = _("A reply to a challenge is overdue since %(day)s: %(about)s") if row.overdue else _(
                "A reply to a challenge is owed by %(day)s: %(about)s"
            )
            words %= {"day": _day(row.due_on), "about": row.about}
            due = next(each for each in row.challenge.owed if each.met_on is None)
            for user in _who_may(holders, Permission.CHALLENGE_REPLY):
                yield Reminder(user, organisation, "reply", due.pk, late if row.overdue else row.due_on, words, path)
        author = holders.get(row.challenge.recorded_by_id)
        if author is not None and row.reply is not None and row.steps[-1] == row.reply:
            words = _("Your challenge was answered: %(about)s") % {"about": row.about}
            yield Reminder(author[0], organisation, "challenge", row.reply.pk, row.reply.on, words, path)
def _of_tasks(organisation, holders, on: date) -> Iterator[Reminder]:
    """Reviewers hear that they were asked, and in the last week what they have not answered."""
    rows = organisation.round_reviewers.filter(
        removed_on=None, round__closed_on=None, round__opened_on__lte=on, round__due_on__gte=on
    ).select_related("round")
    for row in rows.annotate(left=Count("tasks", filter=Q(tasks__answered_at=None))).order_by("pk"):
        person, held = holders.get(row.person_id, (None, frozenset()))
        if Permission.REVIEW not in held or not row.left:
            continue
        last_week = row.round.due_on <= on + BEFORE_A_ROUND_ENDS
        words = ngettext(
            "%(n)d review to answer by %(day)s: %(title)s", "%(n)d reviews to answer by %(day)s: %(title)s", row.left
        ) % {"n": row.left, "day": _day(row.round.due_on), "title": row.round.title}
        due = row.round.due_on if last_week else row.round.opened_on
        path = reverse("review-list", args=[organisation.slug])
        yield Reminder(person, organisation, "review-asked", row.round_id, due, words, path)


def _of_rounds(organisation, holders, on: date) -> Iterator[Reminder]:
    """A round past its day comes back to whoever opened it, or to all who may close it once they are gone."""
    for round_ in organisation.review_rounds.filter(closed_on=None, due_on__lt=on).order_by("pk"):
        opener, held = holders.get(round_.recorded_by_id, (None, frozenset()))
        words = _("The review round “%(title)s” ended on %(day)s: close it, so that all can read what came out") % {
            "title": round_.title, "day": _day(round_.due_on),
        }  # fmt: skip
        path = reverse("review-close", args=[organisation.slug, round_.pk])
        for user in [opener] if Permission.ROUND_OPEN in held else _who_may(holders, Permission.ROUND_OPEN):
            due = _first_of_week(round_.due_on, on)
            yield Reminder(user, organisation, "review-over", round_.pk, due, words, path)


def _day(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"


def open_organisations() -> list[Organisation]:
    """Return the organisations whose people are reminded: neither suspended nor merged into another."""
    return list(Organisation.objects.filter(suspended_on=None, merged_into=None).order_by("pk"))


def due_today(organisations: Iterable[Organisation]) -> dict[User, list[Reminder]]:
    """Return everybody who is to have a letter today, with what it lists; nobody who had one today already."""
    had = told_on(today())
    found: dict[User, list[Reminder]] = {}
    for organisation in organisations:
        for each in reminders(organisation, on=today()):
            if each.recipient.pk not in had:
                found.setdefault(each.recipient, []).append(each)
    return found
