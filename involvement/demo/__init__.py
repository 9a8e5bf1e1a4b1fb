"""Northfield Hospitals NHS Trust: an invented trust with a filled map, built through actions only.

The words are in northfield.toml. Its days are counted from the day the example is made, so that it never ages.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from framework.catalogue import catalogue
from involvement.actions import (
    accounts,
    activities,
    assessing,
    board,
    challenging,
    classification,
    decisions,
    influence,
    organisations,
    pieces,
    responses,
    reviewing,
    rulings,
)
from involvement.actions.base import today
from involvement.models import Activity, Assessment, Organisation, PieceOfWork, ReviewRound, Service, User
from involvement.tenancy import everywhere

CONTENT = Path(__file__).parent / "northfield.toml"
DOMAIN = "northfield.example"
PASSWORD = "northfield-example"  # noqa: S105  printed for everybody: the trust is invented and never in production
SEASONS = {
    3: "spring",
    4: "spring",
    5: "spring",
    6: "summer",
    7: "summer",
    8: "summer",
    9: "autumn",
    10: "autumn",
    11: "autumn",
}
REVIEWS = "patient-leader"
PLAIN_FACTS = (
    "reference title description method participants missing could_lose reach open_to_all promised support mechanisms"
    " groups".split()
)


@dataclass(frozen=True)
class Made:
    """What ``make`` found or built."""

    organisation: Organisation
    people: dict[str, str]  # e-mail address -> what they are
    new: bool


def make() -> Made:
    """Build the example organisation; when it is there already, change nothing. One transaction."""
    content = tomllib.loads(CONTENT.read_text(encoding="utf-8"))
    people = {f"{name}@{DOMAIN}": ", ".join(person["roles"]) for name, person in content["people"].items()}
    there = Organisation.objects.filter(slug=content["organisation"]["slug"]).first()
    if there is not None:
        return Made(there, people, new=False)
    with transaction.atomic(), everywhere():  # the organisation is still to be made
        return Made(_Builder(content).build(), people, new=True)


class _Builder:
    """Builds the organisation in the order in which people would: who, where, what, then what they say of it."""

    def __init__(self, content: Mapping[str, Any]):
        self.content = content
        self.today = today()
        self.people: dict[str, User] = {}
        self.services: dict[str, Service] = {}
        self.pieces: dict[str, PieceOfWork] = {}

    def build(self) -> Organisation:
        self.organisation = organisations.create_organisation(**self.content["organisation"], fictional=True)
        self._people()
        lead = self.people["lead"]
        for slug, name in self.content["services"].items():
            self.services[slug] = organisations.add_service(organisation=self.organisation, by=lead, name=name)
        for slug, piece in self.content["pieces"].items():
            self.pieces[slug] = pieces.add_piece(
                organisation=self.organisation,
                by=self.editor,
                title=piece["title"],
                problem_statement=piece.get("problem", ""),
            )
        for entry in self.content["activities"]:
            if not entry.get("late"):
                self._activity(entry)
        self._whole()
        self._statements()
        for entry in self.content["activities"]:
            if entry.get("late"):
                self._activity(entry)
        self._decisions()
        self._actions()
        self._rulings()
        self._reviews()
        self._challenges()
        self._assessments()
        return self.organisation

    @property
    def editor(self) -> User:
        return self.people["editor"]

    def _people(self) -> None:
        """Give everybody an account and their roles. An account that is there keeps its password."""
        for name, person in self.content["people"].items():
            email = f"{name}@{DOMAIN}"
            user = User.objects.filter(email=email).first()
            if user is None:
                user = User.objects.create_user(email, PASSWORD, name=person["name"])
                accounts.prove_address(user=user)
            self.people[name] = user
            for role in person["roles"]:
                organisations.give_role(organisation=self.organisation, user=user, role=role, by=None)

    def _activity(self, entry: Mapping[str, Any]) -> None:
        unknown = set(entry) - KNOWN
        if unknown:
            raise ValueError(f"northfield.toml, {entry['reference']}: {sorted(unknown)} is not known")
        activity = activities.add_activity(organisation=self.organisation, by=self.editor, facts=self._facts(entry))
        if "still_running" in entry:
            activities.confirm_running(activity=activity, by=self.editor, running=entry["still_running"])
        if "answers" in entry:
            self._classify(activity, entry)
        for change in entry.get("changes", ()):
            self._change(activity, change)

    def _facts(self, entry: Mapping[str, Any]) -> activities.ActivityFacts:
        facts: activities.ActivityFacts = {name: entry[name] for name in PLAIN_FACTS if name in entry}
        facts["stated_status"] = entry.get("status", "")
        facts["named_lead"] = entry.get("lead", "")
        facts["start_written"] = self._written(*entry["start"]) if "start" in entry else ""
        facts["end_written"] = self._written(*entry["end"]) if "end" in entry else ""
        facts["period"] = self._financial_year(entry["period"]) if "period" in entry else entry.get("period_words", "")
        facts["service"] = self.services[entry["service"]] if "service" in entry else None
        facts["piece"] = self.pieces[entry["piece"]] if "piece" in entry else None
        facts["named_services"] = [self.services[slug] for slug in entry.get("named", ())]
        facts["cost"] = entry.get("cost")
        facts["citizen_hours"] = entry.get("hours")
        return facts

    def _classify(self, activity: Activity, entry: Mapping[str, Any]) -> None:
        """Place the activity by its answers; where it was first read otherwise, first so, then anew or corrected."""
        words = {"claim": entry.get("claim", ""), "by": self.editor, "activity": activity}
        final = words | {
            "answers": self._answers(entry["answers"], entry.get("contested", [])),
            "place": entry.get("place"),
            "contested_kinds": entry.get("contested", []),
        }
        if "first_answers" in entry:
            classification.classify(**words, answers=self._answers(entry["first_answers"], []))
        if "corrected_because" in entry:
            classification.correct(**final, reason=entry["corrected_because"])
        elif "changed_on" in entry:
            classification.replace(**final, reason=entry["changed_because"], from_on=self._day(entry["changed_on"]))
        else:
            classification.classify(**final, reason=entry.get("reason", ""))

    def _answers(self, answers: Mapping[str, Any], contested: list[str]) -> dict[str, Any]:
        answers = dict(answers)
        if contested:
            answers["contested"] = contested
        if "received" in answers:
            answers["received"] = self._day(answers["received"]).isoformat()
        return answers

    def _change(self, activity: Activity, entry: Mapping[str, Any]) -> None:
        change = influence.record_change(
            activity=activity,
            by=self.editor,
            facets=entry["facets"],
            service=self.services[entry["service"]] if "service" in entry else None,
            asked=entry.get("asked", ""),
            decision_point=entry.get("decision_point", ""),
            outcome=entry["outcome"],
            what=entry.get("what", ""),
            why=entry.get("why", ""),
            decided_on=self._day(entry["decided"]),
            told_on=self._day(entry["told"]) if "told" in entry else None,
            told_by=entry.get("told_by", ""),
            offered_percent=entry.get("offered"),
            taken_up_percent=entry.get("taken_up"),
        )
        for evidence in entry.get("evidence", ()):
            day = self._day(evidence["dated"])
            influence.add_evidence(
                change=change,
                by=self.editor,
                kind=evidence["kind"],
                reference=evidence.get("reference", "").replace("{day}", _in_words(day)),
                corroborated_by=evidence.get("corroborated_by", ""),
                dated_on=day,
            )

    def _whole(self) -> None:
        for slug, entry in self.content["pieces"].items():
            if entry.get("whole"):
                piece = self.organisation.pieces.get(pk=self.pieces[slug].pk)
                pieces.confirm_whole(piece=piece, by=self.people["lead"], version=piece.version)

    def _statements(self) -> None:
        """Say of which places the list is complete, answer three gaps, and adopt the board's aims."""
        known = catalogue()
        for entry in self.content["complete"]:
            responses.state_complete(
                organisation=self.organisation,
                by=self.people["lead"],
                scope="whole",
                place=entry["place"],
                checklist=[item.slug for item in known.places[entry["place"]].checklist],
                on=self._day(entry["on"]),
            )
        for entry in self.content["responses"]:
            days = {f"{name}_on": self._day(entry[name]) for name in ("due", "review") if name in entry}
            responses.respond(
                organisation=self.organisation,
                by=self.people["board" if entry["kind"] == "not-needed" else "editor"],
                place=entry["place"],
                facet=entry["facet"],
                kind=entry["kind"],
                reason=entry["reason"],
                owner=entry.get("owner", ""),
                on=self._day(entry["on"]),
                **days,
            )
        for entry in self.content["aims"]:
            responses.adopt_aim(
                organisation=self.organisation,
                by=self.people["board"],
                place=entry["place"],
                sentence=entry["sentence"],
                adopted_on=self._day(entry["on"]),
                adopted_by=entry["by"],
            )

    def _decisions(self) -> None:
        for entry in self.content["decisions"]:
            decision = decisions.list_decision(
                organisation=self.organisation, by=self.people["board"], title=entry["title"],
                decided_on=self._day(entry["decided"]), body=entry["body"], why=entry["why"],
            )  # fmt: skip
            decisions.say_who_took_part(
                decision=decision, by=self.people["board"], version=decision.version,
                activities=[self.organisation.activities.get(reference=each) for each in entry.get("through", ())],
            )  # fmt: skip

    def _actions(self) -> None:
        """Set actions on days gone by, and take the steps that followed."""
        for entry in self.content["actions"]:
            answer = self.organisation.responses.filter(facet=entry["facet"]).first()
            action = board.set_action(
                organisation=self.organisation, by=self.people["board"], place=entry["facet"].split("/")[0],
                facet=entry["facet"], what=entry["what"], owner=entry["owner"], owner_user=self.editor,
                due_on=self._day(entry["due"]), on=self._day(entry["on"]), response=answer,
            )  # fmt: skip
            if "moved" in entry:
                action = board.move_action(
                    action=action, by=self.editor, version=action.version, note=entry["moved_because"],
                    due_on=self._day(entry["moved"]), owner=action.owner, owner_user=self.editor,
                )  # fmt: skip
            if "done" in entry:
                board.close_action(
                    action=action, by=self.editor, version=action.version, note=entry["note"],
                    reference=entry["reference"], on=self._day(entry["done"]),
                )  # fmt: skip
            if "dropped" in entry:
                board.drop_action(
                    action=action, by=self.people["board"], version=action.version, note=entry["dropped"]
                )

    def _rulings(self) -> None:
        for entry in self.content["rulings"]:
            rulings.record_ruling(
                organisation=self.organisation, by=self.people["lead"], contested_kind=entry["kind"],
                place=entry["place"], reason=entry["reason"], author=entry["author"], from_on=self._day(entry["from"]),
            )  # fmt: skip

    def _reviews(self) -> None:
        """Open the review rounds; of those that are closed every answer is given, some of them another place's."""
        people = [self.people[name] for name, person in self.content["people"].items() if REVIEWS in person["roles"]]
        for entry in self.content["rounds"]:
            round_ = reviewing.open_round(
                organisation=self.organisation, by=self.people[entry["by"]], title=entry["title"], size=entry["size"],
                each=entry["each"], reviewers=people, on=self._day(entry["on"]), due_on=self._day(entry["due"]),
                seed=entry["seed"],
            )  # fmt: skip
            if "elsewhere" in entry:
                self._answers_of(round_, entry)
                reviewing.close_round(round_=round_, by=self.people[entry["by"]])

    def _answers_of(self, round_: ReviewRound, entry: Mapping[str, Any]) -> None:
        """Answer as the organisation did, or as ``elsewhere`` (place -> another, why) has it."""
        said = {row.activity_id: row.classification for row in round_.drawn.select_related("classification")}
        tasks = round_.tasks.select_related("reviewer__person").order_by("reviewer", "position")
        for number, task in enumerate(tasks):
            words = {"task": task, "by": task.reviewer.person, "version": task.version, "took_part": number % 11 == 7}
            theirs = said[task.activity_id]
            other = entry["elsewhere"].get(theirs.primary_place)
            if number % 9 == 4:
                reviewing.cannot_tell(**words, missing=entry["missing"])
            elif other and (task.activity_id + number // 7) % 3:
                reviewing.answer_task(**words, place=other["place"], reason=other["why"])
            else:
                reviewing.answer_task(
                    **words, answers=theirs.answers, place=theirs.primary_place, reason=theirs.reason or entry["alike"]
                )

    def _challenges(self) -> None:
        """Make the challenges on days gone by, with the replies that some of them got."""
        for entry in self.content["challenges"]:
            by = self.people[entry["by"]]
            challenge = challenging.make_challenge(
                organisation=self.organisation, by=by, kind=entry["kind"], words=entry["words"],
                activity=self.organisation.activities.get(reference=entry["activity"]), on=self._day(entry["on"]),
            )  # fmt: skip
            if "reply" in entry:
                challenging.reply(
                    challenge=challenge, by=self.editor, kind="explain", words=entry["reply"],
                    on=self._day(entry["replied"]),
                )  # fmt: skip
                challenging.follow_up(
                    challenge=challenge, by=by, kind=entry["then"], words=entry.get("then_words", ""),
                    on=self._day(entry["replied"] + 2),
                )  # fmt: skip

    def _assessments(self) -> None:
        """Let people who took part say how it was; each from a browser of their own."""
        for entry in self.content["assessments"]:
            link = assessing.open_link(
                activity=self.organisation.activities.get(reference=entry["activity"]), by=self.people[entry["by"]],
                closes_on=self._day(entry["closes"]), most=entry["most"],
            )  # fmt: skip
            for number, said in enumerate(entry["answers"]):
                values = [value or None for value in said]
                assessing.assess(
                    link=link, cookie=f"example {number}", said=dict(zip(Assessment.SCALES, values, strict=True))
                )

    def _day(self, days: int) -> date:
        return self.today + timedelta(days=days)

    def _written(self, days: int, how: str) -> str:
        """Return a day as somebody would write it who remembers it to the day, the month, the season or the year."""
        day = self._day(days)
        if how == "day":
            return _in_words(day)
        if how == "month":
            return f"{day:%B} {day.year}"
        if how == "season":
            return f"{SEASONS[day.month]} {day.year}" if day.month in SEASONS else f"{day:%B} {day.year}"
        if how == "year":
            return str(day.year)
        raise ValueError(f"a date is written to the day, month, season or year, not {how!r}")

    def _financial_year(self, back: int) -> str:
        """Return an NHS year (1 April to 31 March) counted from the present one, as "2021/22"."""
        year = self.today.year - (self.today.month < 4) + back
        return f"{year}/{(year + 1) % 100:02d}"


KNOWN = set(PLAIN_FACTS) | set(
    "late start end status lead cost hours service piece named period period_words claim contested place reason answers"
    " first_answers corrected_because changed_on changed_because still_running changes".split()
)


def _in_words(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"
