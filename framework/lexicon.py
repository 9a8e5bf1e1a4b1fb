"""The lexicon of suggestions: its content read, checked and compiled.

It is data (content/lexicon.toml): word families, signals (what a text seems to say: who set the question, who decided,
who did the work, who judged, whether there was something to choose from, whether anyone outside staff had a part) and
rules on how signals bear on each other. Beside them stand the leanings of single words (content/leanings.toml), counted
beforehand from activities whose place is known (benchmarks/leanings.py). A word stands for its inflections (``stem``),
spelling variants meet, and a slip of one letter in a long word is forgiven.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from framework.catalogue import CONTENT, NOT_INVOLVEMENT, SHAPE, ContentError, once, read_content, words

FIELDS = ("title", "description", "method", "participants", "groups", "result", "service")
ANSWERS = (*SHAPE, NOT_INVOLVEMENT)
FACETS = tuple(f"{place}/{slug}" for place, slugs in SHAPE.items() for slug in slugs)

Chain = tuple[tuple[int, int], ...]  # (element, how many other words may stand before the next)
Pattern = tuple[Chain, ...]  # chains that stand in one sentence, in any order
Points = tuple[tuple[str, float], ...]  # places and ways, with what they gain

_GAPS = {"..": 3, "...": 8}
_SHORTEST = 7  # letters of a word (its stem) in which a slip is forgiven
_LONGEST = 30  # letters; a longer "word" is taken as it stands


@dataclass(frozen=True)
class Signal:
    """One kind of thing that a text can say, and what it points to. ``fact`` is the question that it answers."""

    slug: str
    fact: str
    points: Points
    patterns: tuple[Pattern, ...]
    masks: tuple[int, ...]
    excepted: tuple[Pattern, ...]
    fields: frozenset[str]
    literal: bool
    because: str


@dataclass(frozen=True)
class Rule:
    """When all of ``when`` and none of ``unless`` were seen (signals, facts, or "fact place"), ``points`` are added."""

    slug: str
    when: tuple[str, ...]
    unless: tuple[str, ...]
    points: Points


@dataclass(frozen=True)
class Scale:
    """The numbers of lexicon.toml, [scale]: what each is for stands there."""

    repeats: float
    ahead: float
    enough: float
    margin: float
    steep: float
    sure: float
    way: float
    way_share: float
    second_ways: float
    words: float
    unseen: float
    fields: Mapping[str, float]


def stem(word: str) -> str:
    """Return ``word`` (lower case, no apostrophes) without its plural, -ing, -ed and spelling variants.

    The stem need not be a word: it only has to be the same for "organise", "organised" and "organizing".
    """
    if len(word) > _LONGEST or not word.isascii() or not word.isalpha():
        return word
    if len(word) > 4 and word.endswith(("ies", "ied")):
        word = word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes", "zzes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        word = word[:-1]
    for ending in ("ing", "ed"):
        rest = word[: -len(ending)]
        if word.endswith(ending) and not word.endswith("eed") and len(rest) >= 3 and re.search("[aeiouy]", rest):
            word = rest
            break
    for british, american in (("isation", "ization"), ("yse", "yze"), ("ise", "ize"), ("is", "iz"), ("our", "or")):
        if len(word) > 5 and word.endswith(british):
            word = word[: -len(british)] + american
            break
    if len(word) >= 4 and word.endswith("e"):
        word = word[:-1]
    if len(word) >= 3 and word[-1] == word[-2] and word[-1] not in "aeiou":
        word = word[:-1]
    return word


def bare(word: str) -> str:
    """Return a word as written, folded: lower case, compatibility forms joined, without an apostrophe and its s."""
    if not word.isascii():
        word = unicodedata.normalize("NFKC", word).replace("’", "'")
    word = word.casefold()
    if "'" in word:
        word = word[:-2] if word.endswith("'s") else word.replace("'", "")
    return word


def _shortened(word: str) -> set[str]:
    """Return ``word`` and every word that lacks one of its letters."""
    return {word, *(word[:i] + word[i + 1 :] for i in range(1, len(word)))}


class Lexicon:
    """lexicon.toml and leanings.toml, compiled and checked. Raises ContentError, naming the entry that is wrong."""

    def __init__(self, raw: dict, leanings: dict | None = None):
        self.spelling = {bare(theirs): bare(ours) for theirs, ours in raw.get("spelling", {}).items()}
        self.joined = frozenset(raw.get("joined", ()))
        self.little = frozenset(raw.get("little", ()))
        self.negators = frozenset(raw.get("negators", ()))
        self.not_negators = frozenset(raw.get("after_a_negator", ()))
        self.turns = frozenset(raw.get("turns", ()))
        self.ahead = frozenset(raw.get("ahead", ()))
        self.not_slips = frozenset(stem(bare(word)) for word in raw.get("not_slips", ()))
        self._atoms: dict[str, int] = {}
        self._prefixes: dict[str, int] = {}
        self._elements: dict[tuple, int] = {}
        self.sequences: list[tuple[tuple[int, ...], ...]] = []  # element -> its sequences of atoms
        self._raw_families = raw.get("families", {})
        self._families: dict[str, tuple] = {}
        for name in self._raw_families:
            self._family(name, ())
        self.scale = _scale(raw)
        self.signals = tuple(self._signal(slug, entry) for slug, entry in raw.get("signals", {}).items())
        if not self.signals:
            raise ContentError("lexicon.toml: there are no signals")
        known = {signal.slug for signal in self.signals} | {
            f"{signal.fact} {target}" for signal in self.signals for target, _points in signal.points
        }
        known |= {f"{signal.fact}" for signal in self.signals}
        self.rules = tuple(self._rule(slug, entry, known) for slug, entry in raw.get("rules", {}).items())
        self.neighbours = {
            place: _places(seconds, f"lexicon.toml, neighbours, {place}")
            for place, seconds in raw.get("neighbours", {}).items()
        }
        _places(self.neighbours, "lexicon.toml, neighbours")
        self.usual = {}
        for place, facets in raw.get("usual_ways", {}).items():
            _targets(facets, f"lexicon.toml, usual_ways, {place}")
            self.usual[place] = tuple(facets)
        self.firsts: dict[int, list[int]] = defaultdict(list)  # atom -> elements that can start with it
        for element, sequences in enumerate(self.sequences):
            for atom in {sequence[0] for sequence in sequences}:
                self.firsts[atom].append(element)
        self._slips = self._all_slips()
        self.leanings = self._leanings(leanings or {})
        self.leaning_because = words(leanings, "because", "leanings.toml") if leanings else ""

    def _leanings(self, raw: dict) -> dict[str, Points]:
        """Return the root of each word of leanings.toml with its points."""
        found: dict[str, Points] = {}
        for word, points in raw.get("words", {}).items():
            where = f"leanings.toml, words, {word}"
            root = self.root(bare(word))
            if root in found:
                raise ContentError(f"{where}: another form of it stands there too")
            found[root] = _points(points, where)
        return found

    def _all_slips(self) -> dict[str, str]:
        slips: dict[str, str] = {}
        for word in sorted(self._atoms):
            if not word.startswith("=") and _SHORTEST <= len(word) <= _LONGEST:
                for short in _shortened(word):
                    slips.setdefault(short, word)
        return slips

    @lru_cache(maxsize=20_000)  # noqa: B019 - there is one lexicon in the life of a process
    def root(self, word: str) -> str:
        """Return what a folded word and its inflections and other spellings have in common."""
        return stem(self.spelling.get(word, word))

    @lru_cache(maxsize=20_000)  # noqa: B019 - there is one lexicon in the life of a process
    def atoms(self, word: str) -> frozenset[int]:
        """Return the atoms (single words of the lexicon) that a folded word stands for."""
        word = self.spelling.get(word, word)
        root = stem(word)
        found = {self._atoms[key] for key in (root, f"={word}") if key in self._atoms}
        found.update(atom for prefix, atom in self._prefixes.items() if word.startswith(prefix))
        if not found and _SHORTEST <= len(root) <= _LONGEST and root.isalpha() and root not in self.not_slips:
            meant = {self._slips[short] for short in _shortened(root) if short in self._slips}
            found.update(self._atoms[each] for each in meant if _one_slip(root, each))
        return frozenset(found)

    def _family(self, name: str, above: tuple[str, ...]) -> tuple:
        if name in self._families:
            return self._families[name]
        where = f"lexicon.toml, families, {name}"
        if name in above:
            raise ContentError(f"{where}: it stands for itself")
        if name not in self._raw_families:
            raise ContentError(f"lexicon.toml: there is no family “{name}”")
        entries = self._raw_families[name]
        if not entries:
            raise ContentError(f"{where}: it is empty")
        once(entries, where)
        sequences = [sequence for entry in entries for sequence in self._alternatives(entry, where, (*above, name))]
        self._families[name] = tuple(dict.fromkeys(sequences))
        return self._families[name]

    def _alternatives(self, entry: str, where: str, above: tuple[str, ...] = ()) -> list[tuple[int, ...]]:
        """Return the sequences of atoms of one entry of a family: words side by side, or another family."""
        if not entry.strip():
            raise ContentError(f"{where}: an entry is empty")
        if entry.startswith("{") and entry.endswith("}"):
            return list(self._family(entry[1:-1], above))
        return [tuple(self._atom(word, where) for word in entry.replace("_", " ").split())]

    def _atom(self, word: str, where: str) -> int:
        plain = bare(word.strip("=*"))
        if not plain or not re.fullmatch(r"[^\W_]+|&", plain):
            raise ContentError(f"{where}: “{word}” is not a word")
        number = len(self._atoms) + len(self._prefixes)
        if word.endswith("*"):
            return self._prefixes.setdefault(plain, number)
        plain = self.spelling.get(plain, plain)
        return self._atoms.setdefault(f"={plain}" if word.startswith("=") else stem(plain), number)

    def _element(self, text: str, where: str) -> int:
        """Return the number of one element of a pattern: alternatives between bars, each a word or a {family}."""
        sequences = tuple(
            dict.fromkeys(sequence for part in text.split("|") for sequence in self._alternatives(part, where))
        )
        if sequences not in self._elements:
            self._elements[sequences] = len(self.sequences)
            self.sequences.append(sequences)
        return self._elements[sequences]

    def _pattern(self, text: str, where: str) -> Pattern:
        return tuple(self._chain(part.split(), where) for part in text.split(" & "))

    def _chain(self, parts: list[str], where: str) -> Chain:
        built: list[tuple[int, int]] = []
        for part in parts:
            if part in _GAPS:
                if not built:
                    raise ContentError(f"{where}: “{' '.join(parts)}” starts with a gap")
                built[-1] = (built[-1][0], _GAPS[part])
            else:
                built.append((self._element(part, where), 0))
        if not built or built[-1][1]:
            raise ContentError(f"{where}: a pattern is empty, or ends with a gap")
        return tuple(built)

    def _signal(self, slug: str, entry: dict) -> Signal:
        where = f"lexicon.toml, signals, {slug}"
        unknown = set(entry) - {"fact", "points", "patterns", "except", "fields", "literal", "because"}
        if unknown:
            raise ContentError(f"{where}: “{sorted(unknown)[0]}” is not known")
        if not entry.get("fact"):
            raise ContentError(f"{where}: “fact” is missing")
        patterns = entry.get("patterns", [])
        if not patterns:
            raise ContentError(f"{where}: there is no pattern")
        once(patterns, where)
        fields = entry.get("fields", FIELDS)
        if not set(fields) <= set(FIELDS):
            raise ContentError(f"{where}: a field is not known")
        built = tuple(self._pattern(pattern, where) for pattern in patterns)
        return Signal(
            slug,
            entry["fact"],
            _points(entry.get("points", {}), where),
            built,
            tuple(_mask(pattern) for pattern in built),
            tuple(self._pattern(pattern, where) for pattern in entry.get("except", ())),
            frozenset(fields),
            entry.get("literal", False),
            words(entry, "because", where),
        )

    def _rule(self, slug: str, entry: dict, known: set[str]) -> Rule:
        where = f"lexicon.toml, rules, {slug}"
        words(entry, "because", where)
        for condition in (*entry.get("when", ()), *entry.get("unless", ())):
            if condition not in known:
                raise ContentError(f"{where}: “{condition}” is not known")
        if "when" not in entry:
            raise ContentError(f"{where}: “when” is missing")
        return Rule(slug, tuple(entry["when"]), tuple(entry.get("unless", ())), _points(entry.get("points"), where))


def _mask(pattern: Pattern) -> int:
    """Return the elements of ``pattern`` as bits of a number."""
    return sum(1 << element for element in {element for chain in pattern for element, _gap in chain})


def _one_slip(one: str, other: str) -> bool:
    """Return whether two words differ by one letter left out, put in, taken for another, or two neighbours swapped."""
    if abs(len(one) - len(other)) > 1:
        return False
    short, long = sorted((one, other), key=len)
    at = next((i for i, letter in enumerate(short) if letter != long[i]), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    swapped = short[at + 1 : at + 2] + short[at : at + 1]
    return short[at + 1 :] == long[at + 1 :] or (swapped + short[at + 2 :]) == long[at:]


def _targets(slugs: Iterable[str], where: str) -> None:
    for slug in slugs:
        if slug not in ANSWERS and slug not in FACETS:
            raise ContentError(f"{where}: “{slug}” is not known")


def _places(slugs: Iterable[str], where: str) -> tuple[str, ...]:
    for slug in slugs:
        if slug not in ANSWERS:
            raise ContentError(f"{where}: “{slug}” is not a place")
    return tuple(slugs)


def _points(entry: dict | None, where: str) -> Points:
    if entry is None or not isinstance(entry, dict):
        raise ContentError(f"{where}: “points” is missing")
    _targets(entry, where)
    for slug, points in entry.items():
        if not isinstance(points, int | float) or not -9 <= points <= 9:
            raise ContentError(f"{where}: the points of “{slug}” are not a number from -9 to 9")
    return tuple(sorted(entry.items(), key=lambda pair: (-abs(pair[1]), pair[0])))


def _scale(raw: dict) -> Scale:
    entry = dict(raw.get("scale", {}))
    fields = entry.pop("fields", {})
    if set(fields) != set(FIELDS):
        raise ContentError(f"lexicon.toml, scale.fields: expected {', '.join(FIELDS)}")
    try:
        return Scale(**{name: float(number) for name, number in entry.items()}, fields=fields)
    except (TypeError, ValueError) as wrong:
        raise ContentError(f"lexicon.toml, scale: {wrong}") from wrong


@lru_cache(maxsize=1)
def lexicon(directory: Path = CONTENT) -> Lexicon:
    """Return the lexicon, read and checked once in the life of the process."""
    return Lexicon(read_content("lexicon", directory), read_content("leanings", directory))
