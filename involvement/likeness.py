"""Which records of a list look like the same thing twice. Plain Python, no database, and no cost that grows as n².

A pair is looked at only when something rare brings it together: the same folded title, reference or source address, a
word of the title that few titles share (the prefix filter of set-similarity joins), or one of the smallest hashes of
the text's word shingles (a bottom-k sketch). Each pair is then compared exactly.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from functools import cached_property
from itertools import combinations
from math import ceil, log
from zlib import crc32

TITLE, NEAR_TITLE, TEXT, REFERENCE, ADDRESS = "title", "near-title", "text", "reference", "address"
REASONS = (REFERENCE, TITLE, ADDRESS, NEAR_TITLE, TEXT)  # the strongest first

SHARED_WORDS = 0.5  # least share of common words (Jaccard) at which two titles are compared at all
NEAR = 0.86  # least weighted share of words of which two titles are near the same
SAME_SHINGLES = 0.5  # least share of shingles (of the shorter text) of which two texts are near the same
SOME_OF_THE_TITLE = 0.4  # least weighted share of words in the titles of two texts that are near the same
SHINGLE = 4  # words
SKETCH = 8  # hashes kept of each text
SHORTEST_TEXT = 12  # words: a shorter one says too little
CROWD = 40  # what more records than this share tells nothing of any two of them
ADDRESS_CROWD = 3  # a page that more activities than this cite is a page about many
IDLE = frozenset("a an and at by for from in into of on or our the their to with".split())


@dataclass(frozen=True)
class Record:
    """What likeness is judged by. ``start`` and ``end`` None: open, or not known."""

    key: int
    title: str
    text: str = ""
    reference: str = ""
    address: str = ""
    start: date | None = None
    end: date | None = None

    @cached_property
    def name(self) -> str:
        """The title, folded."""
        return folded(self.title)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The title's words that mean something, folded, plurals cut."""
        return tuple(_stem(word) for word in self.name.split() if word not in IDLE)

    @cached_property
    def numbers(self) -> frozenset[str]:
        """What numbers a title: two parts of a series differ in nothing else."""
        return frozenset(word for word in self.words if _NUMBER.fullmatch(word))

    @cached_property
    def shingles(self) -> frozenset[int]:
        words = folded(self.text).split()
        if len(words) < SHORTEST_TEXT:
            return frozenset()
        return frozenset(crc32(" ".join(words[n : n + SHINGLE]).encode()) for n in range(len(words) - SHINGLE + 1))


_NUMBER = re.compile(r"[0-9]+[a-z]{0,2}|[ivx]{1,4}|one|two|three|four|five|six|first|second|third|fourth|fifth")


_APOSTROPHES = str.maketrans("", "", "'’‘")
_MARKS = re.compile("[\u0300-\u036f]+")
_NO_WORD = re.compile(r"[\W_]+")


def folded(words: str) -> str:
    """Return words without case, accents, punctuation and double spaces: "Café’s  Voice!" is "cafes voice"."""
    plain = words.translate(_APOSTROPHES).casefold()
    if not plain.isascii():
        plain = _MARKS.sub("", unicodedata.normalize("NFKD", plain))
    return _NO_WORD.sub(" ", plain).strip()


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def address_of(words: str) -> str:
    """Return a web address as two people would agree on it: without scheme, "www.", mark and last slash."""
    return re.sub(r"^(?:https?://)?(?:www\.)?", "", words.strip().casefold().partition("#")[0]).rstrip("/")


def may_overlap(one: Record, other: Record) -> bool:
    """Return whether the two can have run at the same time: an end that is not known is open."""
    starts, ends = (one.start, other.start), (one.end, other.end)
    return all(not (s and e) or s <= e for s, e in zip(starts, reversed(ends), strict=True))


@dataclass(frozen=True)
class Pair:
    one: int
    other: int
    reasons: tuple[str, ...]  # of REASONS, the strongest first


def alike(records: Iterable[Record], apart: dict[int, set[Hashable]] | None = None) -> list[Pair]:
    """Return the pairs that look alike, the strongest first.

    ``apart`` maps a record's key to the sayings that it is different from the others under the same saying: such a pair
    is never returned. Of many records under one title, each is paired with the nearest one before it that it may be.
    """
    records, apart = sorted(records, key=lambda record: record.key), apart or {}

    def may_be(one: Record, other: Record) -> bool:
        return not (apart.get(one.key) and apart[one.key] & apart.get(other.key, set()))

    found: dict[tuple[int, int], set[str]] = defaultdict(set)
    for one, other, reason in _bound(records, may_be):
        found[one.key, other.key].add(reason)
    weights = _weights(records)
    for one, other in _met(records, _rare_words):
        if may_be(one, other) and may_overlap(one, other) and near_titles(one, other, weights):
            found[one.key, other.key].add(NEAR_TITLE)
    for one, other in _met(records, lambda record, _counts: sorted(record.shingles)[:SKETCH]):
        if may_be(one, other) and may_overlap(one, other) and near_texts(one, other, weights):
            found[one.key, other.key].add(TEXT)
    pairs = [Pair(*keys, tuple(reason for reason in REASONS if reason in said)) for keys, said in found.items()]
    return sorted(pairs, key=lambda pair: (REASONS.index(pair.reasons[0]), -len(pair.reasons), pair.one, pair.other))


