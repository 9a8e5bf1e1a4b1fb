"""A decision of the board's year, who took part in it, and taking it off the list."""

from django import forms
from django.utils.translation import gettext_lazy as _

from involvement.forms.base import NHSForm, OrganisationForm, SearchForm
from involvement.forms.fields import DayField


class DecisionForm(NHSForm):
    """What was decided, when, by whom, and why it matters."""

    title = forms.CharField(
        label=_("What was decided?"), max_length=200, error_messages={"required": _("Say what was decided.")},
        help_text=_("For example, “Close the walk-in centre in Mill Lane”."),
    )  # fmt: skip
    decided_on = DayField(
        label=_("When was it decided?"), error_messages={"required": _("Enter the day it was decided.")}
    )
    body = forms.CharField(
        label=_("Who decided?"), help_text=_("For example, the board in public"), max_length=150,
        error_messages={"required": _("Say who decided.")},
    )  # fmt: skip
    why = forms.CharField(
        label=_("Why is it a major or a hard decision?"),
        help_text=_("Such as how many people it touches, what it costs, or what was weighed against what."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        error_messages={"required": _("Say why it is major or hard.")},
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, decision=None, **kwargs):
        if decision is not None:
            kwargs["initial"] = {name: getattr(decision, name) for name in self.base_fields if hasattr(decision, name)}
        super().__init__(*args, **kwargs)

    def words(self) -> dict:
        """Return the cleaned fields as arguments of actions.decisions."""
        return {name: self.cleaned_data[name] for name in ("title", "decided_on", "body", "why")}


class FindForm(SearchForm):
    """Words to find activities by."""

    q = forms.CharField(label=_("Find activities"), required=False, max_length=200)


class TookPartForm(OrganisationForm):
    """Tick the activities through which people took part. ``offered`` are decisions.TookPart, those named ticked."""

    activities = forms.MultipleChoiceField(
        label=_("Through which activities did people who are not staff take part?"),
        help_text=_("Leave all unticked if nobody did."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Choose from the activities in the list.")},
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, organisation, decision, named, others, **kwargs):
        initial = {"activities": [str(each.activity.pk) for each in named], "version": decision.version}
        super().__init__(*args, organisation=organisation, initial=initial, **kwargs)
        self.found = {str(each.activity.pk): each.activity for each in (*named, *others)}
        self.fields["activities"].choices = [(str(each.activity.pk), words(each)) for each in (*named, *others)]

    def chosen(self) -> list:
        """Return the activities that were ticked."""
        return [self.found[pk] for pk in self.cleaned_data["activities"]]


def words(each) -> str:
    """Return an activity as a choice: title, reference and place."""
    more = ", ".join(filter(None, (each.activity.reference, each.place_title)))
    return f"{each.activity.title} ({more})" if more else each.activity.title


class WithdrawForm(NHSForm):
    """Why a decision is taken off the list."""

    reason = forms.CharField(
        label=_("Why?"),
        help_text=_("Everyone in your organisation can read this."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=500,
        error_messages={"required": _("Say why.")},
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, decision, **kwargs):
        super().__init__(*args, initial={"version": decision.version}, **kwargs)
