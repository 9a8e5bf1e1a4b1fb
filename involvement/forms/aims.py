"""Adopting an aim."""

from django import forms
from django.utils.translation import gettext_lazy as _

from framework.catalogue import catalogue
from involvement.actions.base import today
from involvement.forms.base import NHSForm
from involvement.forms.fields import DayField


class AimForm(NHSForm):
    """One sentence for one place."""

    place = forms.ChoiceField(
        label=_("Which place is this for?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a place.")},
    )
    sentence = forms.CharField(
        label=_("What do you want of it, in one sentence?"),
        help_text=_("For example, “Local people decide with us what we work on first.” 300 characters at most."),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write the aim in one sentence.")},
    )
    adopted_on = DayField(label=_("When was it adopted?"), error_messages={"required": _("Enter the day.")})
    adopted_by = forms.CharField(
        label=_("Who adopted it?"), help_text=_("For example, the board, in public"), required=False, max_length=150
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = [(place.slug, place.as_title) for place in catalogue().places.values()]

    def clean_adopted_on(self):
        """Refuse a day that has not come."""
        day = self.cleaned_data["adopted_on"]
        if day and day > today():
            raise forms.ValidationError(_("The day that it was adopted cannot be in the future."))
        return day
