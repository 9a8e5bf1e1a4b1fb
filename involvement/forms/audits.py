"""Starting an audit, freezing it, judging the places, signing, publishing."""

from __future__ import annotations

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from involvement.actions.base import today
from involvement.audits.facts import facts_of
from involvement.audits.snapshot import year_before
from involvement.forms.base import NHSForm, OrganisationForm, SearchForm
from involvement.forms.fields import DayField
from involvement.forms.map import DayTextField
from involvement.models import Audit, Conclusion


class AuditForm(OrganisationForm):
    """What an audit is of. ``version`` is set when one is changed."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    title = forms.CharField(
        label=_("What is it called?"), max_length=200, error_messages={"required": _("Write a title.")}
    )
    service = forms.ModelChoiceField(
        label=_("What does it look at?"),
        queryset=None,
        required=False,
        empty_label=_("The whole organisation"),
        error_messages={"invalid_choice": _("Choose one of your services")},
    )
    as_at = DayField(
        label=_("Which day does it look at?"),
        help_text=_("The map is drawn as it was on this day. It can be today."),
        latest=today,
        error_messages={"required": _("Enter the day that the audit looks at.")},
    )
    period_from = DayField(
        label=_("From which day do you look at what changed?"),
        help_text=_("What people changed, and what was refused, is listed for this period."),
        error_messages={"required": _("Enter the first day of the period.")},
    )
    period_to = DayField(
        label=_("Until which day?"), error_messages={"required": _("Enter the last day of the period.")}
    )

    def __init__(self, *args, audit: Audit | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        own = audit.service_id if audit else None
        services = self.organisation.services.all()
        self.fields["service"].queryset = services.filter(retired_on=None) | services.filter(pk=own)
        if not self.fields["service"].queryset:
            del self.fields["service"]

    @staticmethod
    def first_words(audit: Audit | None) -> dict:
        """Return what stands in a new form: of ``audit``, or of the year that ends today."""
        if audit is not None:
            names = ("title", "as_at", "period_from", "period_to", "version", "service")
            return {name: getattr(audit, name) for name in names}
        day = today()
        title = _now("Audit of involvement %(year)d") % {"year": day.year}
        return {"title": title, "as_at": day, "period_from": year_before(day), "period_to": day}

    @property
    def facts(self) -> dict:
        """Return what the actions take."""
        names = ("title", "as_at", "period_from", "period_to")
        return {name: self.cleaned_data[name] for name in names} | {"service": self.cleaned_data.get("service")}


class FreezeForm(NHSForm):
    """Freezing, with why the board goes on where something stands in the way."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    although = forms.CharField(
        label=_("Why do you go on although this is open?"),
        help_text=_("The report prints your reason. The other way is to put it right first."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=4000,
        required=False,
    )

    def __init__(self, *args, blocked: bool, **kwargs):
        super().__init__(*args, **kwargs)
        if not blocked:
            del self.fields["although"]


class ConclusionsForm(NHSForm):
    """How sure the board is of each place, and why. A place may be left for later; half of one may not."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, snapshot: dict, conclusions: list[dict], **kwargs):
        super().__init__(*args, **kwargs)
        self.snapshot = snapshot
        nothing = {"assurance": "", "reason": ""}
        self.held = {place["slug"]: nothing for place in snapshot["places"]}
        self.held |= {each["place"]: each for each in conclusions}
        for place in snapshot["places"]:
            names = {"place": place["title"].lower()}
            self.fields[f"{place['slug']}-assurance"] = forms.ChoiceField(
                label=_now("Citizens as %(place)s: how sure is the board?") % names,
                choices=Conclusion.Assurance.choices, widget=forms.RadioSelect, required=False,
                initial=self.held[place["slug"]]["assurance"],
            )  # fmt: skip
            self.fields[f"{place['slug']}-reason"] = forms.CharField(
                label=_now("Citizens as %(place)s: why?") % names,
                widget=forms.Textarea(attrs={"rows": 3}), max_length=4000, required=False,
                initial=self.held[place["slug"]]["reason"],
            )  # fmt: skip

    @property
    def places(self) -> list[dict]:
        """Return each place with its facts and its two fields."""
        return [
            {
                "place": place,
                "facts": facts_of(place, self.snapshot),
                "assurance": self[f"{place['slug']}-assurance"],
                "reason": self[f"{place['slug']}-reason"],
            }
            for place in self.snapshot["places"]
        ]

    @property
    def judged(self) -> dict[str, tuple[str, str]]:
        """Return what the action takes: places of which anything is said here. What is left empty stays as it was."""
        said = {
            place["slug"]: (
                self.cleaned_data.get(f"{place['slug']}-assurance", ""),
                self.cleaned_data.get(f"{place['slug']}-reason", ""),
            )
            for place in self.snapshot["places"]
        }
        return {slug: pair for slug, pair in said.items() if any(pair)}


class SignForm(NHSForm):
    """What is signed. The name under it is the account's: nobody signs for somebody else."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    statement = forms.CharField(
        label=_("What you sign"),
        help_text=_("Use these words or your own."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=4000,
        error_messages={"required": _("Say what you sign.")},
    )


class PublishForm(NHSForm):
    """The second of two steps."""

    looked = forms.BooleanField(
        label=_("I have looked at all of this page, and it may be public"),
        error_messages={"required": _("Look at the page first, and say so.")},
    )


class CompareForm(SearchForm):
    """Two days."""

    from_ = DayTextField(label=_("From"), required=False, max_length=60)
    to = DayTextField(label=_("To"), required=False, max_length=60)

    def add_prefix(self, name: str) -> str:
        """The address says "from", which no attribute of Python can be called."""
        return super().add_prefix("from" if name == "from_" else name)

    def clean(self):
        """Refuse days to come, and a later day first."""
        said = super().clean()
        for name in ("from_", "to"):
            if said.get(name) and said[name] > today():
                self.add_error(name, _("This day has not come yet."))
        if said.get("from_") and said.get("to") and said["from_"] >= said["to"]:
            self.add_error("to", _("Choose a later day than the first."))
        return said

    @cached_property
    def days(self):
        """Return the two days, or None when they are not both there."""
        if not self.is_valid():
            return None
        days = self.cleaned_data["from_"], self.cleaned_data["to"] or today()
        return days if days[0] and days[0] < days[1] else None
