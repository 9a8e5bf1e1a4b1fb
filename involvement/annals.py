"""The history of an organisation in plain sentences: people, settings, services, rulings, what is done about the map.

What became of one activity stands in its own history (chronicle.py). Newest first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from framework.catalogue import catalogue
from involvement.access import ROLE_NAMES, Permission, Role, Viewer
from involvement.actions.organisations import SETTINGS
from involvement.members import nobody, titles
from involvement.models import (
    ActionStep,
    Challenge,
    ChallengeStep,
    Invitation,
    Organisation,
    Response,
    Ruling,
    SecurityEvent,
    Service,
)
from involvement.registers import day, place_title


@dataclass(frozen=True)
class Deed:
    """Something that somebody did: ``words`` follow the name, "gave Ed the role “editor”"."""

    at: datetime
    who: str
    words: str


def annals(viewer: Viewer) -> list[Deed]:
    """Return what was done to the organisation's record, newest first. A fixed number of queries."""
    deeds = [*_of_events(viewer), *_of_services(viewer), *_of_the_board(viewer), *_of_challenges(viewer)]
    deeds += _of_workshops(viewer)
    return sorted(deeds, key=lambda deed: deed.at, reverse=True)


class _Names:
    """The names that sentences need: people who have or had a role here, invitations, rulings."""

    def __init__(self, viewer: Viewer):
        organisation = viewer.organisation
        rows = organisation.memberships.select_related("user")
        self.people = {row.user_id: row.user.get_full_name() for row in rows}
        self.invitations: dict[int, Invitation] = {row.pk: row for row in organisation.invitations.all()}
        self.rulings: dict[int, Ruling] = {row.pk: row for row in organisation.rulings.all()}
        self.audits = dict(organisation.audits.values_list("pk", "title"))
        self.rounds = dict(organisation.review_rounds.values_list("pk", "title"))
        self.sees_addresses = viewer.may(Permission.MEMBER_MANAGE)

    def person(self, user_id: int) -> str:
        return self.people.get(user_id, _("somebody"))

    def invited(self, detail: dict) -> str:
        """Return who was invited: by name where there is one, by address to whoever may see it."""
        invitation = self.invitations.get(detail["invitation"])
        if invitation is None:
            return _("somebody")
        if self.sees_addresses:
            return f"{invitation.name} ({invitation.email})" if invitation.name else invitation.email
        return invitation.name or _("somebody")


def _role(slug: str) -> str:
    return str(ROLE_NAMES[Role(slug)]).lower()


def _given(detail: dict, names: _Names) -> str:
    if "invitation" in detail:
        return ""  # told as the invitation that was accepted
    return _("gave %(name)s the role “%(role)s”") % {
        "name": names.person(detail["user"]), "role": _role(detail["role"])
    }  # fmt: skip


def _ended(detail: dict, names: _Names) -> str:
    if detail.get("whole"):
        return ""  # told as the person's going
    words = _("ended the role “%(role)s” of %(name)s") % {
        "name": names.person(detail["user"]), "role": _role(detail["role"])
    }  # fmt: skip
    return words + _because(detail)


def _because(detail: dict) -> str:
    return _(", because “%(reason)s”") % {"reason": detail["reason"]} if detail.get("reason") else ""


def _invitation(words: str) -> Callable[[dict, _Names], str]:
    def tell(detail: dict, names: _Names) -> str:
        roles = ", ".join(titles(detail["roles"])).lower()
        return str(words) % {"name": names.invited(detail), "roles": roles}

    return tell


def _gone(words: str) -> Callable[[dict, _Names], str]:
    def tell(detail: dict, names: _Names) -> str:
        roles = ", ".join(titles(detail["roles"])).lower()
        return str(words) % {"name": names.person(detail["user"]), "roles": roles} + _because(detail)

    return tell


def _erased(detail: dict, _names: _Names) -> str:
    return _("took a person’s name and address out of the record. What they wrote stays") + _because(detail)


