"""Who may do what: the one table, and the wrappers through which every view is reached.

A stranger to an organisation gets 404 (it might as well not exist), a member without the right 403. Roles add up.
Nothing else in the project decides a right: templates ask ``viewer.may``, actions take ``by`` and check what matters.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from uuid import UUID

from allauth.core.internal import ratelimit
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.core.cache import cache
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import connection
from django.db.models import Exists, OuterRef
from django.http import FileResponse, Http404, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from involvement import keeping, replicas
from involvement.models import Card, Membership, Organisation, Participant, ReviewTask, Room, User
from involvement.models.workshops import CODE_LENGTH, CODE_SIGNS
from involvement.tenancy import inside, streamed


class Role(StrEnum):
    LEAD = "lead"
    EDITOR = "editor"
    PATIENT_LEADER = "patient-leader"
    BOARD_MEMBER = "board-member"
    FACILITATOR = "facilitator"
    VIEWER = "viewer"


ROLE_NAMES = {
    Role.LEAD: _("Lead"),
    Role.EDITOR: _("Editor"),
    Role.PATIENT_LEADER: _("Patient leader"),
    Role.BOARD_MEMBER: _("Board member"),
    Role.FACILITATOR: _("Facilitator"),
    Role.VIEWER: _("Viewer"),
}

# What a role lets a person do, as an invitation and the list of members say it.
ROLE_MAY = {
    Role.LEAD: _(
        "Does everything that an editor does. Also invites people, looks after members and settings, and publishes."
    ),
    Role.EDITOR: _("Adds and changes activities, says where each one belongs, and answers gaps."),
    Role.PATIENT_LEADER: _(
        "Reads everything, looks at whether it is true, and challenges what is not. Does not change the list."
    ),
    Role.BOARD_MEMBER: _(
        "Reads everything, sets what the board wants and what is to be done, audits and signs, and may say that a gap"
        " needs no action."
    ),
    Role.FACILITATOR: _("Reads everything, and runs workshops."),
    Role.VIEWER: _("Reads everything, and changes nothing."),
}


class Permission(StrEnum):
    """One right. Verbs are about an organisation's own rows."""

    READ = "read"  # front page, map, register, gaps, history, files
    ACTIVITY_EDIT = "activity-edit"  # add, edit, withdraw, confirm running, pieces of work
    ACTIVITY_IMPORT = "activity-import"
    ACTIVITY_CLASSIFY = "activity-classify"
    INFLUENCE_EDIT = "influence-edit"  # changes and evidence
    COMPLETE_STATE = "complete-state"  # say or revoke that the list is complete
    GAP_RESPOND = "gap-respond"  # plan, act
    GAP_NOT_NEEDED = "gap-not-needed"  # judge "not needed"
    GAP_ANSWER = "gap-answer"  # reach the form: whoever may give one of the three answers; the action checks which
    AIM_ADOPT = "aim-adopt"
    SERVICE_MANAGE = "service-manage"
    MEMBER_MANAGE = "member-manage"  # invite, give and end roles, remove; see addresses
    SETTINGS_MANAGE = "settings-manage"
    RULING_MANAGE = "ruling-manage"  # say how a contested kind is counted here
    AUDIT_RUN = "audit-run"  # start an audit, freeze it, say how sure the board is
    AUDIT_SIGN = "audit-sign"
    PUBLISH = "publish"  # put a signed audit on the public page, and take it down
    ACTION_SET = "action-set"  # set an action, give it another day
    ACTION_CLOSE = "action-close"  # say that it is done, and show it
    ACTION_REOPEN = "action-reopen"  # reopen or drop what anybody set
    CHALLENGE = "challenge"  # disagree formally, answer back, close one's own
    CHALLENGE_REPLY = "challenge-reply"
    DECISION_LIST = "decision-list"  # list the year's major decisions, and who took part
    ROUND_OPEN = "round-open"  # open and close review rounds, take a reviewer out with a reason
    REVIEW = "review"  # answer what one was asked to review; never for whoever is also a lead or an editor
    WORKSHOP_RUN = "workshop-run"  # plan and run workshops
    ASSESSMENT_ASK = "assessment-ask"  # make and close the link by which people who took part say how it was
    WORKSHOP_TAKE = "workshop-take"  # take what a workshop came to into the register, or decline it with a reason


