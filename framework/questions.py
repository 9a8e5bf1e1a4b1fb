"""The guided questions: read from content/questions.toml, which are asked after which answers, what is an answer.

Standard library only. A question is asked when one of its ``when`` cases holds over the answers above it and none of
its ``unless`` cases does; what was never asked, or is not understood, is no answer. The rules that turn answers into a
place are in framework/classify.py.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from framework.catalogue import CONTENT, LANGUAGE, SHAPE, ContentError, catalogue

KINDS = ("one", "stages", "text", "date", "kinds", "ways")
STAGES = SHAPE["coproducers"]


@dataclass(frozen=True)
class Option:
    """One answer that can be chosen. ``said`` is how a reason quotes it; ``short`` how a stage's box prints it."""

    slug: str
    title: str
    hint: str = ""
    said: str = ""
    short: str = ""
    count: int | None = None


@dataclass(frozen=True)
class Row:
    """One stage of shared work, as the table of stages asks about it."""

    slug: str
    title: str
    said: str


Case = tuple[tuple[str, frozenset[str]], ...]


@dataclass(frozen=True)
class Question:
    """A guided question. ``when`` and ``unless`` are cases over the answers to the questions above it."""

    slug: str
    kind: str
    title: str
    hint: str
    options: tuple[Option, ...]
    rows: tuple[Row, ...]
    when: tuple[Case, ...]
    unless: tuple[Case, ...]
    place: str = ""
    max: int = 0
    records: bool = False  # kept with the classification; never changes the suggestion

    def option(self, slug: str) -> Option | None:
        """Return the option called ``slug``, or None."""
        return next((option for option in self.options if option.slug == slug), None)


@dataclass(frozen=True)
class Rule:
    """Where one rule points, which questions its reason quotes, and how that sentence ends."""

    slug: str
    place: str
    cites: tuple[str, ...]
    so: str


@dataclass(frozen=True)
class Guide:
    """Everything in questions.toml."""

    questions: dict[str, Question]
    rules: dict[str, Rule]
    kinds: dict[str, tuple[Case, ...]]
    words: dict[str, dict[str, str]]  # "unsure", "stages-note", "touches", "counts" -> key -> sentence


# --- content ---------------------------------------------------------------------------------------------------------


def _words(entry: Mapping[str, Any], key: str) -> str:
    return entry.get(key, {}).get(LANGUAGE, "")


def _cases(
    entries: Iterable[Mapping[str, list[str]]], where: str, known: Mapping[str, Question], seen: set[str]
) -> tuple[Case, ...]:
    cases = []
    for entry in entries:
        for name, values in entry.items():
            base, _, stage = name.partition(".")
            if name == "placed":
                continue
            if base not in seen or (stage and stage not in STAGES):
                raise ContentError(f"questions.toml, {where}: {name!r} is no question above it")
            if base == "contested":
                allowed = set(catalogue().contested_kinds)
            else:
                allowed = {option.slug for option in known[base].options}
            strange = set(values) - allowed - {""}
            if strange:
                raise ContentError(f"questions.toml, {where}: {name!r} has no answers {sorted(strange)}")
        cases.append(tuple((name, frozenset(values)) for name, values in entry.items()))
    return tuple(cases)


@lru_cache(maxsize=1)
def guide() -> Guide:
    """Return the guided questions and their words, checked. Raises ContentError naming what is wrong."""
    with (CONTENT / "questions.toml").open("rb") as file:
        data = tomllib.load(file)
    questions: dict[str, Question] = {}
    for slug, entry in data["questions"].items():
        where = f"question {slug!r}"
        if entry["kind"] not in KINDS or not _words(entry, "title"):
            raise ContentError(f"questions.toml, {where}: needs a known kind and a title")
        options = tuple(
            Option(
                name,
                _words(each, "title"),
                _words(each, "hint"),
                _words(each, "said"),
                _words(each, "short"),
                each.get("count"),
            )
            for name, each in entry.get("options", {}).items()
        )
        if slug == "power":
            options = tuple(Option(name, title) for name, title in catalogue().powers.items())
        rows = tuple(
            Row(name, _words(each, "title"), _words(each, "said")) for name, each in entry.get("rows", {}).items()
        )
        if entry["kind"] == "ways":
            options = tuple(
                Option(facet.key, facet.title, facet.meaning) for facet in catalogue().facets_of(entry["place"])
            )
        if entry["kind"] == "kinds":
            options = tuple(
                Option(name, catalogue().contested_kinds[name].title)
                for name in data["kinds"]
                if name in catalogue().contested_kinds
            )
        if entry["kind"] == "stages" and tuple(row.slug for row in rows) != STAGES:
            raise ContentError(f"questions.toml, {where}: the rows must be the four stages, in order")
        questions[slug] = Question(
            slug=slug,
            kind=entry["kind"],
            title=_words(entry, "title"),
            hint=_words(entry, "hint"),
            options=options,
            rows=rows,
            when=_cases(entry.get("when", ()), where, questions, set(questions)),
            unless=_cases(entry.get("unless", ()), where, questions, set(questions)),
            place=entry.get("place", ""),
            max=entry.get("max", 0),
            records=entry.get("records", False),
        )
    kinds = {slug: _cases(cases, f"kind {slug!r}", questions, set(questions)) for slug, cases in data["kinds"].items()}
    unknown = set(kinds) - set(catalogue().contested_kinds)
    if unknown:
        raise ContentError(f"questions.toml, kinds: {sorted(unknown)} are not in contested.toml")
    rules = {
        slug: Rule(slug, each["place"], tuple(each["cites"]), _words(each, "so"))
        for slug, each in data["rules"].items()
    }
    words = {
        part: {key: _words({"x": entry}, "x") for key, entry in data[part].items()}
        for part in ("unsure", "stages-note", "touches", "counts")
    }
    return Guide(questions, rules, kinds, words)