def _ruling(words: str) -> Callable[[dict, _Names], str]:
    def tell(detail: dict, names: _Names) -> str:
        ruling = names.rulings[detail["ruling"]]
        kind = catalogue().contested_kinds.get(ruling.contested_kind)
        return str(words) % {
            "kind": kind.title if kind else ruling.contested_kind, "place": place_title(ruling.place),
            "reason": ruling.reason, "author": ruling.author, "day": day(ruling.from_on),
        }  # fmt: skip

    return tell


def _audit(words: str) -> Callable[[dict, _Names], str]:
    def tell(detail: dict, names: _Names) -> str:
        return str(words) % {"title": names.audits[detail["audit"]]} + _because(detail)

    return tell


def _review(words: str) -> Callable[[dict, _Names], str]:
    def tell(detail: dict, names: _Names) -> str:
        said = {"title": names.rounds[detail["round"]]}
        if "user" in detail:
            said["name"] = names.person(detail["user"])
        return str(words) % said + _because(detail)

    return tell


def _merged(other: str, words: str) -> Callable[[dict, _Names], str]:
    def tell(detail: dict, _names: _Names) -> str:
        return str(words) % {"name": detail[other], "day": day(date.fromisoformat(detail["on"]))} + _because(detail)

    return tell


def _settings(detail: dict, _names: _Names) -> str:
    return "; ".join(_setting(field, *detail[field]) for field in SETTINGS if field in detail)


def _setting(name: str, before, after) -> str:
    if name == "second_factor_required":
        if after:
            return _("made leads and board members sign in with a second step")
        return _("stopped asking leads and board members for a second step")
    if name == "practise_first":
        if after:
            return _("asked patient leaders to practise before their first review")
        return _("stopped asking patient leaders to practise before their first review")
    if name == "reply_days":
        words = _("now replies to challenges within %(after)s days, before it was within %(before)s")
        return words % {"before": before, "after": after}
    field = Organisation._meta.get_field(name)
    choices = dict(field.flatchoices)
    shown = {"field": field.verbose_name, "before": choices.get(before, before), "after": choices.get(after, after)}
    if not before:
        return _("filled in the %(field)s: “%(after)s”") % shown
    if not after:
        return _("emptied the %(field)s, which was “%(before)s”") % shown
    return _("changed the %(field)s from “%(before)s” to “%(after)s”") % shown


# Kind of a security event: (its detail, names) -> the sentence without its subject, "" where another tells it.
TOLD: dict[str, Callable[[dict, _Names], str]] = {
    "organisation-created": lambda _detail, _names: _("made this organisation’s map"),
    "role-given": _given,
    "role-ended": _ended,
    "member-removed": _gone(gettext_lazy("removed %(name)s (%(roles)s)")),
    "member-left": _gone(gettext_lazy("left (%(roles)s)")),
    "person-erased": _erased,
    "invited": _invitation(gettext_lazy("invited %(name)s as %(roles)s")),
    "invitation-sent-again": _invitation(gettext_lazy("sent the invitation of %(name)s again, as %(roles)s")),
    "invitation-revoked": _invitation(gettext_lazy("took back the invitation of %(name)s")),
    "invitation-accepted": _invitation(gettext_lazy("accepted an invitation, as %(roles)s")),
    "organisation-suspended": lambda detail, _names: _("closed this organisation for now") + _because(detail),
    "organisation-resumed": lambda _detail, _names: _("opened this organisation again"),
    "organisation-merged": _merged("into", gettext_lazy("made this organisation part of %(name)s, from %(day)s")),
    "organisation-took-in": _merged("merged", gettext_lazy("made %(name)s part of this organisation, from %(day)s")),
    "settings-changed": _settings,
    "ruling-made": _ruling(
        gettext_lazy("recorded how “%(kind)s” is counted from %(day)s: %(place)s, because “%(reason)s” (%(author)s)")
    ),
    "audit-started": _audit(gettext_lazy("started the audit “%(title)s”")),
    "audit-frozen": _audit(gettext_lazy("froze the audit “%(title)s”")),
    "audit-signed": _audit(gettext_lazy("signed the audit “%(title)s”")),
    "audit-published": _audit(gettext_lazy("published the audit “%(title)s”")),
    "audit-unpublished": _audit(gettext_lazy("took the audit “%(title)s” off the public page")),
    "review-opened": _review(gettext_lazy("opened the review round “%(title)s”")),
    "reviewer-removed": _review(gettext_lazy("took %(name)s out of the review round “%(title)s”")),
    "review-closed": _review(gettext_lazy("closed the review round “%(title)s”")),
    "ruling-ended": _ruling(gettext_lazy("ended the ruling on “%(kind)s” of %(day)s (%(place)s)")),
}


