"""What is held about one person, wherever it lies: read for them, and found for erasure.

It walks the models themselves, so a new table is in it from its first day. Two kinds of trace are told apart: rows that
point to the account (who recorded, who decided, whose session), and words that somebody typed (a named lead, a reason).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast

from involvement.models import Invitation, Organisation, PractiseRun, SecurityEvent, User
from involvement.tenancy import everywhere

# Rows that hold a person's own account; the others that point to it are what they did.
OWN = frozenset(
    {
        "account.emailaddress", "account.emailconfirmation", "mfa.authenticator", "usersessions.usersession",
        "socialaccount.socialaccount", "socialaccount.socialtoken", "involvement.requestkey", "involvement.membership",
        "involvement.securityevent", "involvement.practiserun",
    }
)  # fmt: skip
# Tables without anybody's words, and the two whose words are somebody's own to change.
WORDLESS = frozenset({"auth", "contenttypes", "sessions", "framework", "migrations"})
NOT_WALKED = frozenset({"involvement.user", "involvement.organisation"})


@dataclass(frozen=True)
class Traces:
    """By what a person is found in words: every address of theirs, their name, other spellings of it.

    Addresses are looked for everywhere. Names only in ``organisations`` (ids), where the person was a member or was
    invited: elsewhere it is somebody else's name. A name of one word counts only where it is all that a field says.
    """

    emails: tuple[str, ...]
    names: tuple[str, ...]
    organisations: frozenset[int]

    def pattern(self, *, with_names: bool) -> re.Pattern | None:
        """Return what matches a trace within a text, None where there is nothing to look for."""
        found = []
        for email in self.emails:
            found += [rf"(?<![\w.+%-]){re.escape(each)}(?![\w-])" for each in {email, quote(email, safe="")}]
        for name in self.names if with_names else ():
            words = re.findall(r"\w+", name)
            if len(words) > 1:
                found.append(r"(?<![^\W_])" + r"[\W_]+".join(map(re.escape, words)) + r"(?![^\W_])")
            elif words:
                found.append(rf"\A\s*{re.escape(name)}\s*\Z")
        return re.compile("|".join(found), re.IGNORECASE) if found else None

    def hints(self, *, with_names: bool) -> set[str]:
        """Return short texts of which at least one stands in every value that the pattern matches."""
        words = {email.partition("@")[0] for email in self.emails}
        words |= {max(re.findall(r"\w+", name), key=len) for name in self.names if with_names and name.strip()}
        cases = {case for word in words for case in (word, word.lower(), word.upper(), word.title())}
        return cases | {json.dumps(word)[1:-1] for word in cases}  # as SQLite keeps them within JSON


@dataclass(frozen=True)
class Mention:
    """A field of a row in which a trace stands."""

    row: models.Model
    field: models.Field
    value: object
    pattern: re.Pattern


def traces_of(user: User, also: tuple[str, ...] = ()) -> Traces:
    """Return by what ``user`` is found; ``also``: other spellings of the name that whoever erases knows."""
    emails = {user.email.lower()}
    emails |= {email.lower() for email in user.emailaddress_set.values_list("email", flat=True)}
    taken = Invitation.objects.filter(accepted_by=user)
    emails |= {email.lower() for email in taken.values_list("email", flat=True)}
    organisations = set(user.memberships.values_list("organisation_id", flat=True))
    organisations |= set(Invitation.objects.filter(email__in=emails).values_list("organisation_id", flat=True))
    names = dict.fromkeys(" ".join(name.split()) for name in (user.name, *also))
    return Traces(tuple(sorted(emails)), tuple(name for name in names if name), frozenset(organisations))


def mentions(traces: Traces) -> Iterator[Mention]:
    """Yield every field of every row in which a trace stands, histories too.

    A model may name fields in ``SEALED`` that nobody may change (the bytes that a signature covers): they are left out.
    """
    for model, fields in _worded_models():
        named = any(field.name == "organisation" for field in model._meta.fields)
        for field in fields:
            for with_names in (False, True):
                rows = model._base_manager.all()
                if with_names and named:
                    rows = rows.filter(organisation__in=traces.organisations)
                yield from _mentions(rows, field, traces, with_names=with_names)


def _mentions(rows, field: models.Field, traces: Traces, *, with_names: bool) -> Iterator[Mention]:
    asked = Traces((), traces.names, traces.organisations) if with_names else traces
    pattern = asked.pattern(with_names=with_names)
    if pattern is None:
        return
    where = Q()
    for hint in asked.hints(with_names=with_names):
        where |= Q(text_of_field__icontains=hint)
    for row in rows.annotate(text_of_field=Cast(field.name, models.TextField())).filter(where).iterator(500):
        value = getattr(row, field.attname)
        if any(pattern.search(text) for text in _texts(value)):
            yield Mention(row, field, value, pattern)


def _worded_models() -> Iterator[tuple[type[models.Model], list[models.Field]]]:
    for model in apps.get_models():
        if model._meta.app_label in WORDLESS or model._meta.label_lower in NOT_WALKED:
            continue
        fields = [
            field
            for field in model._meta.concrete_fields
            if isinstance(field, (models.CharField, models.TextField, models.JSONField, models.FileField))
            and not field.choices
            and not field.primary_key
            and field.name not in getattr(model, "SEALED", ())
        ]
        if fields:
            yield model, fields


def _texts(value) -> Iterator[str]:
    """Yield every text within a value, of JSON too, its keys included."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield str(key)
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif value is not None:
        yield str(value)


