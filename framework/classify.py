"""From answers about what happened to a suggested place, with its reasons. Pure, deterministic, standard library only.

The questions and all words are content (content/questions.toml, framework/questions.py); which rule holds is decided
here. The rules follow the theory (Malby 2015, and what content/sources.toml cites beside it):

- what people were there to do never settles owners or coproducers by itself, since it repeats the claim;
- owners need direction, priorities or results, and a route to whoever decides;
- judging a service one uses is users' voice, and so is being asked at a stage of shared work;
- coproduction needs a group of citizens on a shared problem, as equals or in the lead in at least one stage, and a
  decision made together; one person's own care never fills a stage;
- choosers need two real options and freedom to refuse;
- what nobody answered is "not recorded", and never "no".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from framework.catalogue import NOT_INVOLVEMENT, catalogue
from framework.coverage import COUNTS
from framework.questions import STAGES, Question, Rule, asked, day_of, effective, guide

SHARED_PARTS = ("equal", "lead")
PART_ORDER = ("none", "told", "asked", "equal", "lead")
JOINT_DECIDERS = ("together", "citizens")
SHARED_DECISION = "shared-decision-making"


@dataclass(frozen=True)
class SuggestedPlacement:
    """One way in which people took part, with the fields of involvement's Placement. None or "" is "not recorded"."""

    facet: str
    part: str = "not-recorded"
    question: str = ""
    decider: str = ""
    received_on: date | None = None
    heard: bool | None = None
    options: int | None = None
    free_to_refuse: bool | None = None
    as_group: bool | None = None
    missing: tuple[str, ...] = field(default=(), compare=False)  # what it lacks to count; plain clauses

    @property
    def place(self) -> str:
        return self.facet.partition("/")[0]

    def fields(self) -> dict[str, Any]:
        """Return what a Placement row holds, by field name."""
        names = (
            "facet",
            "part",
            "question",
            "decider",
            "received_on",
            "heard",
            "options",
            "free_to_refuse",
            "as_group",
        )
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Stage:
    """The state of one stage of shared work: the part people had, in words, and whether it counts."""

    slug: str
    title: str
    part: str
    words: str
    counts: bool


@dataclass(frozen=True)
class Touch:
    """Another place that the answers touch, and why. ``facet`` is a facet's key or ""."""

    place: str
    facet: str
    why: str


@dataclass(frozen=True)
class Open:
    """A question without an answer, and the places to which an answer could move the suggestion."""

    question: Question
    could: tuple[str, ...]


@dataclass(frozen=True)
class Suggestion:
    """What the answers point to, and why. ``place`` is "" when they point nowhere yet (``leaning`` may say whither)."""

    place: str
    rule: str
    leaning: str
    reasons: tuple[str, ...]
    placements: tuple[SuggestedPlacement, ...]
    also_touches: tuple[Touch, ...]
    stages: tuple[Stage, ...]
    stages_note: str
    contested_kinds: tuple[str, ...]
    counts_note: tuple[tuple[str, tuple[str, ...]], ...]  # (facet key or "", what it lacks to count)
    next_questions: tuple[Open, ...] = ()


# --- the rules -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Read:
    """The answers, read for the rules."""

    answers: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.answers.get(name, "")

    @property
    def states(self) -> dict[str, str]:
        """Each stage's part; who named the problem speaks for an empty first row."""
        states = dict(self.answers.get("stages") or {})
        if "co-decide" not in states and self.named in ("together", "citizens"):
            states["co-decide"] = "equal" if self.named == "together" else "lead"
        return states

    @property
    def shared_stages(self) -> tuple[str, ...]:
        return tuple(stage for stage in STAGES if self.states.get(stage) in SHARED_PARTS)

    @property
    def asked_stages(self) -> tuple[str, ...]:
        return tuple(stage for stage in STAGES if self.states.get(stage) == "asked")

    @property
    def is_group(self) -> bool | None:
        """Whether a group worked on a problem that many share; None when that is not recorded."""
        if self.about == "own" or self.group == "one":
            return False
        if self.about == "shared-problem" or self.group == "group":
            return True
        return None

    @property
    def is_joint(self) -> bool | None:
        """Whether at least one decision was made together; None when that is not recorded."""
        if self.decided in JOINT_DECIDERS:
            return True
        if self.joint:
            return self.joint == "yes"
        if self.decided in ("", "staff-heard") and {"co-decide", "co-design"} & set(self.shared_stages):
            return True
        return None

    @property
    def has_route(self) -> bool:
        """Whether it reached whoever decides, or citizens decided. What and when is asked too, and needed to count."""
        return self.reached == "yes" or (self.decided == "citizens" and self.about == "direction" and not self.reached)

    @property
    def real_choice(self) -> bool | None:
        """At least two real options and free to refuse; False once either is denied; None when not recorded."""
        if self.options == "one" or self.free == "no":
            return False
        return True if self.options and self.free else None

    @property
    def is_own_choice(self) -> bool:
        kinds = {SHARED_DECISION, "own-plan", "care-at-home", "daily-life", "legal-minimum"} & set(self.contested or ())
        if self.about == "own":
            return self.purpose == "choose" or self.decided == "person" or bool(kinds)
        return self.about == "service" and self.purpose == "choose" and self.decided == "person"

    @property
    def only_told(self) -> bool:
        """Whether the record says that people had no more than news of it."""
        if self.part in ("none", "told"):
            return not self.states or not set(self.states.values()) - {"none", "told"}
        return len(self.states) == len(STAGES) and not set(self.states.values()) - {"none", "told"}


