"""Forms for pieces of work, and the two smallest forms there are."""

from django import forms
from django.utils.translation import gettext_lazy as _

from involvement.forms.base import NHSForm


class PieceForm(NHSForm):
    """Title and problem of a piece of work; ``version`` when an existing one is changed."""

    title = forms.CharField(
        label=_("Title"), max_length=200, error_messages={"required": _("Give the piece of work a title")}
    )
    problem_statement = forms.CharField(
        label=_("The problem, in words that people and staff agreed"),
        help_text=_("Leave it empty until they have agreed it together. Do not name patients."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class VersionForm(NHSForm):
    """Nothing but the version that the page was opened with."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class ConfirmForm(NHSForm):
    """Nothing but the key that makes a double sending write once."""
