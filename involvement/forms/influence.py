"""What came of an activity, and the evidence for it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from framework.catalogue import catalogue
from involvement.files import LARGEST, content_type_of
from involvement.forms.base import OrganisationForm
from involvement.forms.fields import DayField
from involvement.models import Change, Evidence
from involvement.models.influence import GRADES


def facet_choices(activity) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return all ways as grouped choices; the places that the activity is in today come first."""
    current = activity.classifications.filter(kind="leader", until=None, void_at=None).first()
    held = {row.facet.split("/")[0] for row in current.placements.all()} if current else set()
    places = sorted(catalogue().places.values(), key=lambda place: place.slug not in held)
    return [
        (place.as_title, [(facet.key, facet.title) for facet in catalogue().facets_of(place.slug)]) for place in places
    ]


class PercentField(forms.DecimalField):
    """A share in per cent, with or without its sign: "80" or "80 %"."""

    default_error_messages = {"invalid": _("Enter a share from 0 to 100, such as 80")}

    def to_python(self, value):
        return super().to_python(value.strip().removesuffix("%") if isinstance(value, str) else value)


class ChangeForm(OrganisationForm):
    """One answer to what people said. Its choices of ways start with those that the activity is placed in."""

    facets = forms.MultipleChoiceField(
        label=_("Which ways to take part does this speak for?"),
        help_text=_("It is proof for these ways only."),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one way to take part that this speaks for")},
    )
    asked = forms.CharField(
        label=_("What did people ask for?"),
        help_text=_("In a sentence or two. Do not name patients."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    decision_point = forms.CharField(
        label=_("Who decided, and where?"),
        help_text=_("For example, the board in public, item 7"),
        required=False,
        max_length=300,
    )
    outcome = forms.ChoiceField(
        label=_("What came of it?"),
        choices=Change.Outcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what came of it")},
    )
    what = forms.CharField(
        label=_("What changed?"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For work done together: what the record says was done jointly. Do not name patients."),
    )
    why = forms.CharField(
        label=_("Why?"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Needed when something was refused. Do not name patients."),
    )
    service = forms.ModelChoiceField(
        label=_("Which service changed?"),
        queryset=None,
        required=False,
        empty_label=_("The activity’s own service"),
        help_text=_("For people as users, only a change to a named service counts."),
    )
    offered_percent = PercentField(
        label=_("Share of people offered a choice, in per cent"),
        required=False,
        min_value=0,
        max_value=100,
        help_text=_("Only for people as choosers."),
    )
    taken_up_percent = PercentField(
        label=_("Share who took it up, in per cent"), required=False, min_value=0, max_value=100
    )
    decided_on = DayField(
        label=_("When was it decided?"), error_messages={"required": _("Enter the day it was decided")}
    )
    told_on = DayField(
        label=_("When were the people who took part told?"),
        required=False,
        help_text=_("Leave it empty if nobody has told them yet."),
    )
    told_by = forms.CharField(label=_("Who told them?"), required=False, max_length=150)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, organisation, activity, change=None, **kwargs):
        if change is not None:
            kwargs["initial"] = {name: getattr(change, name) for name in self.base_fields if hasattr(change, name)} | {
                "facets": [row.facet for row in change.facets.all()]
            }
        super().__init__(*args, organisation=organisation, **kwargs)
        self.fields["service"].queryset = organisation.services.filter(retired_on=None)
        self.fields["facets"].choices = facet_choices(activity)

    def words(self) -> dict:
        """Return the cleaned fields as arguments of actions.influence.record_change."""
        return {name: value for name, value in self.cleaned_data.items() if name not in ("request_key", "version")}


class ChecksUpload:
    """Looks into the file that a form takes as ``upload``; what it was found to be is then ``content_type``."""

    content_type = ""

    def clean_upload(self):
        """Refuse a file whose content is not of a kind that we take, whatever its name says."""
        upload = self.cleaned_data.get("upload")
        if not upload:
            return None
        if upload.size > LARGEST:
            raise forms.ValidationError(_("The file must be 10 MB or smaller"))
        self.content_type = content_type_of(upload.read()) or ""
        upload.seek(0)
        if not self.content_type:
            raise forms.ValidationError(_("The file must be a PDF, a PNG or JPEG picture, Word, Excel or OpenDocument"))
        return upload


class EvidenceForm(ChecksUpload, OrganisationForm):
    """Evidence for a change. What is attached decides the kind that is believed."""

    kind = forms.ChoiceField(
        label=_("What kind of evidence is it?"),
        choices=[
            (Evidence.Kind.DOCUMENT, _("A document that others can find: minutes, a specification, before and after")),
            (Evidence.Kind.CORROBORATION, _("People who took part, or somebody independent, confirm it")),
            (Evidence.Kind.STATEMENT, _("Our word, and nothing else yet")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what kind of evidence this is")},
    )
    reference = forms.CharField(
        label=_("Reference"), required=False, max_length=300, help_text=_("For example, board minutes, 3 May, item 7")
    )
    link = forms.URLField(label=_("Web address"), required=False, max_length=500, assume_scheme="https")
    upload = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("PDF, picture, Word, Excel or OpenDocument, up to 10 MB. Take patients’ names out first."),
    )
    dated_on = DayField(label=_("Date of the document"), required=False)
    corroborated_by = forms.CharField(
        label=_("Who confirms it?"),
        required=False,
        max_length=200,
        help_text=_("A role or a group, not a patient’s name. It has to be somebody other than you."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        grades = {grade.number: grade for grade in catalogue().grades}
        self.fields["kind"].hints = {
            kind: _("Shown as “%(title)s”. %(meaning)s") % {"title": grades[n].title, "meaning": grades[n].meaning}
            for kind, n in GRADES.items()
        }

    def words(self) -> dict:
        """Return the cleaned fields as arguments of actions.influence.add_evidence."""
        words = {name: value for name, value in self.cleaned_data.items() if name != "request_key"}
        return words | {"content_type": self.content_type}