def _coproduction(read: _Read) -> bool:
    """Whether the answers amount to coproduction in at least one stage."""
    if SHARED_DECISION in (read.contested or ()) and not {"co-decide", "co-evaluate"} <= set(read.shared_stages):
        return False
    return bool(read.about and read.shared_stages and read.is_group and read.is_joint)


def _decide(read: _Read) -> tuple[str, str, str]:
    """Return (rule, leaning place, key of the sentence for "not yet"): a rule, or "" with why it is still open."""
    if read.purpose in ("told", "staff"):
        clash = read.part in ("asked", *SHARED_PARTS) or read.decided in ("together", "citizens", "person")
        return ("", "", "mixed") if clash else ("told", "", "")
    if read.only_told:
        if read.decided in JOINT_DECIDERS:
            return "", "", "mixed"
        return "told-only", "", ""
    if not read.about:
        return (
            "",
            "",
            "purpose-only" if read.purpose and len(read.answers) == 1 else "more" if read.purpose else "nothing",
        )
    if read.about == "own" or read.group == "one":
        return _own(read)
    if read.about == "direction":
        return _direction(read)
    if read.is_own_choice:
        return _choice(read)
    if _coproduction(read):
        return "coproducers", "", ""
    return _service(read)


def _own(read: _Read) -> tuple[str, str, str]:
    if read.is_own_choice:
        return _choice(read)
    if (
        read.purpose in ("say", "steer", "work")
        or read.part in ("asked", *SHARED_PARTS)
        or read.asked_stages
        or read.shared_stages
    ):
        return "own-care", "", ""
    return "", "", "own"


def _choice(read: _Read) -> tuple[str, str, str]:
    if read.real_choice:
        return ("shared-decision" if SHARED_DECISION in (read.contested or ()) else "choosers"), "", ""
    if read.real_choice is None:  # like users' voice that nobody knows to have been heard: placed, and not counted
        if SHARED_DECISION in (read.contested or ()):
            return "shared-decision", "", ""
        return ("choosers-open", "", "") if read.purpose == "choose" else ("", "choosers", "choice")
    return ("no-choice" if read.decided == "staff" else "own-care-no-choice"), "", ""


def _direction(read: _Read) -> tuple[str, str, str]:
    coproduced = _coproduction(read)
    if coproduced and read.purpose == "work":
        return "coproducers", "", ""
    if read.stake == "no":
        return ("coproducers" if coproduced else "users-their-care"), "", ""
    if read.has_route:
        if read.purpose in ("say", "choose") and not read.stake:
            return "", "owners", "stake"
        return "owners", "", ""
    if coproduced:
        return "coproducers", "", ""
    if read.reached == "no":
        return "users-no-route", "", ""
    return "", "owners", "route"


def _service(read: _Read) -> tuple[str, str, str]:
    """A service, or a problem that many share, without coproduction."""
    if read.shared_stages:
        if read.is_group is None:
            return "", "coproducers", "group"
        if read.is_joint and SHARED_DECISION in (read.contested or ()):
            return "", "choosers", "lifted"
        if read.is_joint is None:
            return "", "coproducers", "joint"
        if read.asked_stages or set(read.shared_stages) != {"co-deliver"}:
            return "users-not-joint", "", ""
        return "hands", "", ""
    if read.asked_stages:
        return "users-asked", "", ""
    if read.purpose == "work" or read.about == "shared-problem":
        if read.named == "staff" and read.decided in ("staff", "staff-heard"):
            return "users", "", ""
        return "", "coproducers" if read.states or read.decided in JOINT_DECIDERS else "", "shared"
    if read.purpose == "choose":
        return "", "", "mixed" if read.decided else "more"
    if read.purpose == "steer":
        return "users-review", "", ""
    if read.purpose == "say" or read.part in ("asked", *SHARED_PARTS):
        return "users", "", ""
    return "", "", "more"


# --- words -----------------------------------------------------------------------------------------------------------


