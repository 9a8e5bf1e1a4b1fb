"""Saying that a list is complete."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from framework.catalogue import Place
from involvement.forms.base import NHSForm


class CompleteForm(NHSForm):
    """The checklist of one place: every kind was looked for, whether or not one was found."""

    checklist = forms.MultipleChoiceField(
        label=_("We looked for all of these"),
        help_text=_("Tick each kind that you looked for, whether or not you found any. All are needed."),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Look for every kind first, and tick it.")},
    )

    def __init__(self, *args, place: Place, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["checklist"].choices = [(item.slug, item.title) for item in place.checklist]

    def clean_checklist(self) -> list[str]:
        """Refuse a checklist that was not walked to its end."""
        walked = self.cleaned_data["checklist"]
        missed = len(self.fields["checklist"].choices) - len(set(walked))
        if missed:
            raise forms.ValidationError(
                ngettext(
                    "Look for every kind on the list first: %(n)d is not ticked.",
                    "Look for every kind on the list first: %(n)d are not ticked.",
                    missed,
                )
                % {"n": missed}
            )
        return walked
