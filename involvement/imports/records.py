"""Records in full, as they stand in one cell of our own export: how they are written, and how they are read again.

Reading checks nothing against the rules of the register: actions.imports does, as for whatever else comes in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from involvement.actions.imports import BroughtChange, BroughtReading
from involvement.cells import read_list, read_record
from involvement.models import Change, ChangeFacet, Classification, Evidence, Placement

WAY = ("facet", "part", "question", "decider", "received_on", "heard", "options", "free_to_refuse", "as_group")
READING = (
    "primary_place", "claim", "suggested_place", "reason", "contested", "contested_kinds", "power", "answers",
    "framework_version", "from_on", "until",
)  # fmt: skip
CHANGE = (
    "asked", "decision_point", "outcome", "what", "why", "decided_on", "told_on", "told_by", "offered_percent",
    "taken_up_percent",
)  # fmt: skip
EVIDENCE = ("kind", "link", "reference", "dated_on", "corroborated_by", "withdrawn_on")
_DATES = {"received_on", "from_on", "until", "decided_on", "told_on", "dated_on", "withdrawn_on"}
_SHARES = {"offered_percent", "taken_up_percent"}
_TEXTS = {
    "facet", "part", "question", "decider", "primary_place", "claim", "suggested_place", "reason", "power",
    "framework_version", "asked", "decision_point", "outcome", "what", "why", "told_by", "kind", "link", "reference",
    "corroborated_by",
}  # fmt: skip
_YES_OR_NO = {"heard", "free_to_refuse", "as_group", "contested"}


def placed_record(reading: Classification, ways: Iterable[Placement]) -> dict[str, Any]:
    """Return one reading of a place with its ways, as plain values."""
    return _plain(reading, READING) | {"ways": [_plain(way, WAY) for way in ways]}


def change_record(
    change: Change, facets: Iterable[ChangeFacet], evidence: Iterable[Evidence], services: Mapping[int, str]
) -> dict[str, Any]:
    """Return one change with the ways that it speaks for and its evidence, as plain values.

    A file is named and stays behind; a person who confirms is named by the words that stand beside the evidence.
    """
    return {
        "facets": [row.facet for row in facets],
        "service": services.get(change.service_id, ""),
        **_plain(change, CHANGE),
        "evidence": [
            _plain(each, EVIDENCE)
            | {
                "reference": each.reference or (each.file.name if each.file and not each.link else ""),
                "corroborated_by": each.corroborated_by or (str(each.corroborator) if each.corroborator else ""),
            }
            for each in evidence
        ],
    }


def evidence_named(proof: Evidence) -> str:
    """Return where a piece of evidence is found, in words: its reference, address, file, or who confirms it."""
    return proof.reference or proof.link or (proof.file.name if proof.file else "") or proof.corroborated_by


def place_cells(place: str, ways: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the cells for people to read: the place, its ways (facet, part), and the part in each."""
    ways = list(ways)
    return {
        "place": place,
        "facets": "; ".join(facet for facet, _part in ways),
        "part": "; ".join(part for _facet, part in ways),
    }


def _plain(row, names: Iterable[str]) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in names}
    return {
        name: value.isoformat() if isinstance(value, date) else str(value) if isinstance(value, Decimal) else value
        for name, value in values.items()
    }


def read_placed(cell: str) -> BroughtReading:
    """Return the reading in a cell. Raises ValueError when it is none."""
    record = read_record(cell)
    fields = _typed(record, READING)
    ways = [_typed(way, WAY) for way in _listed(record, "ways")]
    if not fields.get("primary_place"):
        raise ValueError("no place")
    return BroughtReading(fields, ways)


def read_place(values: Mapping[str, str]) -> BroughtReading | None:
    """Return the reading that the plain cells place, facets, part and contested amount to; None for no place.

    One part for several ways is the part in each. Raises ValueError when there are more parts than ways.
    """
    place = values.get("place", "").strip()
    if not place:
        return None
    facets = [words for words, _quoted in read_list(values.get("facets", ""))]
    parts = [words for words, _quoted in read_list(values.get("part", ""))]
    if len(parts) == 1:
        parts *= len(facets)
    if len(parts) > len(facets):
        raise ValueError("more parts than ways")
    parts += ["not-recorded"] * (len(facets) - len(parts))
    contested = [words for words, _quoted in read_list(values.get("contested", "")) if words not in ("yes", "no")]
    fields = {"primary_place": place, "contested_kinds": contested}
    fields["contested"] = bool(contested) or values.get("contested", "").strip() == "yes"
    return BroughtReading(fields, [{"facet": f, "part": p} for f, p in zip(facets, parts, strict=True)])


def read_change(cell: str) -> BroughtChange:
    """Return the change in a cell. Raises ValueError when it is none."""
    record = read_record(cell)
    evidence = [_typed(each, EVIDENCE) for each in _listed(record, "evidence")]
    facets = _words_in(record.get("facets", []))
    service = record.get("service", "")
    if not isinstance(service, str):
        raise ValueError("a service is a name")
    return BroughtChange(_typed(record, CHANGE), facets, service, evidence)


def read_groups(cell: str) -> dict[str, dict[str, Any]]:
    """Return {group: {"reach", "support"}} from a cell. Raises ValueError when it is no such record."""
    found = {}
    for each in read_record(cell, list):
        if not isinstance(each, dict) or not isinstance(each.get("group"), str):
            raise ValueError("a group has a name")
        reach, support = each.get("reach"), each.get("support", "")
        if not isinstance(support, str):
            raise ValueError("support is words")
        found[each["group"]] = {"reach": reach if type(reach) is int else None, "support": support}
    return found


def read_answers(cell: str) -> list[tuple[date, bool]]:
    """Return the dated answers to "is it running?" from "2026-05-01 yes; 2026-06-01 no". Raises ValueError."""
    answers = []
    for words, _quoted in read_list(cell):
        day, _space, said = words.partition(" ")
        if said not in ("yes", "no"):
            raise ValueError("neither yes nor no")
        answers.append((date.fromisoformat(day), said == "yes"))
    return answers


def _typed(record: Any, names: Iterable[str]) -> dict[str, Any]:
    """Return the fields of a record that we know, each of the type that it has to be. Raises ValueError."""
    if not isinstance(record, dict):
        raise ValueError("not a record")
    fields: dict[str, Any] = {}
    for name in names:
        value = record.get(name)
        if value is None:
            continue
        if name in _DATES:
            value = date.fromisoformat(_text(value))
        elif name in _SHARES:
            try:
                value = Decimal(_text(value))
            except InvalidOperation as error:
                raise ValueError("not a percentage") from error
        elif name in _TEXTS:
            value = _text(value)
        elif name in _YES_OR_NO and not isinstance(value, bool):
            raise ValueError("neither true nor false")
        elif name == "options" and (type(value) is not int or not 0 <= value <= 32767):
            raise ValueError("not a number of options")
        elif name == "contested_kinds":
            value = _words_in(value)
        elif name == "answers" and not isinstance(value, dict):
            raise ValueError("not answers")
        fields[name] = value
    return fields


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("not words")
    return value.replace("\x00", "")


def _words_in(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise ValueError("not a list")
    return [_text(each) for each in value]


def _listed(record: dict, name: str) -> list:
    value = record.get(name, [])
    if not isinstance(value, list):
        raise ValueError("not a list")
    return value
