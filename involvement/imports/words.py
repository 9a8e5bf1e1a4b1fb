"""Their words for services, statuses, groups and methods: what they mean here, and which of them have to be asked.

Each distinct word is asked once. What nobody answered has a default that loses nothing: a service that we do not know
would be made, a status or a group that we do not know keeps its row back until somebody says what it means. Case,
spaces and "&" for "and" make no other service. A name that differs by a filling word ("The Maternity Department") is
taken for the one service that it could be; where it could be several, or the list has both names, it is in doubt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from framework.catalogue import catalogue
from involvement.cells import read_list
from involvement.imports.columns import (
    EVERYONE_WORDS,
    GROUP_WORDS,
    STATUSES,
    TRUST_WIDE_WORDS,
    UNKNOWN_WORDS,
    folded,
)
from involvement.models import Activity, Organisation, Service

NEW, TRUST_WIDE, LEAVE_OUT, UNKNOWN = "new", "trust-wide", "leave-out", "unknown"
SAME = "same:"  # before the key of another word of the list: a new service by that name
ASKED = ("service", "status", "groups", "method")  # the columns whose words are asked, in the order of the page
_FILLING = {
    "the", "of", "and", "for", "in", "at", "service", "services", "department", "dept", "directorate", "team", "unit",
    "division", "group", "nhs", "clinical",
}  # fmt: skip


@dataclass
class Asked:
    """A word of theirs that we do not know: how often it stands there, what it is taken to mean ("" for nothing).

    ``likely``: what a service that is in ``doubt`` could be, as (answer, name). ``spellings``: the other ways in which
    the list writes the word.
    """

    column: str
    word: str
    answer: str
    rows: int = 0
    doubt: bool = False
    likely: tuple[tuple[str, str], ...] = ()
    spellings: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        return known_as(self.word)


def known_as(word: str) -> str:
    """Return the form under which a word is remembered: without case and signs, "&" as "and", but never empty."""
    return folded(word.replace("&", " and ")) or word


class Words:
    """What the words of one list mean in one organisation, and what is asked of them."""

    def __init__(self, organisation: Organisation, answers: Mapping[str, Mapping[str, str]], new_services: bool):
        self.answers = answers
        self.new_services = new_services
        self.asked: dict[str, list[Asked]] = {column: [] for column in ASKED}
        self._by_key: dict[tuple[str, str], Asked] = {}
        known = list(organisation.services.all())
        self.by_slug = {service.slug: service for service in known}
        self.exact = {service.name: service for service in known}
        self.by_case = {_lower(service.name): service for service in known}
        self.services: dict[str, list[Service]] = {}
        self.loose: dict[str, list[Service]] = {}
        self.listed: dict[str, dict[str, str]] = {}  # loose name -> known_as -> the name, of the services in the list
        for service in known:
            self.services.setdefault(known_as(service.name), []).append(service)
            if service.retired_on is None:
                self.loose.setdefault(_loose(service.name), []).append(service)
        for service in known:
            self.services.setdefault(known_as(service.slug), [service])
        groups = catalogue().groups
        self.groups = {
            **GROUP_WORDS,
            **{folded(slug): slug for slug in groups},
            **{folded(str(title)): slug for slug, title in groups.items()},
        }
        self.methods = {folded(method): method for method in catalogue().methods}

    known_as = staticmethod(known_as)

    def look_over(self, cells: Iterable[str]) -> None:
        """Take note of all services that the cells of a list name, before the first of them is asked."""
        for cell in cells:
            for name, quoted in self.services_in(cell):
                if not quoted:
                    self.listed.setdefault(_loose(name), {}).setdefault(known_as(name), " ".join(name.split()))

    def _ask(self, column: str, word: str, default: str, **more) -> str:
        """Return what a word that we do not know is taken to mean, and keep the question."""
        key, word = known_as(word), " ".join(word.split())
        asked = self._by_key.get((column, key))
        if asked is None:
            asked = Asked(column, word, self.answers.get(column, {}).get(key, default), **more)
            self._by_key[column, key] = asked
            self.asked[column].append(asked)
        asked.rows += 1
        if _lower(word) not in map(_lower, (asked.word, *asked.spellings)):
            asked.spellings.append(word)
        return asked.answer

    def services_in(self, cell: str) -> Iterator[tuple[str, bool]]:
        """Yield the names of services in a cell, with whether each is to be taken to the letter."""
        if known_as(cell) in self.services and '"' not in cell:
            yield " ".join(cell.split()), False
            return
        for name, quoted in read_list(cell):
            if quoted or name.casefold() not in UNKNOWN_WORDS | TRUST_WIDE_WORDS:
                yield name, quoted

    def service(self, name: str, *, to_the_letter: bool) -> Service | str:
        """Return the service that a name means, NEW, TRUST_WIDE, or SAME with the key of another word of the list."""
        if name in self.exact:
            return self.exact[name]
        if to_the_letter:
            return NEW
        same = self.services.get(known_as(name), [])
        if len(same) == 1 or _lower(name) in self.by_case:
            return self.by_case.get(_lower(name)) or same[0]
        near = [service for service in same or self.loose.get(_loose(name), []) if service.retired_on is None]
        beside = {key: word for key, word in self.listed.get(_loose(name), {}).items() if key != known_as(name)}
        new = {key: word for key, word in beside.items() if key not in self.services}
        doubt = len(near) > 1 or any(known_as(service.name) in beside for service in near) or bool(new)
        likely = [(service.slug, service.name) for service in near] + [(SAME + key, word) for key, word in new.items()]
        default = near[0].slug if len(near) == 1 and not doubt else NEW
        answer = self._ask("service", name, default, doubt=doubt, likely=tuple(likely))
        if answer.startswith(SAME):
            key = answer.removeprefix(SAME)
            return self.services[key][0] if key in self.services else answer if key in new else NEW
        return self.by_slug.get(answer) or (answer if answer == TRUST_WIDE else NEW)

    def status(self, words: str) -> str | None:
        """Return the status that words mean, "" for not known, or None when that has to be asked."""
        plain = " ".join(words.casefold().split())
        if plain in UNKNOWN_WORDS:
            return ""
        if plain in STATUSES:
            return str(STATUSES[plain])
        answer = self._ask("status", words, "")
        return answer if answer in Activity.StatedStatus.values else "" if answer == UNKNOWN else None

    def groups_in(self, cell: str) -> Iterator[tuple[str, str | None]]:
        """Yield each group that a cell names, as (their word, our slug, "everyone" or LEAVE_OUT; None to be asked)."""
        for name in [cell] if folded(cell) in self.groups else self._listed(cell):
            plain = name.casefold()
            if plain in UNKNOWN_WORDS:
                continue
            if plain in EVERYONE_WORDS:
                yield name, "everyone"
            elif folded(name) in self.groups:
                yield name, self.groups[folded(name)]
            else:
                answer = self._ask("groups", name, "")
                yield name, answer if answer in (*catalogue().groups, "everyone", LEAVE_OUT) else None

    def _listed(self, cell: str) -> list[str]:
        """Cut a list at semicolons, bars and line ends, and at commas where a piece is no group by itself."""
        pieces: list[str] = []
        for piece in re.split(r"[;|\n]", cell):
            pieces.extend([piece] if folded(piece) in self.groups else piece.split(","))
        return [piece.strip() for piece in pieces if piece.strip()]

    def method(self, words: str) -> str:
        """Return the method in the word that was chosen for it; their own word where nobody chose another."""
        if words in catalogue().methods:
            return words
        return self._ask("method", words, "") or words


def _lower(name: str) -> str:
    return " ".join(name.casefold().split())


def _loose(name: str) -> str:
    """Return a name without what people put in or leave out: "The Maternity Department" is "maternity"."""
    words = [word for word in known_as(name).replace(" s ", "s ").split() if word not in _FILLING]
    return " ".join(word.removesuffix("s") for word in words) or known_as(name)