def _of_events(viewer: Viewer) -> Iterator[Deed]:
    names = _Names(viewer)
    events = SecurityEvent.objects.filter(organisation=viewer.organisation, kind__in=TOLD)
    for event in events.select_related("actor").order_by("at", "pk"):
        words = TOLD[event.kind](event.detail, names)
        if words:
            yield Deed(event.at, event.actor.get_full_name() if event.actor else nobody(), words)


def _of_services(viewer: Viewer) -> Iterator[Deed]:
    rows = Service.history.model.objects.filter(organisation=viewer.organisation)
    yield from _told_services(rows.select_related("history_user").order_by("id", "history_id"))


def service_deeds(service: Service) -> list[Deed]:
    """Return what was done to one service, newest first. One query."""
    rows = service.history.filter(organisation=service.organisation)
    return list(_told_services(rows.select_related("history_user").order_by("id", "history_id")))[::-1]


def _told_services(rows) -> Iterator[Deed]:
    before = None
    for row in rows:
        who = row.history_user.get_full_name() if row.history_user else nobody()
        if before is None or before.id != row.id:
            yield Deed(row.history_date, who, _("added the service “%(name)s”") % {"name": row.name})
        else:
            names = {"before": before.name, "name": row.name, "day": day(row.retired_on)}
            if before.name != row.name:
                yield Deed(row.history_date, who, _("renamed the service “%(before)s” to “%(name)s”") % names)
            if row.retired_on and not before.retired_on:
                yield Deed(row.history_date, who, _("closed the service “%(name)s” from %(day)s") % names)
            if before.retired_on and not row.retired_on:
                yield Deed(row.history_date, who, _("brought the service “%(name)s” back") % names)
        before = row


# -- What is done about the map ---------------------------------------------------------------------------------------

ACTION_STEPS = {
    ActionStep.Kind.SET: gettext_lazy("set the action “%(what)s” (%(owner)s), due %(due)s"),
    ActionStep.Kind.MOVED: gettext_lazy("gave the action “%(what)s” another day or owner, due %(due)s"),
    ActionStep.Kind.DONE: gettext_lazy("said that the action “%(what)s” is done"),
    ActionStep.Kind.REOPENED: gettext_lazy("reopened the action “%(what)s”"),
    ActionStep.Kind.DROPPED: gettext_lazy("dropped the action “%(what)s”"),
}
RESPONSES = {
    Response.Kind.PLAN: gettext_lazy("planned something for the gap “%(gap)s”: %(reason)s"),
    Response.Kind.ACT: gettext_lazy("acted on the gap “%(gap)s”: %(reason)s"),
    Response.Kind.NOT_NEEDED: gettext_lazy("judged the gap “%(gap)s” not needed: %(reason)s"),
}
CHALLENGE_STEPS = {
    ChallengeStep.Kind.ACCEPT: gettext_lazy("accepted the challenge of %(by)s about %(about)s"),
    ChallengeStep.Kind.EXPLAIN: gettext_lazy("answered the challenge of %(by)s about %(about)s"),
    ChallengeStep.Kind.ASK: gettext_lazy("asked %(by)s for more about their challenge on %(about)s"),
    ChallengeStep.Kind.ANSWER: gettext_lazy("answered a question about the challenge on %(about)s"),
    ChallengeStep.Kind.CLOSE: gettext_lazy("closed the challenge about %(about)s"),
    ChallengeStep.Kind.STAND: gettext_lazy("let the challenge about %(about)s stand"),
}


