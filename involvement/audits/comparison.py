"""Two snapshots side by side: what opened, closed and lapsed, what became of the answers to gaps, what was taken off.

Plain dicts in (format 1), plain values out: no database, so two signed audits compare for ever as they did.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

COVERED = frozenset({"in-place", "planned", "not-needed"})  # what is no gap


class Move(StrEnum):
    """What became of one way to take part between two days."""

    OPENED = "opened"  # a gap that was none
    LAPSED = "lapsed"  # it ran, and does not any more
    PUT_OFF = "put-off"  # a gap that is planned now, or judged not needed: nothing runs
    CLOSED = "closed"  # a gap that is none any more: something is in place
    MOVED = "moved"  # another status, and still a gap, or still none
    SAME = "same"


MOVE_TITLES = {
    Move.OPENED: gettext_lazy("Gaps that opened"),
    Move.LAPSED: gettext_lazy("Ways that lapsed"),
    Move.PUT_OFF: gettext_lazy("Gaps that are planned now, or judged not needed"),
    Move.CLOSED: gettext_lazy("Gaps that closed"),
    Move.MOVED: gettext_lazy("Other moves"),
    Move.SAME: gettext_lazy("As before"),
}


class Fate(StrEnum):
    """What became of an answer to a gap, the unkept first."""

    UNKEPT = "unkept"  # its day has passed, and the gap is still there
    ENDED = "ended"  # somebody ended it, and the gap is still there
    UNANSWERED = "unanswered"  # nobody answered the gap, then or since, and it is still there
    ANSWERED = "answered"  # nobody had answered the gap then; somebody has since, and it is still there
    RUNNING = "running"  # its day is still to come
    PUT_OFF = "put-off"  # the way is planned now, or judged not needed: nothing runs
    KEPT = "kept"  # the gap is closed


FATE_TITLES = {
    Fate.UNKEPT: gettext_lazy("Not kept: the day has passed, and the gap is still there"),
    Fate.ENDED: gettext_lazy("Ended, and the gap is still there"),
    Fate.UNANSWERED: gettext_lazy("Nobody answered, and the gap is still there"),
    Fate.ANSWERED: gettext_lazy("Answered since, and the gap is still there"),
    Fate.RUNNING: gettext_lazy("Still to come"),
    Fate.PUT_OFF: gettext_lazy("Nothing runs yet: planned, or judged not needed"),
    Fate.KEPT: gettext_lazy("The gap closed"),
}


@dataclass(frozen=True)
class CellMove:
    """One way to take part at both days."""

    place: str
    place_title: str
    facet: str
    title: str
    before: str
    before_title: str
    before_sign: str
    after: str
    after_title: str
    after_sign: str
    move: Move


@dataclass(frozen=True)
class AnswerFate:
    """One answer that stood at the earlier day, or a gap without any, and what became of it."""

    identity: str
    sentence: str
    fate: Fate
    title: str
    kind_title: str = ""
    reason: str = ""
    owner: str = ""
    due_on: date | None = None
    first_seen: date | None = None

    @property
    def of_a_service(self) -> bool:
        """Whether the gap is one service's, in an audit of the whole organisation."""
        return not self.identity.startswith("*|")


@dataclass(frozen=True)
class Gone:
    """An activity that was on the list at the earlier day and is not any more."""

    title: str
    on: date | None  # None: it is not on the list, and nothing says why
    reason: str
    by: str


