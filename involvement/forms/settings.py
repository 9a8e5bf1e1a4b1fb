"""What an organisation is called and asks for, and how it counts what people disagree about."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from framework.catalogue import ContestedKind
from involvement.actions.base import today
from involvement.actions.organisations import SETTINGS, settings_seen
from involvement.forms.base import NHSForm
from involvement.forms.fields import DayField
from involvement.models import Organisation
from involvement.registers import place_title


class SettingsForm(NHSForm):
    """The settings of an organisation. ``seen`` marks those that the page showed."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(
        label=_("Name of the organisation"),
        max_length=200,
        error_messages={
            "required": _("Enter the name of the organisation"),
            "max_length": _("The name must be 200 characters or fewer"),
        },
    )
    ods_code = forms.CharField(
        label=_("ODS code"),
        help_text=_("The short code that the NHS gives to organisations, such as RXX. You can leave it empty."),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "nhsuk-input--width-10"}),
    )
    kind = forms.ChoiceField(label=_("What kind of organisation is it?"), choices=Organisation.Kind.choices)
    nation = forms.ChoiceField(label=_("In which nation?"), choices=Organisation.Nation.choices)
    second_factor_required = forms.BooleanField(
        label=_("Leads and board members have to sign in with a second step"),
        help_text=_("A code from a phone, or a passkey. Whoever has none, you too, sets one up before the next page."),
        required=False,
    )
    practise_first = forms.BooleanField(
        label=_("Patient leaders practise before their first review"),
        help_text=_("Twelve worked cases, about 20 minutes. Whoever has done it once is not asked again."),
        required=False,
    )

    reply_days = forms.IntegerField(
        label=_("Within how many days do you reply to a challenge?"),
        help_text=_("28 at most. A reply that is late takes the proof away on the map until it comes."),
        min_value=1,
        max_value=28,
        widget=forms.NumberInput(attrs={"class": "nhsuk-input--width-3"}),
        error_messages={
            "required": _("Enter a number from 1 to 28"),
            "invalid": _("Enter a number from 1 to 28"),
            "min_value": _("Enter a number from 1 to 28"),
            "max_value": _("Enter a number from 1 to 28"),
        },
    )

    def __init__(self, *args, organisation: Organisation, **kwargs):
        shown = {name: getattr(organisation, name) for name in SETTINGS}
        super().__init__(*args, initial={**shown, "seen": settings_seen(organisation)}, **kwargs)

    def see(self, organisation: Organisation) -> None:
        """Mark the form as having seen the settings as they are now: sending it again saves over them."""
        self.data = self.data.copy()
        self.data["seen"] = settings_seen(organisation)


class RulingForm(NHSForm):
    """How a contested kind is counted here: one of the sides, why, who decided, from when."""

    place = forms.ChoiceField(
        label=_("Where do you count it?"), widget=forms.RadioSelect, error_messages={"required": _("Choose a place")}
    )
    reason = forms.CharField(
        label=_("Why?"),
        help_text=_("This stands wherever such an activity is counted. Write it so that people outside understand it."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why you count it this way")},
    )
    author = forms.CharField(
        label=_("Who decided this?"),
        help_text=_("For example, the board, or the involvement committee."),
        max_length=150,
        error_messages={"required": _("Say who decided this")},
    )
    from_on = DayField(
        label=_("From which day?"), latest=today, initial=today, error_messages={"required": _("Enter the day")}
    )

    def __init__(self, *args, kind: ContestedKind, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = [(place, place_title(place)) for place, _argument in kind.case_for]
        self.fields["place"].hints = dict(kind.case_for)
