"""The words of one activity, cut up and looked up in the lexicon.

A text is cut into words, with a mark at each end of a sentence. Patterns are matched on words, never on characters, by
joining sorted lists of positions, so that the time grows with the text and not faster.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property

from framework.lexicon import FIELDS, Chain, Lexicon, Pattern, Points, bare

LEANING = ("title", "description", "participants", "result")  # the fields whose single words count

_TOKEN = re.compile(r"([^\W_]+(?:['’][^\W_]+)*)|([.!?;…]+(?=[\s\"'”’)]|$)|[\n\r\u2022|])|(&)")
_BREAK = 100  # how far apart the words of two sentences are counted
_OWNERS = ("'s", "’s", "s'", "s’")


class Text:
    """The words of one activity, cut up and looked up."""

    def __init__(self, given: Mapping[str, str], lexicon: Lexicon):
        self.lexicon = lexicon
        self.spans: list[tuple[str, int, int]] = []  # of each word: field, start, end
        self.bare: list[str] = []
        self.owner: list[bool] = []  # of each word: whether it is a possessive ("patients'", "carer's")
        self.at: list[int] = []  # where each word stands, counted so that sentences lie far apart
        position = 0
        for field in FIELDS:
            position += _BREAK
            written = given.get(field) or ""
            for match in _TOKEN.finditer(written):
                if match.group(2):
                    position += _BREAK
                    continue
                word = "and" if match.group(3) else bare(match.group(1))
                start, end = match.span()
                before = self.spans[-1] if self.spans else ("", 0, 0)
                if self.bare and self.bare[-1] in lexicon.joined and before[0] == field and start - before[2] <= 1:
                    self.bare[-1] += word  # "co-design", "co design" and "codesign" are one word
                    self.spans[-1] = (field, before[1], end)
                    continue
                position += 1
                self.bare.append(word)
                self.owner.append(written[end - 2 : end + 1].endswith(_OWNERS) or written[end - 2 : end] in _OWNERS)
                self.at.append(position)
                self.spans.append((field, start, end))
        self.atoms = [lexicon.atoms(word) for word in self.bare]
        self.places: dict[int, list[int]] = defaultdict(list)
        for number, atoms in enumerate(self.atoms):
            for atom in atoms:
                self.places[atom].append(number)
        self.mask = 0
        for atom in self.places:
            for element in lexicon.firsts[atom]:
                self.mask |= 1 << element
        self._found: dict[int, list[tuple[int, int]]] = {}

    def element(self, element: int) -> list[tuple[int, int]]:
        """Return where an element stands, as (first word, word after the last), in order."""
        if element not in self._found:
            found = set()
            for sequence in self.lexicon.sequences[element]:
                for first in self.places.get(sequence[0], ()):
                    end = self._rest(first, sequence)
                    if end:
                        found.add((first, end))
            self._found[element] = sorted(found)
        return self._found[element]

    def _rest(self, first: int, sequence: tuple[int, ...]) -> int:
        """Return the number of the word after ``sequence`` when it stands at word ``first``, else 0."""
        here = first
        for atom in sequence[1:]:
            following = self._skip(here)
            if following is None or atom not in self.atoms[following]:
                following = here + 1
                if not self._near(here, following) or atom not in self.atoms[following]:
                    return 0
            here = following
        return here + 1

    def _near(self, here: int, there: int, gap: int = 0) -> bool:
        return there < len(self.at) and self.at[there] - self.at[here] <= gap + 1

    def _skip(self, here: int) -> int | None:
        """Return the next word that is not a little one (the, a, our …), or None at the end of a sentence."""
        there = here + 1
        for _times in range(3):
            if there >= len(self.at) or self.at[there] - self.at[here] > 4:
                return None
            if self.bare[there] not in self.lexicon.little:
                return there
            there += 1
        return None

    def find(self, pattern: Pattern) -> list[tuple[int, int]]:
        """Return where ``pattern`` stands, as (first word, word after the last), one for each start."""
        if len(pattern) == 1:
            return self._chain(pattern[0])
        held: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, chain in enumerate(pattern):
            for start, end in self._chain(chain):
                spans = held[self.sentence[start]]
                if len(spans) == number:  # the first of this chain, in a sentence that has all before it
                    spans.append((start, end))
        whole = [spans for _sentence, spans in sorted(held.items()) if len(spans) == len(pattern)]
        return [(min(start for start, _ in spans), max(end for _, end in spans)) for spans in whole]

    def _chain(self, chain: Chain) -> list[tuple[int, int]]:
        """Return where the elements of ``chain`` follow each other, each within its gap of the one before."""
        ends = self.element(chain[-1][0])
        for element, gap in reversed(chain[:-1]):
            if not ends:
                return []
            starts = [start for start, _end in ends]
            joined = []
            for start, end in self.element(element):
                following = bisect_left(starts, end)
                if following < len(ends) and self._reach(end, starts[following], gap):
                    joined.append((start, ends[following][1]))
            ends = joined
        return ends

    def _reach(self, end: int, start: int, gap: int) -> bool:
        """Return whether the word ``start`` follows the one before ``end`` within ``gap`` words and little ones."""
        apart = self.at[start] - self.at[end - 1] - 1
        if self.owner[end - 1]:
            gap = min(gap, 1)  # "patients' comments", but not "patients' comments each month; it designs"
        if apart <= gap:
            return True
        return apart <= gap + 2 and all(self.bare[each] in self.lexicon.little for each in range(end + gap, start))

    @cached_property
    def sentence(self) -> list[int]:
        numbers, number = [], 0
        for index, at in enumerate(self.at):
            number += bool(index and at - self.at[index - 1] >= _BREAK)
            numbers.append(number)
        return numbers

    def denied(self, start: int, end: int) -> bool:
        """Return whether a "no", "not" or "without" governs the words from ``start`` to ``end``."""
        first = start
        while first > 0 and start - first < 4 and self._near(first - 1, first):
            first -= 1
            if self.bare[first] in self.lexicon.turns:
                first += 1
                break
        for number in range(first, min(end, start + 12)):
            if self.bare[number] in self.lexicon.negators or self.bare[number].endswith("nt") and self._nt(number):
                following = self.bare[number + 1] if self._near(number, number + 1) else ""
                if following not in self.lexicon.not_negators:
                    return True
        return False

    def _nt(self, number: int) -> bool:
        return self.bare[number] in {"didnt", "wasnt", "werent", "isnt", "arent", "dont", "doesnt", "havent", "hasnt"}

    def roots(self) -> dict[str, int]:
        """Return the root of each word that can lean one way or another, with where it stands first."""
        first: dict[str, int] = {}
        for number, word in enumerate(self.bare):
            if self.spans[number][0] in LEANING and word not in self.lexicon.little:
                first.setdefault(self.lexicon.root(word), number)
        return first

    def leaning(self) -> list[tuple[int, Points]]:
        """Return where each word stands that leans one way or another and is not denied, with its points."""
        known, negators = self.lexicon.leanings, self.lexicon.negators
        found = [(number, known[root]) for root, number in self.roots().items() if root in known]
        if negators.isdisjoint(self.bare):
            return found
        return [(number, points) for number, points in found if not self.denied(number, number + 1)]

    def yet_to_come(self, start: int) -> bool:
        """Return whether what stands at ``start`` lies in the future: "will", "plans to"."""
        before = self.bare[max(0, start - 5) : start + 2]
        return any(word in self.lexicon.ahead for word in before)
