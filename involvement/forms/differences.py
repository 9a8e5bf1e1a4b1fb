"""What a person wrote beside what somebody else saved meanwhile, field by field, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Manager, Model, QuerySet
from django.forms import Form
from django.utils.dateformat import format as format_date
from django.utils.text import capfirst
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Difference:
    """One field on which the two disagree, both as they would be read on a page."""

    label: str
    mine: str
    theirs: str


def differences(form: Form, record: Model, theirs: dict) -> list[Difference]:
    """Return the visible fields of a valid ``form`` that differ from ``record`` as it is now.

    ``theirs`` holds what the record says for fields that it has no attribute of; a field known to neither is left out.
    """
    found = []
    for bound in form.visible_fields():
        if bound.name not in form.cleaned_data or not (bound.name in theirs or hasattr(record, bound.name)):
            continue
        mine = in_words(bound.field, form.cleaned_data[bound.name])
        other = in_words(bound.field, theirs.get(bound.name, getattr(record, bound.name, None)))
        if mine != other:
            label = bound.label or capfirst(bound.name.replace("_", " "))
            found.append(Difference(str(label), mine or _("Nothing"), other or _("Nothing")))
    return found


def in_words(field, value) -> str:
    """Return ``value`` of a form ``field`` as a person reads it: titles for choices, dates in full, "" for nothing."""
    if isinstance(value, Manager):
        value = value.all()
    if isinstance(value, (list, tuple, set, QuerySet)):
        return ", ".join(sorted(in_words(field, each) for each in value))
    if isinstance(value, dict):
        return ", ".join(f"{key}: {each}" for key, each in sorted(value.items()))
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, date):
        return format_date(value, "j F Y")
    titles = dict(flat_choices(getattr(field, "choices", ()))) if not isinstance(value, Model) else {}
    return str(titles.get(str(value), value)).replace("\r\n", "\n").strip()


def flat_choices(choices):
    """Yield (value as text, title) of ``choices``, those in groups too."""
    for value, title in choices:
        if isinstance(title, (list, tuple)):
            yield from flat_choices(title)
        else:
            yield str(value), title