_VIEWER = frozenset({Permission.READ})
_EDITOR = _VIEWER | {
    Permission.ACTIVITY_EDIT,
    Permission.ACTIVITY_IMPORT,
    Permission.ACTIVITY_CLASSIFY,
    Permission.INFLUENCE_EDIT,
    Permission.COMPLETE_STATE,
    Permission.GAP_RESPOND,
    Permission.GAP_ANSWER,
    Permission.ACTION_SET,
    Permission.ACTION_CLOSE,
    Permission.CHALLENGE_REPLY,
    Permission.ASSESSMENT_ASK,
    Permission.WORKSHOP_TAKE,
}

ROLES: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.FACILITATOR: _VIEWER | {Permission.WORKSHOP_RUN, Permission.ASSESSMENT_ASK},
    Role.PATIENT_LEADER: _VIEWER | {Permission.CHALLENGE, Permission.REVIEW, Permission.ASSESSMENT_ASK},
    Role.BOARD_MEMBER: _VIEWER
    | {
        Permission.GAP_NOT_NEEDED,
        Permission.GAP_ANSWER,
        Permission.AIM_ADOPT,
        Permission.AUDIT_RUN,
        Permission.AUDIT_SIGN,
        Permission.ACTION_SET,
        Permission.ACTION_REOPEN,
        Permission.DECISION_LIST,
        Permission.ROUND_OPEN,
    },
    Role.EDITOR: _EDITOR,
    Role.LEAD: _EDITOR
    | {
        Permission.SERVICE_MANAGE,
        Permission.MEMBER_MANAGE,
        Permission.SETTINGS_MANAGE,
        Permission.RULING_MANAGE,
        Permission.PUBLISH,
        Permission.DECISION_LIST,
        Permission.ROUND_OPEN,
        Permission.WORKSHOP_RUN,
    },
}


KEEPERS = frozenset({Role.LEAD, Role.EDITOR})  # who keeps the register: never a blind reviewer

# Where an organisation asks for a second step, these set one up before they see anything of it.
SECOND_STEP_ROLES = frozenset({Role.LEAD, Role.BOARD_MEMBER})


class SecondStepMissing(PermissionDenied):
    """The organisation asks this person for a second step when signing in, and they have none yet."""


class Suspended(PermissionDenied):
    """The operators have suspended the organisation: its members see why, and nothing else."""

    def __init__(self, organisation: Organisation):
        self.organisation = organisation
        super().__init__()


@dataclass(frozen=True)
class Viewer:
    """Who is looking, in which organisation, in which roles. Every read takes one."""

    user: User
    organisation: Organisation
    roles: frozenset[Role]

    @cached_property
    def permissions(self) -> frozenset[Permission]:
        held = frozenset().union(*(ROLES[role] for role in self.roles))
        return held if self.organisation.is_open else held & {Permission.READ}

    def may(self, permission: Permission | str) -> bool:
        """Return whether any of the viewer's roles carries ``permission``."""
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raise PermissionDenied (403) unless the viewer has ``permission``."""
        if not self.may(permission):
            raise PermissionDenied

    @cached_property
    def hidden(self) -> frozenset[int]:
        """The ids of the activities that this person is asked to review and has not answered: they see those blind.

        Until they have answered, no read tells them what the organisation or anybody else says of these. Only patient
        leaders review, and nobody who keeps the register. One query for those; ask within the organisation.
        """
        if Role.PATIENT_LEADER not in self.roles or self.roles & KEEPERS:
            return frozenset()
        tasks = ReviewTask.objects.filter(
            organisation=self.organisation, answered_at=None,
            reviewer__organisation=self.organisation, reviewer__person_id=self.user.pk or 0, reviewer__removed_on=None,
            round__organisation=self.organisation, round__closed_on=None,
        )  # fmt: skip
        return frozenset(tasks.values_list("activity_id", flat=True))

    # Templates cannot call with arguments: {% if viewer.can.activity_edit %}
    @cached_property
    def can(self) -> dict[str, bool]:
        return {permission.value.replace("-", "_"): permission in self.permissions for permission in Permission}


def viewer_for(user: User, slug: str) -> Viewer:
    """Return the viewer that ``user`` is in the organisation ``slug``. One query, two where it asks for a second step.

    Raises Http404 for a stranger, Suspended for a member of an organisation that is, SecondStepMissing for whoever
    has to set one up first.
    """
    memberships = list(
        Membership.objects.filter(user=user, organisation__slug=slug, until__isnull=True).select_related("organisation")
    )
    if not memberships:
        raise Http404
    viewer = Viewer(user, memberships[0].organisation, frozenset(Role(membership.role) for membership in memberships))
    if viewer.organisation.suspended_on is not None:
        raise Suspended(viewer.organisation)
    if asks_for_second_step(viewer.organisation, viewer.roles) and not has_second_step(user):
        raise SecondStepMissing
    return viewer


def asks_for_second_step(organisation: Organisation, roles: frozenset[Role]) -> bool:
    """Return whether ``organisation`` wants a second step of whoever has these roles."""
    return organisation.second_factor_required and bool(roles & SECOND_STEP_ROLES)


def has_second_step(user: User) -> bool:
    """Return whether ``user`` has codes from an app or a passkey (backup codes alone are none). One query."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return Authenticator.objects.filter(user=user, type__in=kinds).exists()


