"""What the map is narrowed to: a service, a group of people, a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django import forms
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from framework.catalogue import catalogue
from involvement.actions.base import today
from involvement.dates import read_date
from involvement.forms.base import SearchForm
from involvement.models import Organisation, Service

EARLIEST = date(1948, 7, 5)  # the first day of the NHS


class DayTextField(forms.CharField):
    """One day written as people write it: "22 November 2026", 22/11/2026 or 2026-11-22. Empty is None."""

    def clean(self, value) -> date | None:
        """Return the day; ValidationError when the words name none, or more than one."""
        words = super().clean(value)
        if not words:
            return None
        reading = read_date(words)
        if reading is None or reading.earliest != reading.latest:
            raise forms.ValidationError(_("Enter one day, such as 31 March 2026."))
        if reading.earliest < EARLIEST:
            raise forms.ValidationError(_("Enter a day from 5 July 1948 on."))
        return reading.earliest


class MapForm(SearchForm):
    """Service, group and day. Unknown services and groups are no choice that a page offered: Http404."""

    service = forms.ChoiceField(label=_("Service"), required=False)
    group = forms.ChoiceField(label=_("Group of people"), required=False)
    as_at = DayTextField(label=_("As at"), required=False, max_length=60)

    def __init__(self, *args, organisation: Organisation, **kwargs):
        super().__init__(*args, **kwargs)
        self.services: dict[str, Service] = {service.slug: service for service in organisation.services.all()}
        self.fields["service"].choices = [("", _("The whole organisation"))] + [
            (service.slug, service.name) for service in self.services.values()
        ]
        self.fields["group"].choices = [("", _("Everybody")), *catalogue().groups.items()]


@dataclass(frozen=True)
class Narrowed:
    """What a map is asked for, corrected: a day in the future is today."""

    form: MapForm
    as_at: date
    service: Service | None
    group: str
    future: date | None

    @property
    def query(self) -> dict[str, str]:
        """Return what differs from the plain map, as an address says it."""
        said = {
            "service": self.service.slug if self.service else "",
            "group": self.group,
            "as_at": "" if self.as_at == today() else self.as_at.isoformat(),
        }
        return {name: value for name, value in said.items() if value}

    @property
    def group_title(self) -> str:
        return catalogue().groups.get(self.group, "")


def narrowed(data, organisation: Organisation) -> Narrowed:
    """Return what ``data`` (a query) asks of the map; Http404 for a service or group that is not there.

    A day that cannot be read leaves an error in the form and the map at today.
    """
    form = MapForm(data, organisation=organisation)
    form.is_valid()
    if "service" in form.errors or "group" in form.errors:
        raise Http404
    asked = form.cleaned_data.get("as_at")
    future = asked if asked and asked > today() else None
    return Narrowed(
        form=form,
        as_at=today() if asked is None or future else asked,
        service=form.services.get(form.cleaned_data["service"]),
        group=form.cleaned_data["group"],
        future=future,
    )