def _who(row) -> str:
    return row.recorded_by.get_full_name() if row.recorded_by else nobody()


def _cell(row) -> str:
    """Return the name of a gap: its way, or the place as a whole, and its service where it is one's."""
    facet = catalogue().facets.get(row.facet)
    title = f"{place_title(row.place)}, {facet.title}" if facet else place_title(row.place)
    return f"{title} ({row.service})" if row.service else title


def _of_the_board(viewer: Viewer) -> Iterator[Deed]:
    """Tell of aims, answers to gaps, actions, major decisions and statements that a list is complete. Five queries."""
    organisation = viewer.organisation
    for step in organisation.action_steps.select_related("action", "recorded_by"):
        words = {"what": step.action.what, "owner": step.action.owner, "due": day(step.due_on)}
        note = _(": “%(note)s”") % {"note": step.note} if step.note else ""
        yield Deed(step.recorded_at, _who(step), ACTION_STEPS[step.kind] % words + note)
    for row in organisation.responses.select_related("service", "recorded_by"):
        said = {"gap": _cell(row), "reason": row.reason}
        yield Deed(row.recorded_at, _who(row), RESPONSES[row.kind] % said)
    for aim in organisation.aims.select_related("recorded_by"):
        said = {"place": place_title(aim.place), "sentence": aim.sentence}
        yield Deed(aim.recorded_at, _who(aim), _("recorded the aim for %(place)s: “%(sentence)s”") % said)
    for decision in organisation.decisions.select_related("recorded_by"):
        said = {"title": decision.title, "day": day(decision.decided_on)}
        yield Deed(decision.recorded_at, _who(decision), _("listed the decision “%(title)s” of %(day)s") % said)
    for row in organisation.complete_statements.select_related("service", "recorded_by"):
        scope = str(row.service) if row.service else row.get_scope_display()
        said = {"place": place_title(row.place), "scope": scope, "day": day(row.as_at)}
        words = _("said that the list is complete for %(place)s (%(scope)s), as at %(day)s") % said
        yield Deed(row.recorded_at, _who(row), words)


def _of_challenges(viewer: Viewer) -> Iterator[Deed]:
    """Tell of challenges and their replies, but of none about what the viewer is to review blind. Two queries."""
    organisation = viewer.organisation
    rows = organisation.challenges.exclude(activity__in=viewer.hidden).select_related("activity", "recorded_by")
    known = {row.pk: row for row in rows}

    def about(row: Challenge) -> str:
        return f"“{row.activity.title}”" if row.activity else place_title(row.place)

    for row in known.values():
        said = {"about": about(row), "kind": str(row.get_kind_display())}
        yield Deed(row.recorded_at, _who(row), _("challenged %(about)s: %(kind)s") % said)
    for step in organisation.challenge_steps.filter(challenge__in=known).select_related("recorded_by"):
        row = known[step.challenge_id]
        said = {"about": about(row), "by": _who(row)}
        yield Deed(step.recorded_at, _who(step), CHALLENGE_STEPS[step.kind] % said)


def _of_workshops(viewer: Viewer) -> Iterator[Deed]:
    """Tell which workshops were planned and held. One query; nobody of the room is in it."""
    for workshop in viewer.organisation.workshops.select_related("room", "recorded_by", "facilitator"):
        room, who, said = workshop.room, workshop.facilitator.get_full_name(), {"title": workshop.title}
        yield Deed(workshop.recorded_at, _who(workshop), _("planned the workshop “%(title)s”") % said)
        if room.opened_at:
            yield Deed(room.opened_at, who, _("opened the door of the workshop “%(title)s”") % said)
        if room.closed_at:
            yield Deed(room.closed_at, who, _("ended the workshop “%(title)s”") % said)
