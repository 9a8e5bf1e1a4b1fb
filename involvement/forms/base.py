"""What every form has: NHS markup, plain errors, the key of a double sending, a warning about what looks personal."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import uuid4

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from involvement.actions.base import Refused
from involvement.models import Organisation
from involvement.telltale import Found, telltales

_DJANGO_REQUIRED = forms.Field.default_error_messages["required"]


class RequestKeyMixin(forms.Form):
    """Adds ``request_key``: a hidden UUID, new for each fresh form and kept while its errors are put right.

    Hand ``cleaned_data["request_key"]`` to an action as ``key`` (actions.base.once).
    """

    request_key = forms.UUIDField(required=False, initial=uuid4, widget=forms.HiddenInput)


class PlainForm(forms.Form):
    """NHS markup and plain words. The browser's own checks stay off, so that everybody meets the same sentences.

    A field without its own "required" message gets one that names it.
    """

    use_required_attribute = False

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if field.error_messages.get("required") is _DJANGO_REQUIRED:
                field.error_messages["required"] = required_message(field, name)

    @cached_property
    def helper(self) -> FormHelper:
        """The crispy helper: no form tag and no token, which the page writes itself."""
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True
        return helper


class TelltaleMixin(forms.Form):
    """Warns, once, where free words look like an NHS number, a phone number or an address of somebody.

    The page comes back with the words kept, the warning at its field, and a tick under it to save it all the same
    (templates/nhsuk/_hint_and_error.html). The tick stands for what was found: something else warns anew.
    """

    may_hold_addresses: tuple[str, ...] = ()  # fields that are meant to

    def full_clean(self):
        super().full_clean()
        self.noticed: dict[str, Noticed] = {}
        if not self.is_bound:
            return
        for name in self.free_words():
            found = telltales(str(self.cleaned_data.get(name) or "")) if name not in self.errors else []
            if found:
                mark = hashlib.sha256(repr(found).encode()).hexdigest()[:16]
                ticked = self.data.get(f"{self.add_prefix(name)}-as-it-is") == mark
                self.noticed[name] = Noticed(mark, ticked)
                if not ticked:
                    self.add_error(name, _warning(found))

    def free_words(self) -> list[str]:
        """Return the fields in which people write what they like, among those that the page shows."""
        return [
            name
            for name, field in self.fields.items()
            if isinstance(field, forms.CharField)
            and not isinstance(field, (forms.EmailField, forms.URLField, forms.UUIDField))
            and not isinstance(field.widget, (forms.PasswordInput, forms.HiddenInput))
            and name not in self.may_hold_addresses
        ]


@dataclass(frozen=True)
class Noticed:
    """What was found in a field: the mark that stands for it, and whether it is to be saved all the same."""

    mark: str
    ticked: bool


def _warning(found: list[Found]) -> str:
    said = ", ".join(dict.fromkeys(f"{each.kind} (“{each.text}”)" for each in found[:3]))
    words = _("This looks like %(found)s. Take it out if it is a patient’s, or tick “Save it as it is”")
    return words % {"found": said}


class NHSForm(TelltaleMixin, RequestKeyMixin, PlainForm):
    """A form that writes: ``{% crispy form %}`` inside ``<form method="post" novalidate>{% csrf_token %}``."""

    def refuse(self, refused: Refused) -> None:
        """Show what an action refused at the fields it named; what names no field of this form is said of the whole."""
        for name, message in refused.messages.items():
            self.add_error(name if name in self.fields and not self.fields[name].widget.is_hidden else None, message)


class OrganisationForm(NHSForm):
    """A form over one organisation's rows: it takes the organisation and builds its choices from it only."""

    def __init__(self, *args, organisation: Organisation, **kwargs):
        self.organisation = organisation
        super().__init__(*args, **kwargs)


class SearchForm(PlainForm):
    """A form that asks and never writes: for method GET, without a key."""


def required_message(field: forms.Field, name: str) -> str:
    """Return what to say when ``field`` was left empty: "Enter title", "Choose service"; a question is repeated."""
    label = str(field.label or name.replace("_", " ")).strip()
    if label.endswith("?"):
        return _("Answer the question “%(label)s”") % {"label": label}
    if isinstance(field, forms.BooleanField):
        return _("Tick “%(label)s”") % {"label": label}
    chosen = isinstance(field, (forms.ChoiceField, forms.ModelChoiceField))
    words = label[:1].lower() + label[1:] if label[1:2].islower() else label
    return (_("Choose %(label)s") if chosen else _("Enter %(label)s")) % {"label": words}
