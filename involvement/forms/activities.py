"""An activity as a form: long, in sections, and kind to what people do not know."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from framework.catalogue import catalogue
from involvement.actions.activities import ActivityFacts
from involvement.forms.base import NHSForm, OrganisationForm
from involvement.forms.fields import RowsField
from involvement.models import Activity

NO_NAMES = _("Do not name patients, or say anything that could identify one.")


@dataclass(frozen=True)
class GroupSaid:
    """What was said of one group: ticked, how many were reached, what support it was given."""

    group: str
    reach: int | None = None
    support: str = ""

    def __str__(self) -> str:
        title = catalogue().groups.get(self.group, self.group)
        words = [f"{self.reach:,}" if self.reach is not None else "", self.support]
        return f"{title} ({', '.join(word for word in words if word)})" if any(words) else title


class GroupsInput(forms.Widget):
    """A tick for every group; a ticked one asks how many and with what support. Drawn by the page template below."""

    input_type = "checkbox"
    page_template = "activities/_groups_field.html"

    def value_from_datadict(self, data, files, name) -> list[dict[str, str]]:
        """Return what was typed, a dict a group; boxes filled in beside a group that was not ticked tick it."""
        ticked, before = set(data.getlist(name)), set(data.getlist(f"{name}_before"))
        said = []
        for slug in catalogue().groups:
            reach = data.get(f"{name}_{slug}_reach", "").strip()
            support = data.get(f"{name}_{slug}_support", "").strip()
            if slug in ticked or (slug not in before and (reach or support)):
                said.append({"group": slug, "reach": reach, "support": support})
        return said + [{"group": slug, "reach": "", "support": ""} for slug in sorted(ticked - set(catalogue().groups))]

    def value_omitted_from_data(self, data, files, name) -> bool:
        return False

    def id_for_label(self, id_):
        return f"{id_}_{next(iter(catalogue().groups))}" if id_ else id_

    def rows(self, field) -> list[dict]:
        """Return a row a group for a bound ``field``: ids, names, what was typed, and what has to be put right."""
        value = field.value() or []
        said = {each["group"]: each for each in (asdict(v) if isinstance(v, GroupSaid) else v for v in value)}
        before = {each.group for each in field.initial or []}
        rows = []
        for slug, title in catalogue().groups.items():
            typed = said.get(slug)
            reach = "" if typed is None or typed["reach"] is None else str(typed["reach"])
            rows.append(
                {
                    "slug": slug,
                    "title": title,
                    "id": f"{field.auto_id}_{slug}",
                    "name": f"{field.html_name}_{slug}",
                    "checked": typed is not None,
                    "before": slug in before,
                    "reach": reach,
                    "support": typed["support"] if typed else "",
                    "error": group_error(reach, typed["support"]) if typed and field.errors else "",
                }
            )
        return rows

    def first_id(self, field) -> str:
        """Return the id of the first box to put right, else of the first tick."""
        rows = self.rows(field)
        row = next((row for row in rows if row["error"]), None)
        return f"{row['id']}_reach" if row else rows[0]["id"]


def group_error(reach: str, support: str) -> str:
    """Return what is wrong with what was typed for one group, or ""."""
    if reach and not (reach.isascii() and reach.isdigit() and len(reach) < 9):
        return _now("Enter how many people as a whole number, such as 25, or leave it empty")
    if len(support) > 200:
        return _now("The support given must be 200 characters or fewer")
    return ""


class GroupsField(forms.Field):
    """The groups that an activity meant to include: a list of GroupSaid, in the framework's order."""

    widget = GroupsInput

    def to_python(self, value) -> list[GroupSaid]:
        said = []
        for each in value or []:
            if each["group"] not in catalogue().groups:
                raise ValidationError(_("Choose from the groups in the list"))
            if wrong := group_error(each["reach"], each["support"]):
                raise ValidationError(f"{catalogue().groups[each['group']]}: {wrong}")
            reach = int(each["reach"]) if each["reach"] else None
            said.append(GroupSaid(each["group"], reach, " ".join(each["support"].split())))
        return said


class PoundsField(forms.DecimalField):
    """An amount in pounds, with or without the sign and commas: "£1,200.50"."""

    widget = forms.TextInput

    def to_python(self, value):
        return super().to_python(str(value).replace("£", "").replace(",", "").strip() if value is not None else value)


class HoursField(forms.IntegerField):
    """A whole number, with or without commas: "1,200"."""

    widget = forms.TextInput

    def to_python(self, value):
        return super().to_python(str(value).replace(",", "").strip() if value is not None else value)


def words(label, *, hint="", longest: int, required: bool = False, **kwargs) -> forms.CharField:
    """Return a field for one line of text."""
    return forms.CharField(label=label, help_text=hint, max_length=longest, required=required, **kwargs)


def text(label, *, hint="", rows: int = 4) -> forms.CharField:
    """Return a field for longer text."""
    return forms.CharField(
        label=label, help_text=hint, required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": rows})
    )