@dataclass(frozen=True)
class Policy:
    """What a view asks of whoever comes.

    "public", "member" (any signed-in account), "organisation", "operator", or "participant" (the code of a room).
    """

    kind: str
    read: Permission | None = None
    write: Permission | None = None
    blind: bool = False  # whether a reviewer may see it who has not answered yet: it tells nothing of what is hidden
    light: bool = False  # whether it needs neither session nor account nor form (middleware.polls)


def organisation_view(
    permission: Permission,
    *,
    post: Permission | None = None,
    load: Callable | None = None,
    blind: bool = False,
    kept: bool = False,
    copy: bool = False,
):
    """Turn ``org`` in the address and the signed-in user into ``request.viewer``; refuse whoever may not.

    ``permission`` is needed to come in at all, ``post`` (when given) also for any method that writes. ``load`` is a
    function (organisation, **captured) -> object; it is handed to the view in place of the captured key, and its
    DoesNotExist is a 404. The view is called as ``view(request, organisation[, object])``. The policy is stamped on
    the view, where the system check and the access walk read it. Whoever lacks a second step that the organisation
    asks for is led to where one is set up. Unless ``blind`` says that the view tells nothing of what ``Viewer.hidden``
    hides, it stays closed (403, with the way to the reviews) for whoever still has something to review blind.

    A ``kept`` page is drawn once for all who have the same roles, until the organisation is written to (keeping.py): it
    says nothing of the person who looks, and nothing that changes without an action or a new day. Patient leaders'
    pages are always drawn anew, since what is hidden from them changes with each answer they give. A kept page, and a
    view that is said to do with a ``copy``, writes nothing, and may be read from a copy of the database (replicas.py).

    All of it runs in one transaction inside the organisation (tenancy.py) where the database is PostgreSQL. A view
    that has something to do after that, such as sending letters, answers with a function, which gives the response.
    """

    def wrap(view):
        @functools.wraps(view)
        def inner(request, org: str, **captured):
            try:
                viewer = viewer_for(request.user, org)
            except SecondStepMissing:
                wanted = urlencode({"next": request.get_full_path()})
                return HttpResponseRedirect(f"{reverse('account-second-step')}?{wanted}")
            except Suspended as suspended:
                return render(request, "suspended.html", {"suspended": suspended.organisation}, status=403)
            viewer.require(permission)
            if post is not None and request.method not in ("GET", "HEAD", "OPTIONS"):
                viewer.require(post)
            request.viewer = viewer

            def draw():
                with inside(viewer.organisation):
                    if not blind and viewer.hidden:
                        return closed_to_reviewers(request)
                    if load is None:
                        return view(request, viewer.organisation, **captured)
                    return view(request, viewer.organisation, _loaded(load, viewer.organisation, captured))

            def read():
                return replicas.read(viewer.organisation, draw) if kept or copy else draw()

            if kept and Role.PATIENT_LEADER not in viewer.roles:
                return keeping.page(request, _whose(viewer), read)
            response = read()
            if callable(response):
                response = response()
            if response.streaming and not isinstance(response, FileResponse):
                response.streaming_content = streamed(inside(viewer.organisation), response.streaming_content)
            return response

        inner.policy = Policy("organisation", permission, post or permission, blind)
        return inner

    return wrap