def _said(read: _Read, cites: Iterable[str]) -> list[str]:
    """Return the answers to ``cites`` as the reasons quote them."""
    quotes = []
    for slug in cites:
        if slug == "stages":
            quotes += _said_stages(read)
            continue
        if slug == "decided" and "stages" in cites and read.shared_stages and read.decided not in JOINT_DECIDERS:
            continue  # the stages say what was shared; who signed it off is no ground for the place
        option = guide().questions[slug].option(read.answers.get(slug, ""))
        if option and option.said:
            quotes.append(option.said)
    return quotes


def _said_stages(read: _Read) -> list[str]:
    question = guide().questions["stages"]
    parts = {
        "lead": "citizens were in the lead in",
        "equal": "people were equal partners in",
        "asked": "people were asked, not equals, in",
        "told": "people were only told at",
    }
    quotes = []
    for part, start in parts.items():
        rows = [row.said for row in question.rows if read.states.get(row.slug) == part]
        best = part in SHARED_PARTS or not read.shared_stages and (part == "asked" or not read.asked_stages)
        if rows and best:
            quotes.append(f"{start} {_and(rows)}")
    if read.states and not quotes:
        quotes.append("people had no part in any stage")
    return quotes


def _and(phrases: list[str]) -> str:
    return phrases[0] if len(phrases) == 1 else ", ".join(phrases[:-1]) + " and " + phrases[-1] if phrases else ""


def _reason(read: _Read, rule: Rule) -> str:
    return f"The answers say: {_and(_said(read, rule.cites))}, {rule.so}"


def _unsure(read: _Read, key: str) -> str:
    said = _said(
        read, ("purpose", "about", "part", "stages", "decided", "group", "reached", "stake", "options", "free")
    )
    return guide().words["unsure"][key].format(said=_and(said))


def _stages(read: _Read, counts: bool) -> tuple[Stage, ...]:
    """Return the four stages when any is answered, else nothing."""
    states = read.states
    if not states:
        return ()
    question = guide().questions["stages"]
    stages = []
    for slug in STAGES:
        option = question.option(states.get(slug, ""))
        facet = catalogue().facets[f"coproducers/{slug}"]
        stages.append(
            Stage(
                slug,
                facet.title,
                states.get(slug, "not-recorded"),
                option.short if option else catalogue().parts["not-recorded"].lower(),
                counts and slug in read.shared_stages,
            )
        )
    return tuple(stages)


def _placements(read: _Read, place: str, coproduced: bool, placed: str) -> tuple[SuggestedPlacement, ...]:
    """Return the ways that the answers name, with what they say of each; none for what is not involvement."""
    if (placed or place) == NOT_INVOLVEMENT:
        return ()
    part = read.part or "not-recorded"
    voice_part = part if read.part else "asked" if read.asked_stages else "not-recorded"
    best = max((read.states.get(stage, "none") for stage in STAGES), key=PART_ORDER.index)
    found: dict[str, SuggestedPlacement] = {}
    for key in read.answers.get("ways-owners", ()):
        found[key] = SuggestedPlacement(
            key,
            part if read.part else best if best != "none" else "not-recorded",
            question=read.question,
            decider=read.decider,
            received_on=day_of(read.received),
        )
    own_care = [
        key
        for key in ("users/own-care",)
        if place == "choosers" and SHARED_DECISION in (read.contested or ()) or _is_own_users(read, place)
    ]
    heard = {"yes": True, "no": False}.get(read.heard)
    for key in (*read.answers.get("ways-users", ()), *own_care):
        found[key] = SuggestedPlacement(key, voice_part, heard=heard)
    count = guide().questions["options"].option(read.options) if read.options else None
    for key in read.answers.get("ways-choosers", ()):
        found[key] = SuggestedPlacement(
            key, options=count.count if count else None, free_to_refuse={"yes": True, "no": False}.get(read.free)
        )
    if coproduced or placed == "coproducers":
        for stage in STAGES:
            if read.states.get(stage, "none") != "none":
                found[f"coproducers/{stage}"] = SuggestedPlacement(
                    f"coproducers/{stage}", read.states[stage], as_group=read.is_group
                )
    order = catalogue().facets
    return tuple(_with_missing(found[key]) for key in order if key in found)


def _is_own_users(read: _Read, place: str) -> bool:
    return place == "users" and (read.about == "own" or read.group == "one")


def _with_missing(placement: SuggestedPlacement) -> SuggestedPlacement:
    return replace(placement, missing=missing(placement))