@dataclass(frozen=True)
class PlaceTrend:
    """How many live activities one place had, at each day."""

    place: str
    title: str
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Comparison:
    """All that changed between two snapshots of one scope."""

    before: dict
    after: dict
    before_on: date
    after_on: date
    cells: tuple[CellMove, ...]
    fates: tuple[AnswerFate, ...]
    gone: tuple[Gone, ...]
    same_scope: bool
    same_rules: bool

    def moved(self, move: Move) -> tuple[CellMove, ...]:
        return tuple(each for each in self.cells if each.move is move)

    @property
    def moves(self) -> list[tuple[Move, str, tuple[CellMove, ...]]]:
        """Return what moved, worst first, with its title; moves that nothing made are left out."""
        return [
            (move, str(MOVE_TITLES[move]), self.moved(move))
            for move in Move
            if move is not Move.SAME and self.moved(move)
        ]

    @property
    def heaps(self) -> list[dict]:
        """Return the answers by what became of them, those of the whole apart from those of services."""
        found = []
        for fate in Fate:
            mine = [each for each in self.fates if each.fate is fate]
            apart = [each for each in mine if each.of_a_service] if self.before["scope"]["service"] is None else []
            whole = [each for each in mine if each not in apart]
            if mine:
                found.append({"title": str(FATE_TITLES[fate]), "number": len(mine), "whole": whole, "services": apart})
        return found

    @property
    def same(self) -> int:
        return len(self.moved(Move.SAME))

    @property
    def unkept(self) -> int:
        return sum(each.fate is Fate.UNKEPT for each in self.fates)


def compare(before: dict, after: dict) -> Comparison:
    """Return what changed from one snapshot to a later one.

    Where they are of different scopes or rules it says so (``same_scope``, ``same_rules``); the figures then compare
    different things, and the page prints that.
    """
    return Comparison(
        before=before,
        after=after,
        before_on=_day(before["as_at"]),
        after_on=_day(after["as_at"]),
        cells=_cells(before, after),
        fates=_fates(before, after),
        gone=_gone(before, after),
        same_scope=before["scope"] == after["scope"],
        same_rules=before["framework_version"] == after["framework_version"],
    )


def trend(snapshots: list[dict]) -> tuple[tuple[date, ...], tuple[PlaceTrend, ...]]:
    """Return the days, and of each place how many live activities it had then. ``snapshots`` oldest first."""
    days = tuple(_day(each["as_at"]) for each in snapshots)
    last = snapshots[-1]["places"]
    held = [{place["slug"]: place["live"] for place in each["places"]} for each in snapshots]
    return days, tuple(
        PlaceTrend(place["slug"], place["title"], tuple(one.get(place["slug"], 0) for one in held)) for place in last
    )


def _day(words: str | None) -> date | None:
    return date.fromisoformat(words[:10]) if words else None


def move_of(before: str, after: str) -> Move:
    """Return what became of a way whose status was ``before`` and is ``after`` (slugs)."""
    if before == after:
        return Move.SAME
    if after == "lapsed":
        return Move.LAPSED
    if before in COVERED and after not in COVERED:
        return Move.OPENED
    if before not in COVERED and after in COVERED:
        return Move.CLOSED if after == "in-place" else Move.PUT_OFF
    return Move.MOVED


def _cells(before: dict, after: dict) -> tuple[CellMove, ...]:
    then = {(place["slug"], cell["facet"]): cell for place in before["places"] for cell in place["cells"]}
    found = []
    for place in after["places"]:
        for cell in place["cells"]:
            was = then.get((place["slug"], cell["facet"]))
            if was is None:
                continue  # a way that the earlier framework did not have: there is nothing to compare it with
            found.append(
                CellMove(
                    place=place["slug"],
                    place_title=place["title"],
                    facet=cell["facet"],
                    title=cell["title"],
                    before=was["status"],
                    before_title=was["status_title"],
                    before_sign=was["sign"],
                    after=cell["status"],
                    after_title=cell["status_title"],
                    after_sign=cell["sign"],
                    move=move_of(was["status"], cell["status"]),
                )
            )
    return tuple(found)


def still_open(identity: str, gaps: list[dict]) -> bool:
    """Return whether the gap is among ``gaps``: itself, its whole place, or, for a whole place, any way of it."""
    scope, place, facet = identity.split("|")
    open_now = {tuple(each["identity"].split("|")) for each in gaps}
    if not facet:
        return any(one[:2] == (scope, place) for one in open_now)
    return (scope, place, facet) in open_now or (scope, place, "") in open_now