SECTIONS = (
    (_("What it is"), ("title", "description", "method", "reference")),
    (_("Whose it is"), ("service", "named_services", "piece", "named_lead")),
    (_("When"), ("start_written", "end_written", "period", "stated_status")),
    (_("Who took part"), (
        "participants", "missing", "reach", "open_to_all", "groups", "support", "citizen_hours", "cost", "could_lose",
    )),  # fmt: skip
    (_("What was promised, and what came of it"), ("promised", "result", "mechanisms", "source_url")),
)


class ActivityForm(OrganisationForm):
    """All that is known of an activity. Only the title is required: what is not known is left empty.

    ``facts()`` is what the action takes. With ``activity``, the form starts from it and carries its version.
    """

    title = words(_("Title"), hint=_("What people would call it, such as “Maternity listening week”."), longest=300,
                  required=True, error_messages={"required": _("Give the activity a title")})  # fmt: skip
    description = text(_("What happened?"), hint=NO_NAMES, rows=5)
    method = words(
        _("What kind of activity was it?"), longest=120,
        hint=_("In your own words, or from the list. The name decides nothing about its place on the map."),
    )  # fmt: skip
    reference = words(_("Your own reference"), longest=60, hint=_("If your list has one. No two activities share it."))
    service = forms.ModelChoiceField(
        label=_("Which service is it part of?"), queryset=None, required=False,
        empty_label=_("The whole organisation (trust-wide)"),
        error_messages={"invalid_choice": _("Choose one of your services")},
    )  # fmt: skip
    named_services = RowsField(
        label=_("If it is trust-wide: which services does it cover by name?"), queryset=None, required=False,
        help_text=_("It counts for these services too. Leave all empty if it is about the organisation as a whole."),
        widget=forms.CheckboxSelectMultiple,
        error_messages=dict.fromkeys(
            ("invalid_choice", "invalid_pk_value", "invalid_list"), _("Choose from your services")
        ),
    )  # fmt: skip
    piece = forms.ModelChoiceField(
        label=_("Which piece of work is it part of?"), queryset=None, required=False, empty_label=_("None"),
        help_text=_("A piece of work is the larger thing that several activities serve."),
        error_messages={"invalid_choice": _("Choose one of your pieces of work")},
    )  # fmt: skip
    named_lead = words(
        _("Who leads it?"), hint=_("A member of staff or a role. A planned activity needs one."), longest=150
    )
    start_written = words(
        _("When did it start, or when will it?"), longest=80,
        hint=_("As exactly as you know: 3 May 2026, May 2026, spring 2026 or 2026."),
    )  # fmt: skip
    end_written = words(
        _("When did it end, or when will it?"),
        longest=80,
        hint=_("Leave it empty if it goes on, or if you do not know."),
    )
    period = words(
        _("Or say the whole period in your own words"),
        longest=120,
        hint=_("For example, 2025/26, or June to July 2026."),
    )
    stated_status = forms.ChoiceField(
        label=_("Is it running?"), required=False, widget=forms.RadioSelect,
        choices=[
            (Activity.StatedStatus.PLANNED, _("Not yet, it is planned")),
            (Activity.StatedStatus.RUNNING, _("Yes, it is running")),
            (Activity.StatedStatus.ENDED, _("No, it has ended")),
            ("", _("I do not know")),
        ],
        help_text=_("“Yes” counts as seen today, and keeps it on the map for 12 months."),
    )  # fmt: skip
    participants = words(
        _("Who took part?"), hint=_("For example, people who gave birth here in 2025. No names."), longest=300
    )
    missing = words(
        _("Who was missing?"), longest=300,
        hint=_("People whom it concerns and who did not take part, such as “nobody who works nights”. No names."),
    )  # fmt: skip
    could_lose = words(
        _("If it is a choice: who could lose when others choose?"), longest=300,
        hint=_("For example, “people without a car, if the near clinic empties”."),
    )  # fmt: skip
    reach = words(
        _("How many people took part?"), hint=_("A number, or words such as “about 40 each month”."), longest=120
    )
    open_to_all = forms.BooleanField(
        label=_("It was open to everyone"), required=False,
        help_text=_("This alone counts for no group: say below who was really reached."),
    )  # fmt: skip
    groups = GroupsField(
        label=_("Which groups was it meant to include?"), required=False,
        help_text=_("A group counts on the map only if you say how many people it reached, or what support they had."),
    )  # fmt: skip
    support = forms.MultipleChoiceField(
        label=_("What support did people have to take part?"), required=False, widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Choose from the kinds of support in the list")},
    )  # fmt: skip
    citizen_hours = HoursField(
        label=_("How many hours did citizens give, in all?"), required=False, min_value=0, max_value=2_147_483_647,
        error_messages={
            "invalid": _("Enter the hours as a whole number, such as 120"),
            "min_value": _("The hours must be 0 or more"),
            "max_value": _("That is more hours than we can store"),
        },
    )  # fmt: skip
    cost = PoundsField(
        label=_("What did it cost, in pounds?"), required=False, min_value=0, max_digits=12, decimal_places=2,
        help_text=_("For example, 1200 or 1,200.50."),
        error_messages={
            "invalid": _("Enter the cost in pounds, such as 1200"),
            "min_value": _("The cost must be 0 or more"),
        },
    )  # fmt: skip
    promised = text(
        _("What was promised beforehand?"), rows=3,
        hint=_("What the organisation said, before it started, that it would do with what people say."),
    )  # fmt: skip
    result = text(
        _("What does the organisation say came of it?"), rows=3,
        hint=_("This is your own word. Changes with evidence are recorded on the activity’s page."),
    )  # fmt: skip
    mechanisms = forms.MultipleChoiceField(
        label=_("What does it rest on?"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("If this went, the activity would go with it. Leave all empty if it stands by itself."),
        error_messages={"invalid_choice": _("Choose from the list of what it rests on")},
    )  # fmt: skip
    source_url = forms.URLField(
        label=_("A web page about it"), required=False, max_length=500, assume_scheme="https",
        error_messages={"invalid": _("Enter a web address, such as https://www.example.org/report")},
    )  # fmt: skip
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, activity: Activity | None = None, **kwargs):
        if activity is not None:
            kwargs["initial"] = said_by(activity)
        super().__init__(*args, **kwargs)
        known, services = catalogue(), self.organisation.services.all()
        named = [service.pk for service in self.initial.get("named_services", ())]
        own = activity.service_id if activity else None
        self.fields["service"].queryset = services.filter(retired_on=None) | services.filter(pk=own)
        self.fields["named_services"].queryset = services.filter(retired_on=None) | services.filter(pk__in=named)
        self.fields["piece"].queryset = self.organisation.pieces.all()
        self.fields["support"].choices = known.supports.items()
        self.fields["mechanisms"].choices = [(slug, each.title) for slug, each in known.mechanisms.items()]
        self.fields["method"].widget.attrs["list"] = "methods"
        for name, width in (("start_written", 20), ("end_written", 20), ("reference", 10), ("reach", 20)):
            self.fields[name].widget.attrs["class"] = f"nhsuk-input--width-{width}"
        for name in ("citizen_hours", "cost"):
            self.fields[name].widget.attrs |= {"class": "nhsuk-input--width-5", "inputmode": "decimal"}
        self.fields["cost"].prefix = "£"
        for name in ("support", "mechanisms", "named_services"):
            self.fields[name].small = True
        if not self.fields["named_services"].queryset:
            del self.fields["named_services"]
        if not self.fields["piece"].queryset:
            del self.fields["piece"]

    @cached_property
    def helper(self):
        """Lay the fields out in SECTIONS."""
        helper = super().helper
        sections = [Fieldset(title, *(name for name in names if name in self.fields)) for title, names in SECTIONS]
        helper.layout = Layout("request_key", "version", *sections)
        return helper

    @property
    def methods(self) -> tuple[str, ...]:
        """The suggestions for the method."""
        return catalogue().methods

    def facts(self) -> ActivityFacts:
        """Return what was said, as actions.activities takes it. The form has to be valid."""
        facts = {name: self.cleaned_data[name] for name in ActivityFacts.__annotations__ if name in self.cleaned_data}
        facts["groups"] = [asdict(said) for said in self.cleaned_data["groups"]]
        if "named_services" in facts:
            facts["named_services"] = list(facts["named_services"])
        return facts


