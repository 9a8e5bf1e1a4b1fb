"""Two records of one activity: which value of each field stays."""

from __future__ import annotations

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from involvement.duplicates import Choice
from involvement.forms.base import NHSForm, OrganisationForm


class MergeForm(NHSForm):
    """A question for every field in which the two differ; ``choices()`` is what the action takes."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    gone_version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, between: list[Choice], **kwargs):
        self.between = between
        super().__init__(*args, **kwargs)
        for choice in between:
            self.fields[choice.name] = forms.ChoiceField(
                label=choice.label, choices=choice.options, widget=forms.RadioSelect, initial=choice.default,
                required=False, error_messages={"invalid_choice": _("Choose one of these")},
            )  # fmt: skip
            self.fields[choice.name].small = True
            self.fields[choice.name].label_size = "s"

    def chosen(self) -> dict[str, str]:
        """Return field -> what is taken, of the fields that were asked. The form has to be valid."""
        said = self.cleaned_data
        return {each.name: said[each.name] for each in self.between if said[each.name]}


class OtherForm(OrganisationForm):
    """Which other record is the same: found by its number, reference or title. ``cleaned_data["other"]`` is its id."""

    other = forms.CharField(
        label=_("Which other activity is the same?"), max_length=300,
        help_text=_("Its title, your own reference, or the number at the end of its address."),
    )  # fmt: skip

    def __init__(self, *args, apart_from: int, **kwargs):
        self.apart_from = apart_from
        super().__init__(*args, **kwargs)

    @cached_property
    def found(self) -> list:
        """The activities that fit, at most ten."""
        words = " ".join(self.cleaned_data.get("other", "").split())
        listed = self.organisation.activities.listed().exclude(pk=self.apart_from)
        by_reference = list(listed.filter(reference__iexact=words)[:10])
        if words.isascii() and words.isdigit():
            return by_reference or list(listed.filter(pk=int(words[:15])))
        return by_reference or list(listed.matching(words, self.organisation)[:10])

    def clean(self):
        said = super().clean()
        if said.get("other") and not self.found:
            self.add_error("other", _("No activity in your list fits that. Try one word of its title"))
        return said