# --- answers ---------------------------------------------------------------------------------------------------------


def day_of(value: Any) -> date | None:
    """Return ``value`` as a day: a date, or words such as "2026-11-22"; None for anything else."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _tidy(question: Question, value: Any) -> Any:
    """Return the part of ``value`` that ``question`` understands: a slug, a list, a table or words; empty if none."""
    slugs = [option.slug for option in question.options]
    if question.kind == "one":
        return value if isinstance(value, str) and value in slugs else ""
    if question.kind == "stages":
        table = value if isinstance(value, Mapping) else {}
        return {
            row.slug: table[row.slug]
            for row in question.rows
            if isinstance(table.get(row.slug), str) and table[row.slug] in slugs
        }
    if question.kind in ("kinds", "ways"):
        listed = value if isinstance(value, list | tuple | set | frozenset) else ()
        return [slug for slug in slugs if slug in listed]
    if question.kind == "date":
        day = day_of(value)
        return day.isoformat() if day else ""
    return value.strip()[: question.max] if isinstance(value, str) else ""


def _values(answers: Mapping[str, Any], name: str) -> frozenset[str]:
    base, _, stage = name.partition(".")
    value = answers.get(base)
    if base == "stages":
        table = value or {}
        value = table.get(stage, "") if stage else list(table.values())
    if isinstance(value, list):
        return frozenset(value) or frozenset([""])
    return frozenset([value or ""])


def _holds(cases: Iterable[Case], answers: Mapping[str, Any]) -> bool:
    return any(all(values & _values(answers, name) for name, values in case) for case in cases)


def kinds_for(answers: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the contested kinds worth showing beside these answers, in the content's order."""
    return tuple(slug for slug, cases in guide().kinds.items() if _holds(cases, answers))


def _walk(answers: Mapping[str, Any], placed: str) -> tuple[tuple[Question, ...], dict[str, Any]]:
    known: dict[str, Any] = {"placed": placed}
    asked = []
    for question in guide().questions.values():
        if question.when and not _holds(question.when, known) or _holds(question.unless, known):
            continue
        value = _tidy(question, answers.get(question.slug))
        if question.kind == "kinds":
            shown = kinds_for(known)
            if not shown:
                continue
            value = [slug for slug in value if slug in shown]
        asked.append(question)
        if value:
            known[question.slug] = value
    del known["placed"]
    return tuple(asked), known


def asked(answers: Mapping[str, Any], *, placed: str = "") -> tuple[Question, ...]:
    """Return the questions worth asking after ``answers`` (question slug -> answer), in order.

    ``placed`` is the place that a person chose against the suggestion, "" if none: it brings up what that place needs.
    """
    return _walk(answers, placed)[0]


def effective(answers: Mapping[str, Any], *, placed: str = "") -> dict[str, Any]:
    """Return the answers that the rules read: of questions that are asked, understood, and not empty."""
    return _walk(answers, placed)[1]


def check(answers: Mapping[str, Any]) -> dict[str, str]:
    """Return {question slug: the answer that nobody offered, or "long"} for what cannot be taken as an answer."""
    wrong: dict[str, str] = {}
    known = guide().questions
    for slug, value in answers.items():
        question = known.get(slug)
        if question is None:
            wrong[slug] = "unknown"
        elif value in (None, "", [], (), {}):
            continue
        elif question.kind == "text":
            if not isinstance(value, str):
                wrong[slug] = "unknown"
            elif len(value.strip()) > question.max:
                wrong[slug] = "long"
        elif question.kind == "stages":
            rows = {row.slug for row in question.rows}
            parts = {option.slug for option in question.options}
            if not isinstance(value, Mapping) or set(value) - rows or {part for part in value.values() if part} - parts:
                wrong[slug] = "unknown"
        elif question.kind in ("kinds", "ways"):
            if not isinstance(value, list | tuple) or not set(value) <= {option.slug for option in question.options}:
                wrong[slug] = "unknown"
        elif not _tidy(question, value):
            wrong[slug] = "unknown"
    return wrong


def in_words(answers: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return kept answers as (question, answer) pairs in the order of the questions, both as the page words them.

    Answers to questions or options that the guide no longer has are left out.
    """
    pairs = []
    for slug, question in guide().questions.items():
        value = _tidy(question, answers.get(slug))
        if not value:
            continue
        if question.kind == "stages":
            rows = {row.slug: row.title for row in question.rows}
            words = "; ".join(f"{rows[stage]}: {question.option(part).title.lower()}" for stage, part in value.items())
        elif question.kind in ("kinds", "ways"):
            words = "; ".join(question.option(each).title for each in value)
        elif question.kind == "one":
            words = question.option(value).title
        elif question.kind == "date":
            day = day_of(value)
            words = f"{day.day} {day:%B %Y}"
        else:
            words = value
        pairs.append((question.title, words))
    return tuple(pairs)