def without(value, pattern: re.Pattern, instead: str):
    """Return ``value`` (text or JSON) with ``instead`` wherever ``pattern`` matches."""
    if isinstance(value, dict):
        return {pattern.sub(instead, key): without(each, pattern, instead) for key, each in value.items()}
    if isinstance(value, list):
        return [without(each, pattern, instead) for each in value]
    return pattern.sub(instead, value) if isinstance(value, str) else value


# -- For the person ---------------------------------------------------------------------------------------------------


def held_about(user: User, *, mentioned: bool = False) -> dict:
    """Return all that is held about ``user`` as plain data that JSON can hold; secrets as what they are, not as bytes.

    ``mentioned``: with the words of others in which their name or address stands. Whoever hands these out has to look
    first for what they say about somebody else, so the person's own page leaves them out.
    """
    with everywhere():  # a person may belong to several organisations
        return _held(user, mentioned)


def _held(user: User, mentioned: bool) -> dict:
    addresses = user.emailaddress_set.order_by("pk")
    held = {
        "account": {
            "id": user.pk, "name": user.name, "email": user.email, "made_at": user.joined_at,
            "last_signed_in_at": user.last_login, "open": user.is_active, "operator": user.is_staff,
            "password": "kept as a hash that nobody can read back" if user.has_usable_password() else "none",
        },
        "addresses": [{"email": each.email, "confirmed": each.verified} for each in addresses],
        "second_step": [
            {"kind": each.type, "made_at": each.created_at, "last_used_at": each.last_used_at,
             "name": each.data.get("name", "") if each.type == "webauthn" else ""}
            for each in user.authenticator_set.order_by("pk")
        ],
        "signed_in": [
            {"browser": each.user_agent, "since": each.created_at, "last_seen_at": each.last_seen_at}
            for each in user.usersession_set.order_by("pk")
        ],
        "roles": [
            {"organisation": each.organisation.name, "role": each.role, "from": each.from_on, "until": each.until}
            for each in user.memberships.select_related("organisation").order_by("pk")
        ],
        "invitations": _invitations(user),
        "events": _events(user),
        "practised": [
            {"organisation": each.organisation.name, "answers": each.answers, "finished_at": each.finished_at}
            for each in PractiseRun.objects.filter(person=user).select_related("organisation").order_by("pk")
        ],
        "what_you_did": list(_deeds(user)),
    }  # fmt: skip
    if mentioned:
        held["mentioned"] = [
            {"record": _called(each.row), "id": each.row.pk, "field": each.field.name, "words": str(each.value)}
            for each in mentions(traces_of(user))
            if each.row._meta.label_lower not in OWN
        ]
    return held


def _invitations(user: User) -> list[dict]:
    rows = Invitation.objects.filter(Q(email__in=traces_of(user).emails) | Q(accepted_by=user))
    return [
        {"organisation": each.organisation.name, "email": each.email, "name": each.name, "roles": each.roles,
         "asked_at": each.recorded_at, "taken_at": each.accepted_at, "taken_back_at": each.revoked_at}
        for each in rows.select_related("organisation").order_by("pk")
    ]  # fmt: skip


def _events(user: User) -> list[dict]:
    rows = SecurityEvent.objects.filter(Q(actor=user) | Q(detail__account=user.pk) | Q(detail__user=user.pk))
    return [
        {"kind": each.kind, "at": each.at, "organisation": each.organisation.name if each.organisation else "",
         "by_you": each.actor_id == user.pk}
        for each in rows.select_related("organisation").order_by("pk")
    ]  # fmt: skip


def _deeds(user: User) -> Iterator[dict]:
    """Yield every row that names the account as whoever recorded, changed, decided or ended it."""
    organisations = dict(Organisation.objects.values_list("pk", "name"))
    for model in apps.get_models():
        if model._meta.label_lower in OWN:
            continue
        for field in model._meta.concrete_fields:
            if field.is_relation and field.related_model is User:
                at = next((name for name in ("history_date", "recorded_at") if hasattr(model, name)), None)
                names = ("pk", *(name for name in (at, "organisation_id") if name and _has(model, name)))
                for row in model._base_manager.filter(**{field.name: user}).order_by("pk").values(*names):
                    yield {
                        "record": str(model._meta.verbose_name), "id": row["pk"], "as": field.name,
                        "at": row.get(at), "organisation": organisations.get(row.get("organisation_id"), ""),
                    }  # fmt: skip


def _has(model, name: str) -> bool:
    return any(name in (field.name, field.attname) for field in model._meta.concrete_fields)


def _called(row: models.Model) -> str:
    return str(row._meta.verbose_name)