def missing(placement: SuggestedPlacement) -> tuple[str, ...]:
    """Return what ``placement`` lacks to count on the map, as plain clauses; () when it counts (coverage.COUNTS)."""
    need, words = COUNTS[placement.place], guide().words["counts"]
    lacks = []
    if need.parts and placement.part not in need.parts:
        low = "part-equal" if "asked" not in need.parts else "part-low"
        lacks.append(words["part" if placement.part == "not-recorded" else low])
    if need.route and not (placement.question and placement.decider and placement.received_on):
        lacks.append(words["route"])
    if need.heard and not placement.heard:
        lacks.append(words["heard"])
    if need.options and not ((placement.options or 0) >= need.options and placement.free_to_refuse):
        lacks.append(words["options"])
    if need.group and not placement.as_group:
        lacks.append(words["group"])
    return tuple(lacks)


def _touches(
    read: _Read, place: str, placements: tuple[SuggestedPlacement, ...], coproduced: bool
) -> tuple[Touch, ...]:
    words = guide().words["touches"]
    touches: dict[str, Touch] = {}
    if place == "coproducers" and read.asked_stages:
        rows = {row.slug: row.said for row in guide().questions["stages"].rows}
        touches["users"] = Touch(
            "users", "", words["asked-in-stages"].format(stages=_and([rows[stage] for stage in read.asked_stages]))
        )
    if place == "choosers" and SHARED_DECISION in (read.contested or ()):
        touches["users"] = Touch("users", "users/own-care", words["own-care"])
    if place == "coproducers" and read.has_route:
        touches["owners"] = Touch("owners", "", words["also-owners"])
    if place == "owners" and coproduced:
        touches["coproducers"] = Touch("coproducers", "", words["also-coproducers"])
    if place:
        for placement in placements:
            if placement.place != place:
                touches.setdefault(placement.place, Touch(placement.place, placement.facet, words["also-chosen"]))
    return tuple(touches.values())


def _counts_note(place: str, placements: tuple[SuggestedPlacement, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not place or place == NOT_INVOLVEMENT:
        return ()
    if not placements:
        return (("", (guide().words["counts"]["no-way"],)),)
    lower = [f"coproducers/{stage}" for stage in STAGES]  # a stage without equals is voice: the stages' boxes say so
    return tuple(
        (placement.facet, placement.missing)
        for placement in placements
        if placement.missing and not (placement.facet in lower and placement.part not in SHARED_PARTS)
    )


def _suggest(answers: Mapping[str, Any], placed: str) -> Suggestion:
    read = _Read(effective(answers, placed=placed))
    slug, leaning, why = _decide(read)
    rule = guide().rules.get(slug)
    place = rule.place if rule else ""
    coproduced = bool(slug) and _coproduction(read)
    placements = _placements(read, place, coproduced, placed)
    stages = _stages(read, coproduced)
    count = ("none", "one", "two", "three", "four")[sum(stage.counts for stage in stages)]
    return Suggestion(
        place=place,
        rule=slug,
        leaning=leaning,
        reasons=(_reason(read, rule) if rule else _unsure(read, why),),
        placements=placements,
        also_touches=_touches(read, place, placements, coproduced),
        stages=stages,
        stages_note=guide().words["stages-note"][count] if stages and (coproduced or place == "coproducers") else "",
        contested_kinds=tuple(read.answers.get("contested", ())),
        counts_note=_counts_note(placed or place, placements),
    )


def _open(answers: Mapping[str, Any], placed: str, now: Suggestion) -> tuple[Open, ...]:
    """Return the asked questions without an answer; each with the places to which one answer alone could move it."""
    known = effective(answers, placed=placed)
    found = []
    for question in asked(answers, placed=placed):
        if question.slug in known and not (question.kind == "stages" and len(known["stages"]) < len(STAGES)):
            continue
        if question.records or question.kind == "kinds":
            continue
        tries: list[Any] = []
        if question.kind == "one":
            tries = [option.slug for option in question.options]
        elif question.kind == "stages":
            given = known.get("stages", {})
            tries = [
                given | {row.slug: part.slug}
                for row in question.rows
                if row.slug not in given
                for part in question.options
            ]
        places = {_suggest({**answers, question.slug: answer}, placed).place for answer in tries} - {"", now.place}
        if now.place == NOT_INVOLVEMENT and not places:
            continue
        order = (*catalogue().places, NOT_INVOLVEMENT)
        found.append(Open(question, tuple(place for place in order if place in places)))
    return tuple(found)


def suggest(answers: Mapping[str, Any], *, placed: str = "") -> Suggestion:
    """Return what ``answers`` (question slug -> answer) point to. The same answers always give the same suggestion.

    An answer is an option's slug, a list of slugs (contested, ways-…), a table stage -> part (stages), words, or a day
    as "2026-11-22" (received). What is not understood counts as not answered; ``check`` tells what that is. ``placed``
    is the place that a person chose instead, so that what that place needs is asked and placed as well.
    """
    now = _suggest(answers, placed)
    return replace(now, next_questions=_open(answers, placed, now))
