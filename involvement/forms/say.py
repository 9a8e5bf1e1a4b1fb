"""The four questions to people who took part, and the link that leads to them."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from involvement.actions.assessing import BATCH, MOST
from involvement.actions.base import today
from involvement.assessments import SCALES
from involvement.forms.base import NHSForm, PlainForm
from involvement.forms.fields import DayField

UNSURE = "unsure"


class ScaleField(forms.ChoiceField):
    """One question: five points between two ends, or "I cannot say". Nothing is chosen beforehand."""

    def __init__(self, scale):
        points = [(str(value), str(value)) for value in range(1, 6)]
        points[0], points[-1] = ("1", f"1: {scale.low}"), ("5", f"5: {scale.high}")
        super().__init__(
            label=scale.question, choices=[*points, (UNSURE, _("I cannot say"))], widget=forms.RadioSelect,
            error_messages={"required": _("Choose a number, or “I cannot say”"), "invalid_choice": _("Choose one")},
        )  # fmt: skip
        self.label_size = "m"


class SayForm(PlainForm):
    """What one person says. No free text: it could tell who wrote it."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for scale in SCALES:
            self.fields[scale.slug] = ScaleField(scale)
            self.fields[scale.slug].error_messages["required"] = _("Choose a number, or “I cannot say”")

    @property
    def said(self) -> dict[str, int | None]:
        """Return what actions.assessing.assess takes."""
        return {slug: None if value == UNSURE else int(value) for slug, value in self.cleaned_data.items()}


class LinkForm(NHSForm):
    """A new link: until when, and for how many people."""

    closes_on = DayField(
        label=_("Until which day can people answer?"), error_messages={"required": _("Enter the day")}
    )
    most = forms.IntegerField(
        label=_("How many people took part, at most?"), min_value=BATCH, max_value=MOST, initial=200,
        help_text=_("No more answers than this are taken, so that nobody can flood it."),
        widget=forms.NumberInput(attrs={"class": "nhsuk-input--width-4"}),
    )  # fmt: skip

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("initial", {"closes_on": today() + timedelta(days=28)})
        super().__init__(*args, **kwargs)
