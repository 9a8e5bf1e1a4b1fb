"""What a report reads off its three inputs: each figure counted in one place, and the words that several parts use."""

from __future__ import annotations

from datetime import date

from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _

from involvement.reports.signs import plain

WHOLE = "*"  # the scope of a gap that is the organisation's


def day_in_words(day: str | None) -> str:
    """Return an ISO date or time as "3 May 2026"; "" for None."""
    return format_date(date.fromisoformat(day[:10]), "j F Y") if day else ""


class Facts:
    """What is read off the three inputs more than once, and counted in one place."""

    def __init__(self, snapshot: dict, conclusions: list[dict], signed: dict | None):
        self.snapshot, self.conclusions, self.signed = snapshot, conclusions, signed
        service = snapshot["scope"]["service"]
        self.subject = plain(", ".join([snapshot["organisation"]["name"], *([service["name"]] if service else [])]))
        self.dated = (signed["on"] if signed else snapshot["taken_at"])[:10]
        self.state = _("Signed on %(day)s") % {"day": day_in_words(self.dated)} if signed else _("Draft, not signed")
        self.judged = {row["place"]: row for row in conclusions if row["assurance"]}
        self.cells = [cell for place in snapshot["places"] for cell in place["cells"]]
        self.in_place = [cell for cell in self.cells if cell["status"] == "in-place"]
        self.blocking = [row["sentence"] for row in snapshot["checklist"] if row["blocks"] and row["count"]]
        self.open_notes = [
            row["sentence"] for row in snapshot["checklist"] if row["count"] and not row["blocks"]
        ]
        own = [gap for gap in snapshot["gaps"] if service or gap["identity"].split("|")[0] == WHOLE]
        self.gaps = sorted(own, key=lambda gap: (not is_unkept(gap), gap["rank"]))
        self.gaps_of_services = sorted(
            (gap for gap in snapshot["gaps"] if gap not in own), key=lambda gap: (not is_unkept(gap), gap["rank"])
        )
        self.unanswered = [gap for gap in own if not standing(gap)]
        self.overdue_answers = [
            row for gap in snapshot["gaps"] for row in gap["responses"] if row["overdue"]
        ]
        self.overdue_actions = [row for row in snapshot["actions"] if row["overdue"]]
        self.without_citizens = [row for row in snapshot["decisions"] if not row["took_part"]]
        self.reviews = snapshot.get("reviews")  # None, as below, in audits from before there was any
        self.took_part = snapshot.get("took_part")
        self.dissent = snapshot["dissent"] or []  # None: there was no way to put it on record
        self.dissent_open = [row for row in self.dissent if not row["reply"]]


def standing(gap: dict) -> list[dict]:
    """Return the answers to a gap that are not ended."""
    return [row for row in gap["responses"] if not row["ended_on"]]


def is_unkept(gap: dict) -> bool:
    """Return whether an answer to the gap is overdue."""
    return any(row["overdue"] for row in gap["responses"])


def assurance(facts: Facts, place: dict) -> str:
    """Return the board's word on a place."""
    judged = facts.judged.get(place["slug"])
    return plain(judged["assurance_title"]) if judged else _("Not judged yet")


def closed_with(row: dict) -> str:
    """Return what an action was closed with, or dropped for, and whether what it was about has lapsed again since."""
    if row.get("dropped_because"):  # not in audits from before this was frozen
        return _("Dropped: %(why)s") % {"why": row["dropped_because"]}
    if row.get("lapsed_again"):
        return _("It was said to be done: %(words)s. What it was about has lapsed again since.") % {
            "words": row["evidence"].rstrip(".")
        }
    return row["evidence"]


def full_stop(sentence: str) -> str:
    """Return the sentence with a full stop, if it has no end of its own."""
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."


def grade_in_words(grade: int) -> str:
    """Return what a grade of evidence means."""
    words = (_("Nothing"), _("Our word"), _("A document"), _("People confirm"))
    return words[grade] if 0 <= grade < len(words) else str(grade)