def _bound(records: list[Record], may_be) -> Iterator[tuple[Record, Record, str]]:
    """Yield each record with the nearest one before it that says the very same of itself, and of what."""
    for reason, said, crowd in (
        (TITLE, lambda record: record.name, None),
        (REFERENCE, lambda record: folded(record.reference).replace(" ", ""), None),
        (ADDRESS, lambda record: address_of(record.address), ADDRESS_CROWD),
    ):
        groups: dict[str, list[Record]] = defaultdict(list)
        for record in records:
            if value := said(record):
                groups[value].append(record)
        for group in groups.values():
            if crowd and len(group) > crowd:
                continue
            for n in range(1, len(group)):
                before = next((each for each in reversed(group[:n]) if may_be(each, group[n])), None)
                if before:
                    yield before, group[n], reason


def _rare_words(record: Record, counts: Counter) -> list[str]:
    """Return the rarest words of a title, so many that two titles which share enough words share one of these."""
    words = sorted(set(record.words), key=lambda word: (counts[word], word))
    return words[: len(words) - ceil(SHARED_WORDS * len(words)) + 1]


def _met(records: list[Record], marks) -> Iterator[tuple[Record, Record]]:
    """Yield each pair of records that share a mark which few have, once."""
    counts = Counter(word for record in records for word in set(record.words))
    holders: dict[Hashable, list[int]] = defaultdict(list)
    for n, record in enumerate(records):
        for mark in marks(record, counts):
            holders[mark].append(n)
    met = {pair for held in holders.values() if 1 < len(held) <= CROWD for pair in combinations(held, 2)}
    for one, other in sorted(met):
        if records[one].name != records[other].name:  # else bound already, and not each with each
            yield records[one], records[other]


def _weights(records: list[Record]) -> dict[str, float]:
    """Return what each word of the titles tells: the fewer titles have it, the more."""
    counts = Counter(word for record in records for word in set(record.words))
    return {word: log(1 + len(records) / count) for word, count in counts.items()}


def near_titles(one: Record, other: Record, weights: dict[str, float]) -> bool:
    """Return whether two titles say the same but for spelling, order and small words; never when numbers differ."""
    if one.numbers != other.numbers:
        return False
    mine, theirs = set(one.words), set(other.words)
    if min(len(mine), len(theirs)) < 2:
        return False
    shared, total = _shared(mine, theirs, weights)
    left = theirs - mine
    if len(left) > 2 + len(mine) // 3 or len(mine - theirs) > 2 + len(theirs) // 3:
        return False
    for word in mine - theirs:
        twin = next((each for each in left if _misspelt(word, each)), None)
        if twin:
            left = left - {twin}
            shared += (weights[word] + weights[twin]) * 0.9
    return shared >= NEAR * total


def _shared(mine: set[str], theirs: set[str], weights: dict[str, float]) -> tuple[float, float]:
    """Return the weight of the words in both, and of those in either."""
    return sum(weights[word] for word in mine & theirs), sum(weights[word] for word in mine | theirs)


def _misspelt(one: str, other: str) -> bool:
    return (
        min(len(one), len(other)) > 4
        and one[0] == other[0]
        and abs(len(one) - len(other)) < 4
        and SequenceMatcher(None, one, other, autojunk=False).ratio() >= 0.85
    )


def near_texts(one: Record, other: Record, weights: dict[str, float]) -> bool:
    """Return whether most of the shorter text stands in the longer one word for word, under titles that share some.

    Without the titles every part of a series that tells the same of itself would look like the others.
    """
    shorter = min(len(one.shingles), len(other.shingles))
    if not shorter or one.numbers != other.numbers or len(one.shingles & other.shingles) < SAME_SHINGLES * shorter:
        return False
    shared, total = _shared(set(one.words), set(other.words), weights)
    return shared >= SOME_OF_THE_TITLE * total


def clusters(pairs: Iterable[Pair]) -> list[tuple[list[int], list[Pair]]]:
    """Return the keys that hang together, each cluster with its pairs, in the order of the strongest pair."""
    home: dict[int, int] = {}

    def root(key: int) -> int:
        while home.setdefault(key, key) != key:
            home[key] = key = home[home[key]]
        return key

    pairs = list(pairs)
    for pair in pairs:
        home[root(pair.other)] = root(pair.one)
    held: dict[int, tuple[set[int], list[Pair]]] = {}
    for pair in pairs:
        keys, own = held.setdefault(root(pair.one), (set(), []))
        keys.update((pair.one, pair.other))
        own.append(pair)
    return [(sorted(keys), own) for keys, own in held.values()]