def _whose(viewer: Viewer) -> str:
    """Return all that decides what a kept page says, beside the day and the address."""
    organisation, roles = viewer.organisation, ",".join(sorted(viewer.roles))
    return f"{organisation.pk}:{organisation.version}:{organisation.is_open}:{roles}"


def closed_to_reviewers(request):
    """Return the page that says why something opens only once the viewer's reviews are answered (403)."""
    context = {"organisation": request.viewer.organisation, "viewer": request.viewer}
    return render(request, "blind.html", context, status=403)


def _loaded(load: Callable, organisation: Organisation, captured: dict):
    try:
        return load(organisation, **captured)
    except ObjectDoesNotExist as missing:
        raise Http404 from missing


def is_operator(user) -> bool:
    """Return whether ``user`` may come to the operators' pages: staff, active, with a second step. At most one query.

    An operator opens, suspends and merges organisations; of what is in them they see nothing by that.
    """
    return user.is_authenticated and user.is_active and user.is_staff and has_second_step(user)


def public_view(view):
    """Mark a view that anybody may see without signing in. The set of these is frozen in tests/guards."""
    view = login_not_required(view)
    view.policy = Policy("public")
    return view


def member_view(view):
    """Mark a view that any signed-in person may see, of no organisation in particular."""
    view.policy = Policy("member")
    return view


# -- The door of a room ---------------------------------------------------------------------------------------------

LIVE_FOR = timedelta(hours=24)  # a door that nobody shut is shut by then
TOLD_FOR = timedelta(days=30)  # how long what became of it can be read under the code
WRONG_CODES = "60/10m/ip"  # wrong codes from one internet address; a hall is one address, so right ones are not counted
COOKIE = "room"
SAY_COOKIE = "say"  # of whoever says how it was to take part; of one link


@dataclass(frozen=True)
class Guest:
    """Somebody at the door of a room, or in it: ``participant_id`` is from their cookie, None before they joined."""

    room: Room
    participant_id: UUID | None

    @property
    def is_over(self) -> bool:
        return self.room.state == Room.State.CLOSED

    @cached_property
    def participant(self) -> Participant | None:
        """Who they are in the room, with ``has_written`` (a card); None before they joined, or shut out. One query."""
        if self.participant_id is None:
            return None
        rows = Participant.objects.filter(
            organisation_id=self.room.organisation_id, workshop_id=self.room.workshop_id, banned=False
        )
        cards = Card.objects.filter(organisation_id=self.room.organisation_id, author=OuterRef("pk"))
        return rows.filter(pk=self.participant_id).annotate(has_written=Exists(cards)).first()


def spelled(code: str) -> str:
    """Return ``code`` as rooms have it, whatever spaces, dashes and small letters it was typed with; "" for none."""
    typed = "".join(sign for sign in code.upper() if sign.isalnum())
    return typed if len(typed) == CODE_LENGTH and set(typed) <= set(CODE_SIGNS) else ""


def find_room(code: str) -> Room | None:
    """Return the room of a code as it was typed, whatever its state, with its organisation. At most one query."""
    typed = spelled(code)
    return Room.objects.select_related("organisation").filter(code=typed).first() if typed else None


_rooms: dict[str, tuple[float, float, Room]] = {}  # when it was asked for and when it was read, by time.monotonic()
MOST_KEPT = 64
READ_AGAIN = 1.0  # seconds after which a room is read whole again, though its version is the same


