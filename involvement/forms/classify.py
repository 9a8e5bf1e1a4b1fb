"""The guided classification: a field a question of the framework, and what stands beside the answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from framework.catalogue import NOT_INVOLVEMENT, Case, catalogue
from framework.classify import Open, Suggestion, suggest
from framework.questions import Question, asked, guide, kinds_for
from involvement.actions import classification as actions
from involvement.actions.base import today
from involvement.forms.base import OrganisationForm
from involvement.forms.fields import DayField, RadioTableField, read_day
from involvement.models import Activity, Classification, Ruling, User

CASES = 4  # worked cases beside the answers
CHANGED, WRONG = "changed", "wrong"
NO_CLAIM, AS_ANSWERED, UNKNOWN = "none", "as-answered", "unknown"  # said aloud: an empty choice stands preselected


def place_choices() -> list[tuple[str, str]]:
    """Return the four places and "not involvement", as choices."""
    return [
        *((place.slug, place.as_title) for place in catalogue().places.values()),
        (NOT_INVOLVEMENT, _("Not involvement")),
    ]


def place_title(slug: str) -> str:
    """Return how a page names ``slug`` ("As owners", "Not involvement"); "" for none."""
    return dict(place_choices()).get(slug, "")


class ActForm(forms.Form):
    """Which of two different acts: the activity changed, or its place was wrong. Asked before anything else."""

    act = forms.ChoiceField(
        label=gettext_lazy("Which of these is it?"),
        choices=[
            (CHANGED, gettext_lazy("It changed: place it anew from a date")),
            (WRONG, gettext_lazy("It was wrong: correct it")),
        ],
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose whether it changed or was wrong"),
            "invalid_choice": gettext_lazy("Choose whether it changed or was wrong"),
        },
    )
    use_required_attribute = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        self.fields["act"].hints = {
            CHANGED: _("What people do there is different now. The map keeps the old place for the time before."),
            WRONG: _("It was never so. The map changes for all of its time, and says that it was corrected."),
        }
        self.fields["act"].label_size = "m"


@dataclass(frozen=True)
class Ask:
    """A question on the page: drawn when ``shown``; else its answers, if any, wait in hidden boxes."""

    question: Question
    field: BoundField
    shown: bool
    state: str  # what the page tells the server that it shows: a change means the part has to be drawn again
    kept: tuple[tuple[str, str], ...]


def question_field(question: Question) -> forms.Field:
    """Return the form field that asks ``question``. Nothing is required: an open question is "not recorded"."""
    unknown = {"invalid_choice": _("Choose one of the answers in the list")}
    words = {"label": question.title, "help_text": question.hint, "required": False}
    choices = [(option.slug, option.title) for option in question.options]
    if question.kind == "one":
        choices.append((UNKNOWN, _("I do not know")))
        field = forms.ChoiceField(choices=choices, widget=forms.RadioSelect, error_messages=unknown, **words)
    elif question.kind == "stages":
        field = RadioTableField(
            rows=[(row.slug, row.title) for row in question.rows], columns=choices, row_heading=_("Stage"), **words
        )
    elif question.kind in ("kinds", "ways"):
        field = forms.MultipleChoiceField(
            choices=choices, widget=forms.CheckboxSelectMultiple, error_messages=unknown, **words
        )
    elif question.kind == "date":
        field = DayField(latest=today, **words)
    else:
        long = {"max_length": _("Use %(number)s characters or fewer") % {"number": question.max}}
        field = forms.CharField(max_length=question.max, error_messages=long, **words)
    field.hints = {option.slug: option.hint for option in question.options}
    field.label_size = "m" if question.kind in ("one", "stages", "kinds", "ways") else "s"
    return field


class ClassifyForm(OrganisationForm):
    """The questions, the claim, another place with its reason; and the act, when the activity has a place already."""

    claim = forms.ChoiceField(
        label=gettext_lazy("What does the organisation call it?"),
        help_text=gettext_lazy("Kept beside the place, and never changes it."),
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": gettext_lazy("Choose one of the places in the list")},
    )
    place = forms.ChoiceField(
        label=gettext_lazy("Where does it belong?"),
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": gettext_lazy("Choose one of the places in the list")},
    )
    reason = forms.CharField(
        label=gettext_lazy("Why does it belong there?"),
        help_text=gettext_lazy("Others will read this. Do not name patients."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    act = forms.ChoiceField(
        label=gettext_lazy("Did it change, or was it wrong?"),
        choices=ActForm.base_fields["act"].choices,
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": gettext_lazy("Choose whether it changed or was wrong")},
    )
    from_on = DayField(label=gettext_lazy("From which day is it different?"), required=False, latest=today)
    what_changed = forms.CharField(
        label=gettext_lazy("What changed? (if you can say)"),
        help_text=gettext_lazy("Do not name patients."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    why_wrong = forms.CharField(
        label=gettext_lazy("What was wrong?"),
        help_text=gettext_lazy("This stays in the history for everyone here to read. Do not name patients."),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": gettext_lazy("Say what was wrong in 500 characters or fewer")},
    )

    def __init__(self, *args, activity: Activity, current: Classification | None = None, act: str = "", **kwargs):
        super().__init__(*args, organisation=activity.organisation, **kwargs)
        self.activity, self.current, self.known_act = activity, current, act if act in (CHANGED, WRONG) else ""
        for slug, question in guide().questions.items():
            self.fields[slug] = question_field(question)
        self.fields["claim"].choices = [*place_choices(), (NO_CLAIM, _("None of these, or I do not know"))]
        self.fields["place"].choices = [*place_choices(), (AS_ANSWERED, _("Where my answers point"))]
        self.fields["from_on"].help_text = _("Before that day the map keeps the old place.")
        self.fields["act"].hints = ActForm().fields["act"].hints
        self.fields["act"].label_size = "m"
        self.fields["claim"].label_size = "m"
        if current is None:
            for name in ("act", "from_on", "what_changed", "why_wrong"):
                del self.fields[name]
        self._start_from = {**(kwargs.get("initial") or {})}

    @classmethod
    def looking(cls, data, **about) -> ClassifyForm:
        """Return a form that shows what was typed without judging it: for "see what this points to"."""
        form = cls(**about)
        for name, field in form.fields.items():
            form.initial[name] = field.widget.value_from_datadict(data, {}, name)
        form.initial["request_key"] = _uuid(data.get("request_key")) or form.fields["request_key"].initial
        form._start_from = dict(form.initial)
        return form

    def said(self, name: str) -> Any:
        """Return what stands in the field ``name`` now, typed or started from."""
        if self.is_bound:
            return self.fields[name].widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
        return self._start_from.get(name)

    @cached_property
    def answers(self) -> dict[str, Any]:
        """The answers as the framework takes them; what it does not understand it leaves out."""
        answers = {slug: self.said(slug) for slug in guide().questions}
        answers["received"] = _iso(answers["received"])
        return {slug: answer for slug, answer in answers.items() if answer and answer != UNKNOWN}

    @cached_property
    def placed(self) -> str:
        """The place chosen against the answers, "" for none."""
        chosen = self.said("place") or ""
        return chosen if chosen in dict(place_choices()) else ""

    @cached_property
    def suggestion(self) -> Suggestion:
        return suggest(self.answers, placed=self.placed)

    @property
    def agreed(self) -> str:
        """The place that saving would give, "" while there is none."""
        return self.placed or self.suggestion.place

    @cached_property
    def chosen_act(self) -> str:
        if self.current is None:
            return ""
        said = self.said("act") if "act" in self.fields else ""
        return said if said in (CHANGED, WRONG) else self.known_act

    @cached_property
    def asks(self) -> dict[str, Ask]:
        """Every question by slug, with whether it is asked now."""
        now = {question.slug for question in asked(self.answers, placed=self.placed)}
        kinds = kinds_for({**self.answers, "placed": self.placed})
        self.fields["contested"].choices = [(slug, catalogue().contested_kinds[slug].title) for slug in kinds]
        return {
            slug: Ask(
                question,
                self[slug],
                slug in now,
                (f"{slug}:{','.join(kinds)}" if question.kind == "kinds" else slug) if slug in now else "",
                () if slug in now else tuple(_boxes(slug, self.said(slug))),
            )
            for slug, question in guide().questions.items()
        }

    @property
    def open_questions(self) -> list[Open]:
        """The asked questions that nobody answered, not even with "I do not know"."""
        return [each for each in self.suggestion.next_questions if self.said(each.question.slug) != UNKNOWN]

    @property
    def questions(self) -> list[Ask]:
        """The questions of the guide, without what is only put on record."""
        return [ask for ask in self.asks.values() if not ask.question.records and ask.question.kind != "kinds"]

    @property
    def settled_by_kind(self) -> bool:
        """Whether a contested kind could decide about the place (one's own care): then the list of them stands open."""
        return self.answers.get("about") == "own"

    def redrawn(self, shown: list[str]) -> list[Ask]:
        """Return the questions that look different from what the page says it shows."""
        known = {state.partition(":")[0]: state for state in shown}
        return [ask for slug, ask in self.asks.items() if known.get(slug, "") != ask.state]

    def unseen(self, shown: list[str]) -> list[Ask]:
        """Return the questions that these answers raise and that the page did not show; none if it does not say."""
        seen = {state.partition(":")[0] for state in shown}
        return [ask for ask in self.questions if ask.shown and seen and ask.question.slug not in seen]

    def clean(self):
        cleaned = super().clean()
        for slug, ask in self.asks.items():
            if not ask.shown:
                self._errors.pop(slug, None)
        if self.current is not None and not self.chosen_act and "act" not in self._errors:
            self.add_error("act", _("This activity has a place already. Choose whether it changed or was wrong"))
        if self.chosen_act == CHANGED and not cleaned.get("from_on") and "from_on" not in self._errors:
            self.add_error("from_on", _("Enter the day from which it changed"))
        if self.chosen_act == WRONG and not cleaned.get("why_wrong") and "why_wrong" not in self._errors:
            self.add_error("why_wrong", _("Say what was wrong"))
        for name in {CHANGED: ["why_wrong"], WRONG: ["from_on", "what_changed"]}.get(self.chosen_act, []):
            self._errors.pop(name, None)
        if not self.agreed and not self._errors:
            for each in [each for each in self.open_questions if each.could][:2]:
                said = _("Your answers do not point to one place yet. Answer “%(question)s”")
                self.add_error(each.question.slug, said % {"question": each.question.title})
        if self.placed and self.placed != self.suggestion.place and not cleaned.get("reason"):
            self.add_error("reason", _("Say why it belongs there"))
        return cleaned

    def free_words(self) -> list[str]:
        """Leave out the questions, and the boxes of the other act, that this page does not show."""
        unseen = {slug for slug, ask in self.asks.items() if not ask.shown}
        unseen |= {CHANGED: {"why_wrong"}, WRONG: {"what_changed"}}.get(self.chosen_act, set())
        return [name for name in super().free_words() if name not in unseen]

    def is_sent_again(self, *, by: User) -> bool:
        """Whether ``by`` sent this very form before and it was written then: a second press, not a second reading."""
        return actions.was_written(activity=self.activity, by=by, key=_uuid(self.said("request_key")))

    def save(self, *, by: User) -> Classification:
        """Write the reading through the action that fits. Raises Refused."""
        words = {
            "activity": self.activity,
            "by": by,
            "answers": self.answers,
            "claim": self.cleaned_data["claim"].replace(NO_CLAIM, ""),
            "place": self.placed or None,
            "key": self.cleaned_data["request_key"],
        }
        if self.chosen_act == CHANGED:
            return actions.replace(
                **words,
                from_on=self.cleaned_data["from_on"],
                reason=self.cleaned_data["what_changed"],
                placed_because=self.cleaned_data["reason"],
            )
        if self.chosen_act == WRONG:
            return actions.correct(
                **words, reason=self.cleaned_data["why_wrong"], placed_because=self.cleaned_data["reason"]
            )
        return actions.classify(**words, reason=self.cleaned_data["reason"])


def points(form: ClassifyForm) -> dict[str, Any]:
    """Return in words where the answers on ``form`` point, and why (templates/classify/_points.html, _why.html)."""
    suggestion = form.suggestion
    return {
        "suggestion": suggestion,
        "titles": {
            "suggested": place_title(suggestion.place),
            "leaning": place_title(suggestion.leaning),
            "agreed": place_title(form.agreed),
        },
        "touches": [
            {"place": place_title(touch.place), "way": facet_title(touch.facet), "why": touch.why, "slug": touch.place}
            for touch in suggestion.also_touches
        ],
        "lacking": [{"way": facet_title(facet), "needs": needs} for facet, needs in suggestion.counts_note],
        "open": [
            {
                "slug": each.question.slug,
                "title": each.question.title,
                "could": [place_title(place) for place in each.could],
            }
            for each in form.open_questions
        ],
        "cases": cases_like(suggestion, form.agreed),
    }


def facet_title(key: str) -> str:
    """Return the title of a way, "" for none."""
    return catalogue().facets[key].title if key else ""


def cases_like(suggestion: Suggestion, place: str) -> list[Case]:
    """Return a few worked cases of the place, those that share a way with the suggestion first."""
    place = place or suggestion.leaning
    ways = {placement.facet for placement in suggestion.placements}
    alike = [case for case in catalogue().cases if case.place == place]
    return sorted(alike, key=lambda case: -len(ways & set(case.facets)))[:CASES]


def disputes(form: ClassifyForm, rulings: Mapping[str, Ruling]) -> list[dict[str, Any]]:
    """Return the contested kinds that were ticked: both arguments, the rule, and one of ``rulings`` (by kind)."""
    known = catalogue().contested_kinds
    return [
        {
            "kind": known[slug],
            "sides": [{"place": place_title(place), "argument": said} for place, said in known[slug].case_for],
            "ruling": rulings.get(slug),
            "ruled": place_title(rulings[slug].place) if slug in rulings else "",
        }
        for slug in form.suggestion.contested_kinds
    ]


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _iso(value: Any) -> str:
    """Return the day in three boxes, or in an earlier answer, as "2026-11-22"; "" when it is none."""
    if isinstance(value, dict):
        try:
            value = read_day(value)
        except ValidationError:
            return ""
    return value.isoformat() if isinstance(value, date) else value or ""


def _boxes(name: str, value: Any):
    """Yield the (name, value) pairs that carry ``value`` in hidden boxes."""
    if isinstance(value, dict):
        for key, each in value.items():
            if each:
                yield f"{name}_{key}", each
    elif isinstance(value, list | tuple):
        for each in value:
            yield name, each
    elif isinstance(value, date):
        for part, each in (("day", value.day), ("month", value.month), ("year", value.year)):
            yield f"{name}_{part}", str(each)
    elif value:
        yield name, str(value)


def initial_from(classification: Classification) -> dict[str, Any]:
    """Return the answers of an earlier reading to start from, as a form's initial values."""
    initial = dict(classification.answers)
    if initial.get("received"):
        initial["received"] = date.fromisoformat(initial["received"])
    return initial | {"claim": classification.claim}
