"""What to change on many activities at once: every field is left as it is unless somebody chooses."""

from __future__ import annotations

from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from framework.catalogue import catalogue
from involvement.actions import many
from involvement.actions.many import LEAVE, ManyChanges
from involvement.forms.base import OrganisationForm
from involvement.models import Activity

AS_IT_IS = ("", _("Leave as it is"))
TRUST_WIDE, NONE, NEW = "trust-wide", "none", "new"

WHY_LEFT_OUT = {
    many.WITHDRAWN: _("withdrawn, so it cannot be changed"),
    many.NAMES_SERVICES: _("it covers services by name, so it has to stay trust-wide"),
    many.HAS_ENDED: _("its dates say that it has ended. Change the dates first"),
    many.NOT_STARTED: _("its dates say that it has not started. Change the dates first"),
    many.DATES_CONTRADICT: _("with that status its end would be before its start"),
}


class ManyForm(OrganisationForm):
    """What to change on the activities that were chosen; ``changes()`` is what the action takes."""

    service = forms.ChoiceField(label=_("Service"), required=False)
    piece = forms.ChoiceField(label=_("Piece of work"), required=False)
    new_piece = forms.CharField(
        label=_("Title of the new piece of work"), required=False, max_length=200,
        help_text=_("Only if you chose to make a new one."),
    )  # fmt: skip
    stated_status = forms.ChoiceField(
        label=_("Status"), required=False,
        help_text=_("“Running” counts as seen today, and keeps them on the map for 12 months."),
    )  # fmt: skip
    running = forms.ChoiceField(
        label=_("Are they running today?"), required=False, widget=forms.RadioSelect,
        choices=[AS_IT_IS, ("yes", _("Yes, all of them are running")), ("no", _("No, or I do not know"))],
        help_text=_("Your answer is kept with today’s date and your name."),
    )  # fmt: skip
    method = forms.CharField(
        label=_("Kind of activity"), required=False, help_text=_("Leave it empty to leave it as it is.")
    )
    method_emptied = forms.BooleanField(label=_("Empty the kind of activity"), required=False)
    named_lead = forms.CharField(
        label=_("Who leads it"), required=False, help_text=_("Leave it empty to leave it as it is.")
    )
    named_lead_emptied = forms.BooleanField(label=_("Empty who leads it"), required=False)
    groups_added = forms.MultipleChoiceField(
        label=_("Groups to add"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("Groups that they were meant to include. What is recorded of other groups stays."),
    )  # fmt: skip
    groups_removed = forms.MultipleChoiceField(
        label=_("Groups to take out"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("How many people were reached in these groups, and with what support, goes with them."),
    )  # fmt: skip
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.services = {str(each.pk): each for each in self.organisation.services.filter(retired_on=None)}
        self.pieces = {str(each.pk): each for each in self.organisation.pieces.all()}
        self.fields["service"].choices = [
            AS_IT_IS, (TRUST_WIDE, _("The whole organisation (trust-wide)")),
            *((key, each.name) for key, each in self.services.items()),
        ]  # fmt: skip
        self.fields["piece"].choices = [
            AS_IT_IS, (NONE, _("None: take them out of it")), (NEW, _("Make a new one")),
            *((key, each.title) for key, each in self.pieces.items()),
        ]  # fmt: skip
        self.fields["stated_status"].choices = [
            AS_IT_IS, *Activity.StatedStatus.choices, (NONE, _("Not known: empty it")),
        ]  # fmt: skip
        for name in ("groups_added", "groups_removed"):
            self.fields[name].choices = list(catalogue().groups.items())
            self.fields[name].small = True
        for name in ("method", "named_lead"):
            self.fields[name].max_length = Activity._meta.get_field(name).max_length
            self.fields[name].validators.append(
                forms.fields.validators.MaxLengthValidator(self.fields[name].max_length)
            )
        self.fields["method"].widget.attrs["list"] = "methods"

    @cached_property
    def helper(self):
        """Lay the fields out in three sections."""
        helper = super().helper
        helper.layout = Layout(
            "request_key",
            "seen",
            Fieldset(_("Whose they are"), "service", "piece", "new_piece", "named_lead", "named_lead_emptied"),
            Fieldset(_("What and when"), "stated_status", "running", "method", "method_emptied"),
            Fieldset(_("Who they were meant to include"), "groups_added", "groups_removed"),
        )
        return helper

    @property
    def methods(self) -> tuple[str, ...]:
        """The suggestions for the kind of activity."""
        return catalogue().methods

    def clean(self):
        """Refuse a box that says one thing and a tick that says another."""
        said = super().clean()
        for name in ("method", "named_lead"):
            if said.get(name) and said.get(f"{name}_emptied"):
                self.add_error(name, _("Write something here or empty it, not both"))
        if said.get("new_piece") and said.get("piece") != NEW:
            self.add_error("piece", _("You wrote the title of a new piece of work: choose “Make a new one”"))
        return said

    def changes(self) -> ManyChanges:
        """Return what was chosen, as actions.many takes it. The form has to be valid."""
        said = self.cleaned_data
        service, piece, status = said["service"], said["piece"], said["stated_status"]
        return ManyChanges(
            service=LEAVE if not service else None if service == TRUST_WIDE else self.services[service],
            piece=LEAVE if not piece else None if piece == NONE else said["new_piece"] if piece == NEW
            else self.pieces[piece],
            stated_status=LEAVE if not status else "" if status == NONE else status,
            running={"": LEAVE, "yes": True, "no": False}[said["running"]],
            method=said["method"] or ("" if said["method_emptied"] else LEAVE),
            named_lead=said["named_lead"] or ("" if said["named_lead_emptied"] else LEAVE),
            groups_added=tuple(said["groups_added"]),
            groups_removed=tuple(said["groups_removed"]),
        )  # fmt: skip