def room_now(code: str) -> Room | None:
    """Return the room of a code, as it is or was at most KEEP_ROOM_SECONDS ago. One or two queries, mostly none.

    Hundreds of phones ask for the same room in one second, and each is answered alike: what is kept is the room itself,
    which is the same for everybody, and never who asks. While its version is the same only that is asked for; what has
    no part in it, whether its organisation is suspended, shows within a second. What somebody does is always done to
    the room as it is.
    """
    now, kept = time.monotonic(), _rooms.get(code)
    if kept is not None and settings.KEEP_ROOM_SECONDS:
        asked, read, room = kept
        if now - asked < settings.KEEP_ROOM_SECONDS:
            return room
        if now - read < READ_AGAIN and _version_of(code) == room.version:
            _rooms[code] = (now, read, room)
            return room
    room = find_room(code)
    if len(_rooms) >= MOST_KEPT:
        _rooms.clear()
    if room is not None:
        _rooms[code] = (now, now, room)
    return room


def _version_of(code: str) -> int | None:
    """Return the version of a room. In plain SQL: putting a query of Django's together would cost more than asking."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT version FROM involvement_room WHERE code = %s", [code])
        row = cursor.fetchone()
    return row[0] if row else None


def may_enter(room: Room) -> bool:
    """Return whether the code opens anything today: an open door, or within 30 days what became of it."""
    if room.organisation.suspended_on is not None:
        return False
    if room.state == Room.State.OPEN:
        return timezone.now() - room.opened_at < LIVE_FOR
    return room.state == Room.State.CLOSED and timezone.now() - room.closed_at < TOLD_FOR


def participant_view(view=None, *, light: bool = False, alone: bool = False):
    """Turn ``code`` in the address into a Guest; tell whoever has a wrong one so, and stop whoever tries many.

    Called as ``view(request, guest)``, inside the room's organisation; one that is left ``alone`` steps in by itself
    where it has to, and so does a ``light`` view (the poll of every phone). What only reads sees the room as it was a
    moment ago (room_now). A code that is unknown, not open yet, or too
    old gets one and the same answer. Who has joined is not stopped by what others on the same address try.
    """
    if view is None:
        return functools.partial(participant_view, light=light, alone=alone)

    @functools.wraps(view)
    def inner(request, code: str, **captured):
        room = room_now(code) if light or request.method in ("GET", "HEAD") else find_room(code)
        mine = _participant_of(request, room) if room is not None else None
        if mine is None and guessed_too_often(request):
            return render(request, "429.html", status=429)
        if room is None or not may_enter(room):
            if room is None:
                count_wrong_code(request)
            return _private(render(request, "rooms/none.html", status=404))
        guest = Guest(room, mine)
        if light or alone:
            return _private(view(request, guest, **captured))
        with inside(room.organisation):
            return _private(view(request, guest, **captured))

    inner = login_not_required(inner)
    inner.policy = Policy("participant", light=light)
    return inner


def remember(response, guest: Guest, participant: Participant) -> None:
    """Give the phone its one random cookie: it says which participant of this room it is, and goes nowhere else."""
    response.set_cookie(
        COOKIE, _signer().sign(f"{guest.room.pk}:{participant.pk}"), path=f"/w/{guest.room.code}/",
        max_age=TOLD_FOR + LIVE_FOR, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip


def guessed_too_often(request) -> bool:
    """Return whether too many wrong codes came from this internet address within ten minutes. Asks the cache once."""
    rate, key = _counted(request)
    since = time.time() - rate.duration
    return sum(each > since for each in cache.get(key, [])) >= rate.amount


def count_wrong_code(request) -> None:
    """Remember a wrong code (its address hashed, for ten minutes)."""
    ratelimit.consume(request, app="involvement", action="room", config={"room": WRONG_CODES}, limit_get=True)


def _counted(request):
    rate = ratelimit.parse_rate(WRONG_CODES)
    return rate, ratelimit.get_cache_key(request, app="involvement", action="room", rate=rate)


def _participant_of(request, room: Room) -> UUID | None:
    try:
        which, _colon, participant = _signer().unsign(request.COOKIES.get(COOKIE, "")).partition(":")
        return UUID(participant) if which == str(room.pk) else None
    except (signing.BadSignature, ValueError):
        return None


def _signer() -> signing.Signer:
    return signing.Signer(salt="involvement.room")


def _private(response):
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex"
    return response
