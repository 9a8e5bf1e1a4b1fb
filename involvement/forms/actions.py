"""Setting an action, and each step that it can take."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from framework.catalogue import catalogue
from involvement.forms.base import NHSForm, OrganisationForm
from involvement.forms.fields import DayField
from involvement.forms.influence import ChecksUpload
from involvement.models import ActionStep


def cell_choices() -> list:
    """Return the four places, each as a whole and with its ways, as grouped choices: "owners", "owners/strategy"."""
    content = catalogue()
    return [("", _("Choose a place or a way"))] + [
        (
            place.as_title,
            [(place.slug, _("%(place)s as a whole") % {"place": place.title})]
            + [(facet.key, facet.title) for facet in content.facets_of(place.slug)],
        )
        for place in content.places.values()
    ]


class OwnerForm(OrganisationForm):
    """Who will do it, and by when: for a new action, and for one that is given another day."""

    owner = forms.CharField(
        label=_("Who will do it?"), help_text=_("A name or a role."), max_length=150,
        error_messages={"required": _("Say who will do it.")},
    )  # fmt: skip
    owner_user = forms.ChoiceField(
        label=_("Who is reminded by e-mail?"), required=False,
        help_text=_("A member of your organisation. A letter goes out in the week before it is due, and weekly after."),
    )  # fmt: skip
    due_on = DayField(label=_("By when?"), error_messages={"required": _("Say by when.")})

    def __init__(self, *args, organisation, **kwargs):
        super().__init__(*args, organisation=organisation, **kwargs)
        rows = organisation.memberships.filter(until=None).select_related("user").order_by("user__name", "user_id")
        self.people = {str(row.user_id): row.user for row in rows}
        self.fields["owner_user"].choices = [("", _("Nobody"))] + [
            (pk, user.get_full_name()) for pk, user in self.people.items()
        ]

    def owner_words(self) -> dict:
        """Return owner, the member who is reminded, and the day, as arguments of actions.board."""
        said = self.cleaned_data
        return {
            "owner": said["owner"],
            "owner_user": self.people.get(said["owner_user"]),
            "due_on": said["due_on"],
        }


class ActionForm(OwnerForm):
    """A new action on a cell of the map."""

    about = forms.ChoiceField(
        label=_("Which place or way is it about?"), error_messages={"required": _("Choose a place or a way.")}
    )
    service = forms.ChoiceField(label=_("Where?"), required=False)
    what = forms.CharField(
        label=_("What will be done?"),
        help_text=_("In one sentence that anybody can check later. Do not name patients."),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say what will be done.")},
    )
    note = forms.CharField(
        label=_("Anything to add?"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )
    field_order = ["about", "service", "what", "owner", "owner_user", "due_on", "note"]

    def __init__(self, *args, organisation, **kwargs):
        super().__init__(*args, organisation=organisation, **kwargs)
        self.services = {service.slug: service for service in organisation.services.filter(retired_on=None)}
        self.fields["service"].choices = [("", _("The whole organisation"))] + [
            (service.slug, service.name) for service in self.services.values()
        ]
        self.fields["about"].choices = cell_choices()

    def words(self) -> dict:
        """Return the cleaned fields as arguments of actions.board.set_action."""
        said = self.cleaned_data
        place, _slash, way = said["about"].partition("/")
        return self.owner_words() | {
            "place": place,
            "facet": said["about"] if way else "",
            "service": self.services.get(said["service"]),
            "what": said["what"],
            "note": said["note"],
        }


class StepForm(NHSForm):
    """A step with its reason, written by whoever saw version ``version`` of the action."""

    note = forms.CharField(
        label=_("Why?"),
        help_text=_("Everyone in your organisation can read this. Do not name patients."),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
        error_messages={"required": _("Say why.")},
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, organisation, action, **kwargs):
        initial = {"version": action.version} | kwargs.pop("initial", {})
        super().__init__(*args, initial=initial, **kwargs)

    def words(self) -> dict:
        """Return the cleaned fields as arguments of the step's action."""
        return {"note": self.cleaned_data["note"]}


class MoveForm(OwnerForm):
    """Another day, or another owner, and why."""

    note = forms.CharField(
        label=_("Why?"),
        help_text=_("Everyone in your organisation can read this. Do not name patients."),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
        error_messages={"required": _("Say why.")},
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    field_order = ["due_on", "owner", "owner_user", "note"]

    def __init__(self, *args, organisation, action, **kwargs):
        now = {name: getattr(action, name) for name in ("version", "owner", "due_on")}
        super().__init__(*args, organisation=organisation, initial=now | {"owner_user": action.owner_user_id}, **kwargs)

    def words(self) -> dict:
        """Return the cleaned fields as arguments of actions.board.move_action."""
        return self.owner_words() | {"note": self.cleaned_data["note"]}


class DoneForm(ChecksUpload, StepForm):
    """What was done, and what shows it: a web address, a file or a reference."""

    reference = forms.CharField(
        label=_("Reference"), required=False, max_length=300, help_text=_("For example, board minutes, 3 May, item 7")
    )
    link = forms.URLField(label=_("Web address"), required=False, max_length=500, assume_scheme="https")
    upload = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("PDF, picture, Word, Excel or OpenDocument, up to 10 MB. Take patients’ names out first."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["note"].label = _("What was done?")
        self.fields["note"].error_messages["required"] = _("Say what was done.")

    def words(self) -> dict:
        """Return the cleaned fields as arguments of actions.board.close_action."""
        said = {name: self.cleaned_data[name] for name in ("note", "reference", "link", "upload")}
        return said | {"content_type": self.content_type}


STEP_FORMS = {
    ActionStep.Kind.DONE: DoneForm,
    ActionStep.Kind.MOVED: MoveForm,
    ActionStep.Kind.DROPPED: StepForm,
    ActionStep.Kind.REOPENED: StepForm,
}
