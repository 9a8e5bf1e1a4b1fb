"""Confirming many suggestions: the rows that came in, and what is asked once for all of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from uuid import UUID, uuid5

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from framework.catalogue import NOT_INVOLVEMENT, catalogue
from framework.coverage import COUNTS
from framework.questions import guide
from involvement.actions.confirming import AT_ONCE, ConfirmedRow, asked_of
from involvement.forms.base import NHSForm
from involvement.forms.classify import question_field
from involvement.forms.fields import RadioTableField
from involvement.suggestions import LATER, Said, place_title


@dataclass(frozen=True)
class SentRows:
    """The rows of the form that came in, in the order in which they stood: id -> what was set."""

    rows: dict[int, Said]

    @classmethod
    def read(cls, data) -> SentRows:
        """Return the rows in ``data`` (a QueryDict); what is no row, place or way of ours is left out.

        Ways of other places stay beside those of the chosen place. Where none of its own is ticked, the place was
        changed and the ways were those of the old one, so none is kept.
        """
        known = catalogue()
        ticked, rows = set(data.getlist("tick")), {}
        for name in data:
            pk = name.removeprefix("version-")
            if pk == name or not _is_number(pk) or not _is_number(data[name]) or len(rows) >= AT_ONCE:
                continue
            place = data.get(f"place-{pk}", "")
            place = place if place in (*known.places, NOT_INVOLVEMENT, LATER) else ""
            ways = tuple(dict.fromkeys(way for way in data.getlist(f"way-{pk}") if way in known.facets))
            if not any(known.facets[way].place == place for way in ways):
                ways = ()
            rows[int(pk)] = Said(pk in ticked, place, ways, int(data[name]))
        return cls(rows)

    @property
    def ticked(self) -> dict[int, Said]:
        return {pk: said for pk, said in self.rows.items() if said.ticked}

    @property
    def left(self) -> list[int]:
        """The ids of the ticked rows that are left for later."""
        return [pk for pk, said in self.ticked.items() if said.place == LATER]

    @property
    def confirmed(self) -> list[ConfirmedRow]:
        return [
            ConfirmedRow(pk, said.version, said.place, said.ways)
            for pk, said in self.ticked.items()
            if said.place not in ("", LATER)
        ]

    def judged(self) -> SentRows:
        """Return the rows with an error at each that is ticked and has no place."""
        error = _("Choose a place for this one, or take the tick away")
        rows = {pk: replace(s, error=error) if s.ticked and not s.place else s for pk, s in self.rows.items()}
        return SentRows(rows)

    @property
    def wrong(self) -> list[int]:
        return [pk for pk, said in self.rows.items() if said.error]

    def key(self, request_key: UUID | None) -> UUID | None:
        """Return the key of this very selection: the same form with other ticks is another act, not a repeat."""
        chosen = sorted((row.activity, row.version, row.place, row.ways) for row in self.confirmed)
        return uuid5(request_key, repr(chosen)) if request_key else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16


@dataclass(frozen=True)
class Need:
    """One place in the selection: for how many it is asked, what it needs before it counts, and its fields.

    ``beside`` when it is nobody's own place here, and only a few ways of it stand beside those of another.
    """

    place: str
    title: str
    number: int
    also: int  # of these, how many have another place of their own
    beside: bool
    needs: str
    fields: tuple


class AskForm(NHSForm):
    """What the places in a selection need before they count, asked once for each. Nothing has to be answered.

    ``rows`` say where each activity is placed and in which ways. ``open_to`` narrows what is asked to what nobody has
    said yet, place -> question slugs; without it all is asked.
    """

    def __init__(self, *args, rows: list[ConfirmedRow], open_to: Mapping[str, Collection[str]] | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        facets = catalogue().facets
        touched = [{row.place, *(facets[way].place for way in row.ways)} for row in rows]
        self.own = {place: sum(row.place == place for row in rows) for place in catalogue().places}
        self.places = {
            place: number for place in catalogue().places if (number := sum(place in each for each in touched))
        }
        self.questions = {
            place: tuple(slug for slug in asked_of(place) if open_to is None or slug in open_to.get(place, ()))
            for place in self.places
        }
        if open_to is not None:
            self.places = {place: number for place, number in self.places.items() if self.questions[place]}
        for place in self.places:
            for slug in self.questions[place]:
                self.fields[f"{place}-{slug}"] = _field(slug)

    @property
    def asks(self) -> list[Need]:
        """Return the places with their questions in the framework's order, those that only stand beside others last."""
        return [
            Need(
                place,
                place_title(place),
                number,
                number - self.own[place],
                not self.own[place],
                needs_words(place),
                tuple(self[f"{place}-{slug}"] for slug in self.questions[place]),
            )
            for place, number in sorted(self.places.items(), key=lambda each: not self.own[each[0]])
        ]

    @property
    def answers(self) -> dict[str, dict]:
        """Return what was answered, as the action takes it: place -> question slug -> answer."""
        said: dict[str, dict] = {}
        for place in self.places:
            for slug in self.questions[place]:
                value = self.cleaned_data.get(f"{place}-{slug}")
                if value:
                    said.setdefault(place, {})[slug] = value.isoformat() if hasattr(value, "isoformat") else value
        return said


def _field(slug: str) -> forms.Field:
    """Return the field of a guided question, with "not recorded" chosen until somebody says more."""
    question = guide().questions[slug]
    field = question_field(question)
    if question.kind == "one":
        field.choices = [("", _("Not recorded")), *((option.slug, option.title) for option in question.options)]
    elif question.kind == "stages":
        rows = [(each.slug, each.title) for each in question.rows]
        columns = [("", _("Not recorded")), *((option.slug, option.title) for option in question.options)]
        words = {"label": question.title, "row_heading": _("Stage")}
        field = RadioTableField(rows=rows, columns=columns, required=False, **words)
    field.label_size = "s"
    return field


def needs_words(place: str) -> str:
    """Return in one sentence what an activity in ``place`` needs before it counts (framework.coverage.COUNTS)."""
    need = COUNTS[place]
    said = []
    if need.parts and not need.group:
        said.append(_("people were asked, or had more of a part than that"))
    if need.route:
        said.append(_("the question, the body that decides, and the day on which it received this are known"))
    if need.heard:
        said.append(_("the team responsible heard it"))
    if need.options:
        said.append(
            ngettext("people had %(n)d real option", "people had at least %(n)d real options", need.options)
            % {"n": need.options}
        )
        said.append(_("they were free to say no"))
    if need.group:
        said.append(_("people were equal partners, or in the lead, at the stage"))
        said.append(_("they were a group, not one person with their own care"))
    return _(", and ").join(said)
