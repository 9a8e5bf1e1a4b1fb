"""Opening a review round, the answers of a reviewer, taking somebody out; and practising."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from involvement.actions import reviewing
from involvement.forms.base import NHSForm, OrganisationForm, PlainForm
from involvement.forms.classify import AS_ANSWERED, ClassifyForm, place_choices
from involvement.forms.fields import DayField
from involvement.models import ReviewTask, User

ANSWER, CANNOT, DRAFT = "answer", "cannot", "draft"


class RoundForm(OrganisationForm):
    """A new review round."""

    title = forms.CharField(
        label=_("What is this round called?"),
        help_text=_("For example, Autumn review."),
        max_length=200,
        error_messages={"required": _("Write a title")},
    )
    service = forms.ModelChoiceField(
        label=_("Which activities can be drawn?"),
        queryset=None,
        required=False,
        empty_label=_("Those of the whole organisation"),
        error_messages={"invalid_choice": _("Choose one of your services")},
    )
    size = forms.IntegerField(
        label=_("How many activities?"),
        help_text=_("They are drawn by chance, so that all places and services are in. One takes about ten minutes."),
        min_value=1,
        max_value=reviewing.MOST,
        initial=12,
        error_messages={
            "required": _("Enter how many"),
            "invalid": _("Enter a number, such as 12"),
            "min_value": _("Enter 1 or more"),
            "max_value": _("Enter %(most)d or less") % {"most": reviewing.MOST},
        },
    )
    reviewers = forms.MultipleChoiceField(
        label=_("Who reviews?"),
        help_text=_("Patient leaders. Nobody who is also a lead or an editor."),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose who reviews"), "invalid_choice": _("Choose from the list")},
    )
    each = forms.IntegerField(
        label=_("How many people look at each activity?"),
        help_text=_("With two or more you see where they differ among themselves."),
        min_value=1,
        max_value=100,
        initial=2,
        error_messages={
            "required": _("Enter how many"),
            "invalid": _("Enter a number, such as 2"),
            "min_value": _("Enter 1 or more"),
            "max_value": _("Enter 100 or less"),
        },
    )
    due_on = DayField(
        label=_("Until when?"),
        help_text=_("Until that day nobody can end the round while an answer is still to come."),
        error_messages={"required": _("Enter the day until which they can answer")},
    )
    practise_first = forms.BooleanField(label=_("They practise first, about 20 minutes"), required=False)

    def __init__(self, *args, people: list[User], **kwargs):
        super().__init__(*args, **kwargs)
        self.people = {str(each.pk): each for each in people}
        self.fields["service"].queryset = self.organisation.services.filter(retired_on=None)
        self.fields["reviewers"].choices = [(pk, each.get_full_name()) for pk, each in self.people.items()]
        self.fields["each"].initial = min(2, len(people) or 1)
        if self.organisation.practise_first:
            del self.fields["practise_first"]  # they do anyway

    @property
    def facts(self) -> dict[str, Any]:
        """Return what actions.reviewing.open_round takes."""
        said = self.cleaned_data
        return {
            "title": said["title"], "service": said["service"], "size": said["size"], "each": said["each"],
            "due_on": said["due_on"], "practise_first": said.get("practise_first", False),
            "reviewers": [self.people[pk] for pk in said["reviewers"]], "key": said["request_key"],
        }  # fmt: skip


class ReviewForm(ClassifyForm):
    """The guided questions as a reviewer meets them: blind, without a claim; or what is missing to tell.

    ``doing`` is ANSWER, CANNOT or DRAFT. A draft is not judged.
    """

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    took_part = forms.ChoiceField(
        label=_("Did you take part in this yourself, or help to run it?"),
        help_text=_("If so, your answer is shown apart from the others."),
        choices=[("no", _("No")), ("yes", _("Yes"))],
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose yes or no")},
    )
    missing = forms.CharField(
        label=_("What is not written here that you would need to know?"),
        help_text=_("They read this and can write it. Do not name patients."),
        required=False,
        max_length=reviewing.LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args, task: ReviewTask, doing: str = ANSWER, **kwargs):
        self.task, self.doing = task, doing
        kwargs.setdefault("initial", {**task.draft, "version": task.version})
        super().__init__(*args, activity=task.activity, **kwargs)
        del self.fields["claim"]
        self.fields["place"].choices = [*place_choices(), (AS_ANSWERED, _("Where my answers point"))]
        self.fields["took_part"].label_size = "m"

    @property
    def draft(self) -> dict[str, Any]:
        """What stands in the boxes now, to go on with later."""
        return {name: self.said(name) for name in self.fields if name not in ("request_key", "version")}

    def clean(self):
        if self.doing == CANNOT:
            cleaned = forms.Form.clean(self)
            for name in set(self._errors) - {"missing", "took_part"}:
                del self._errors[name]
            if not cleaned.get("missing") and "missing" not in self._errors:
                self.add_error("missing", _("Say what is not written, so that they know what to add"))
        else:
            cleaned = super().clean()
        if not cleaned.get("took_part") and "took_part" not in self._errors:
            self.add_error("took_part", _("Say whether you took part in it yourself"))
        return cleaned

    def free_words(self) -> list[str]:
        """Look at what this button sends only."""
        names = super().free_words()
        return [name for name in names if (name == "missing") == (self.doing == CANNOT)]

    def save(self, *, by: User) -> ReviewTask:
        """Write the answer. Raises Refused and Conflict."""
        said = self.cleaned_data
        words = {"task": self.task, "by": by, "version": said["version"] or 0, "took_part": said["took_part"] == "yes"}
        if self.doing == CANNOT:
            return reviewing.cannot_tell(**words, missing=said["missing"])
        return reviewing.answer_task(
            **words, answers=self.answers, place=self.placed or None, reason=said["reason"]
        )


class RemoveForm(NHSForm):
    """Why a reviewer is taken out of an open round."""

    reason = forms.CharField(
        label=_("Why?"),
        help_text=_("It is printed with this round’s results, for everybody here to read."),
        max_length=reviewing.LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why")},
    )


class CaseForm(PlainForm):
    """Where one worked case belongs."""

    place = forms.ChoiceField(
        label=_("Where does this belong?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose a place, or “Not involvement”"),
            "invalid_choice": _("Choose a place, or “Not involvement”"),
        },
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = place_choices()
        self.fields["place"].label_size = "m"