def said_by(activity: Activity) -> dict:
    """Return what an activity says, as the form's initial values and as "what is saved now" of a conflict."""
    organisation = activity.organisation
    said = {
        name: getattr(activity, name)
        for name in ActivityFacts.__annotations__
        if name not in ("groups", "named_services")
    }
    rows = {row.group: row for row in organisation.activity_groups.filter(activity=activity)}
    naming = organisation.activity_services.filter(activity=activity).select_related("service")
    return said | {
        "groups": [
            GroupSaid(slug, rows[slug].reach, rows[slug].support) for slug in catalogue().groups if slug in rows
        ],
        "named_services": [row.service for row in naming],
        "version": activity.version,
    }


class WithdrawForm(NHSForm):
    """Why an activity does not belong in the list."""

    reason = words(
        _("Why does it not belong in the list?"), longest=500, required=True,
        hint=_("For example, it is in the list twice. Do not name patients."),
        error_messages={"required": _("Say why this activity does not belong in the list")},
    )  # fmt: skip
    version = forms.IntegerField(widget=forms.HiddenInput)


class RunningForm(NHSForm):
    """The answer to "is it running today?"."""

    running = forms.TypedChoiceField(
        label=_("Is it running today?"), choices=[("yes", _("Yes")), ("no", _("No, or I do not know"))],
        coerce=lambda said: said == "yes", widget=forms.RadioSelect, empty_value=None,
        error_messages={
            "required": _("Choose yes or no"), "invalid_choice": _("Choose yes or no"),
        },
    )  # fmt: skip