def _fates(before: dict, after: dict) -> tuple[AnswerFate, ...]:
    now = {row["id"]: row for gap in after["gaps"] for row in gap["responses"]}
    answered_now = {gap["identity"]: gap["responses"] for gap in after["gaps"] if gap["responses"]}
    day, found = after["as_at"], []
    for gap in before["gaps"]:
        is_open = still_open(gap["identity"], after["gaps"])
        seen = _day(gap["first_seen"]) or _day(before["as_at"])
        standing = [row for row in gap["responses"] if not row["ended_on"]]
        if not standing and is_open:
            fate = Fate.ANSWERED if gap["identity"] in answered_now else Fate.UNANSWERED
            answer = next(iter(answered_now.get(gap["identity"], ())), None)
            found.append(
                AnswerFate(
                    gap["identity"], gap["sentence"], fate, str(FATE_TITLES[fate]), first_seen=seen,
                    **({} if answer is None else _answer_words(answer)),
                )  # fmt: skip
            )
        for row in standing:
            fate = _fate(row, now.get(row["id"], row), is_open, day)
            if fate is Fate.KEPT and _is_put_off(gap["identity"], after):
                fate = Fate.PUT_OFF
            found.append(
                AnswerFate(
                    identity=gap["identity"],
                    sentence=gap["sentence"],
                    fate=fate,
                    title=str(FATE_TITLES[fate]),
                    first_seen=seen,
                    **_answer_words(row),
                )
            )
    order = list(Fate)
    return tuple(sorted(found, key=lambda each: order.index(each.fate)))


def _answer_words(row: dict) -> dict:
    """Return what an answer says, as AnswerFate has it."""
    return {
        "kind_title": row["kind_title"], "reason": row["reason"], "owner": row["owner"], "due_on": _day(row["due_on"]),
    }  # fmt: skip


def _fate(then: dict, now: dict, is_open: bool, day: str) -> Fate:
    if not is_open:
        return Fate.KEPT
    if now["ended_on"]:
        return Fate.ENDED
    if then["due_on"] is None or (now["due_on"] or then["due_on"]) < day:
        return Fate.UNKEPT
    return Fate.RUNNING


def _is_put_off(identity: str, after: dict) -> bool:
    """Return whether what was a gap is planned or judged not needed in every way that it is about.

    Of a service in an audit of the whole the snapshot holds no cells: there a gap that is gone counts as closed.
    """
    scope, place, facet = identity.split("|")
    service = after["scope"]["service"]
    if scope != (service["slug"] if service else "*"):
        return False
    statuses = {
        cell["status"]
        for each in after["places"]
        for cell in each["cells"]
        if each["slug"] == place and facet in ("", f"{place}/{cell['facet']}")
    }
    return bool(statuses) and statuses <= {"planned", "not-needed"}


def _gone(before: dict, after: dict) -> tuple[Gone, ...]:
    """Return what was on the earlier list and is not on the later one, and what was withdrawn between: first what
    nobody gave a reason for, then by day."""
    left = {row["id"] for row in after["activities"]}
    withdrawn = {row["id"]: row for row in after["withdrawn"]}
    lost = {row["id"]: row["title"] for row in before["activities"] if row["id"] not in left}
    found = [
        Gone(title, None, _("It is no longer on the list, and the later one does not say why."), "")
        for pk, title in lost.items()
        if pk not in withdrawn
    ]
    between = [row for pk, row in withdrawn.items() if pk in lost or row["on"] > before["as_at"]]
    found += [
        Gone(row["title"], _day(row["on"]), row["reason"], row["by"])
        for row in sorted(between, key=lambda row: (row["on"], row["id"]))
    ]
    return tuple(found)
