"""From the words of an activity to a suggestion: a place, ways to take part, and the phrases that led there, or none.

The lexicon and the rules are data (content/lexicon.toml): word families, signals (what seems to have happened: who set
the question, who decided, who did the work, who judged, whether there was something to choose from, whether anyone
outside staff had a part) and rules on how signals bear on each other. Beside them stand the leanings of single words
(content/leanings.toml), counted beforehand from activities whose place is known (benchmarks/leanings.py). This module
reads both and applies them. It knows no place and no phrase by itself, learns nothing, and needs the standard library
only.

How a text is read. It is cut into words, with a mark at each end of a sentence. A word stands for its inflections
(``stem``), spelling variants meet, and a slip of one letter in a long word is forgiven. Patterns are matched on words,
never on characters, by joining sorted lists of positions, so that the time grows with the text and not faster.
"""

from __future__ import annotations

import math
import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from framework.catalogue import CONTENT, NOT_INVOLVEMENT, SHAPE, ContentError, once, read_content, words

FIELDS = ("title", "description", "method", "participants", "groups", "result", "service")
ANSWERS = (*SHAPE, NOT_INVOLVEMENT)
LEANING = ("title", "description", "participants", "result")  # the fields whose single words count
FACETS = tuple(f"{place}/{slug}" for place, slugs in SHAPE.items() for slug in slugs)

Chain = tuple[tuple[int, int], ...]  # (element, how many other words may stand before the next)
Pattern = tuple[Chain, ...]  # chains that stand in one sentence, in any order
Points = tuple[tuple[str, float], ...]  # places and ways, with what they gain

_TOKEN = re.compile(r"([^\W_]+(?:['’][^\W_]+)*)|([.!?;…]+(?=[\s\"'”’)]|$)|[\n\r\u2022|])|(&)")
_BREAK = 100  # how far apart the words of two sentences are counted
_GAPS = {"..": 3, "...": 8}
_OWNERS = ("'s", "’s", "s'", "s’")
_SHORTEST = 7  # letters of a word (its stem) in which a slip is forgiven
_SHORT = 4  # letters below which a leaning word is shown only if there is no other
_SHOWN = 3  # leaning words that are shown of one activity
_LONGEST = 30  # letters; a longer "word" is taken as it stands


@dataclass(frozen=True)
class Phrase:
    """Words of the activity that led somewhere: ``text == words[field][start:end]``.

    ``points_to`` holds places and "place/facet", strongest first; ``because`` says why in a plain sentence; ``points``
    is how much the words gave to the first of these.
    """

    field: str
    start: int
    end: int
    text: str
    points_to: tuple[str, ...]
    because: str
    points: float = 0.0


@dataclass(frozen=True)
class Hint:
    """What the words point to. ``place`` is a slug, "not-involvement", or None when they do not say enough."""

    place: str | None
    alternatives: tuple[str, ...]
    facets: tuple[str, ...]
    phrases: tuple[Phrase, ...]
    confidence: float


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


def _bare(word: str) -> str:
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
        self.spelling = {_bare(theirs): _bare(ours) for theirs, ours in raw.get("spelling", {}).items()}
        self.joined = frozenset(raw.get("joined", ()))
        self.little = frozenset(raw.get("little", ()))
        self.negators = frozenset(raw.get("negators", ()))
        self.not_negators = frozenset(raw.get("after_a_negator", ()))
        self.turns = frozenset(raw.get("turns", ()))
        self.ahead = frozenset(raw.get("ahead", ()))
        self.not_slips = frozenset(stem(_bare(word)) for word in raw.get("not_slips", ()))
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
            root = self.root(_bare(word))
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
        bare = _bare(word.strip("=*"))
        if not bare or not re.fullmatch(r"[^\W_]+|&", bare):
            raise ContentError(f"{where}: “{word}” is not a word")
        number = len(self._atoms) + len(self._prefixes)
        if word.endswith("*"):
            return self._prefixes.setdefault(bare, number)
        bare = self.spelling.get(bare, bare)
        return self._atoms.setdefault(f"={bare}" if word.startswith("=") else stem(bare), number)

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


class _Text:
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
                word = "and" if match.group(3) else _bare(match.group(1))
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


def hint(given: Mapping[str, str], lex: Lexicon | None = None) -> Hint:
    """Return what the words of one activity point to, by ``lex`` or by the lexicon of the content.

    ``given`` has any of the keys in FIELDS, each a text; what is missing counts as "". Pure and deterministic; time
    grows linearly with the length of the texts. The same words always give the same answer.
    """
    lex = lex or lexicon()
    text = _Text(given, lex)
    if not text.bare:
        return Hint(None, (), (), (), 0.0)
    seen: dict[str, tuple[float, int, int]] = {}  # signal -> weight, first word, word after the last
    for signal in lex.signals:
        best = _strongest(signal, text, lex.scale)
        if best is not None:
            seen[signal.slug] = best
    score = _scores(lex, seen)
    leaning = text.leaning()
    for place in ANSWERS:
        if score[place] <= 0:
            score[place] -= lex.scale.unseen
    for _number, gained in leaning:
        for target, points in gained:
            score[target] += points * lex.scale.words
    return _judged(lex, text, seen, leaning, score, given)


def roots(given: Mapping[str, str]) -> dict[str, str]:
    """Return the root of each word of an activity that can lean one way or another, with the word as it stands."""
    text = _Text(given, lexicon())
    return {root: text.bare[number] for root, number in text.roots().items()}


def _strongest(signal: Signal, text: _Text, scale: Scale) -> tuple[float, int, int] | None:
    """Return the weight and the span of the strongest place where the text says what ``signal`` stands for."""
    best: tuple[float, int, int] | None = None
    excepted: list[tuple[int, int]] | None = None
    for pattern, mask in zip(signal.patterns, signal.masks, strict=True):
        if mask & text.mask != mask:
            continue
        for start, end in text.find(pattern):
            field = text.spans[start][0]
            if field not in signal.fields:
                continue
            weight = scale.fields[field]
            if best is not None and weight <= best[0] * scale.ahead:
                continue
            if not signal.literal and text.denied(start, end):
                continue
            if excepted is None:
                excepted = [span for other in signal.excepted for span in text.find(other)]
            if any(since < end and start < until for since, until in excepted):
                continue
            if text.yet_to_come(start):
                weight *= scale.ahead
            if best is None or weight > best[0]:
                best = (weight, start, end)
    return best


def times_matched(lex: Lexicon, activities: Iterable[Mapping[str, str]]) -> dict[tuple[str, int], int]:
    """Return (signal, number of its pattern) -> how many of ``activities`` hold the pattern."""
    times = {(signal.slug, number): 0 for signal in lex.signals for number in range(len(signal.patterns))}
    for given in activities:
        text = _Text(given, lex)
        for signal in lex.signals:
            for number, (pattern, mask) in enumerate(zip(signal.patterns, signal.masks, strict=True)):
                times[signal.slug, number] += mask & text.mask == mask and _says(text, signal, pattern)
    return times


def _says(text: _Text, signal: Signal, pattern: Pattern) -> bool:
    return any(
        text.spans[start][0] in signal.fields and (signal.literal or not text.denied(start, end))
        for start, end in text.find(pattern)
    )


def _scores(lex: Lexicon, seen: Mapping[str, tuple[float, int, int]]) -> dict[str, float]:
    """Return the points of every place and way. What answers the same question again counts for less each time."""
    held: dict[tuple[str, str], list[float]] = defaultdict(list)
    for signal in lex.signals:
        if signal.slug in seen:
            for target, points in signal.points:
                held[signal.fact, target].append(points * seen[signal.slug][0])
    score: dict[str, float] = defaultdict(float)
    facts = {f"{signal.fact}" for signal in lex.signals if signal.slug in seen}
    for (fact, target), points in held.items():
        for number, each in enumerate(sorted(points, key=lambda value: -abs(value))):
            score[target] += each * lex.scale.repeats**number
        if sum(points) > 0:
            facts.add(f"{fact} {target}")
    facts.update(seen)
    for rule in lex.rules:
        if all(each in facts for each in rule.when) and not any(each in facts for each in rule.unless):
            for target, points in rule.points:
                score[target] += points
            facts.add(rule.slug)
    return score


def _judged(
    lex: Lexicon,
    text: _Text,
    seen: Mapping[str, tuple[float, int, int]],
    leaning: list[tuple[int, Points]],
    score: Mapping[str, float],
    given: Mapping[str, str],
) -> Hint:
    """Return the hint that the points of every place and way amount to."""
    ranked = sorted(
        (place for place in ANSWERS if score[place] > 0), key=lambda place: (-score[place], ANSWERS.index(place))
    )
    place, confidence = None, 0.0
    if ranked:
        first = score[ranked[0]]
        lead = first - (score[ranked[1]] if len(ranked) > 1 else 0.0)
        confidence = round((1 - math.exp(-lex.scale.steep * first)) / (1 + math.exp(-lex.scale.margin * lead)), 3)
        if first >= lex.scale.enough and confidence >= lex.scale.sure:
            place = ranked[0]
    alternatives = [each for each in ranked if each != place]
    for each in lex.neighbours.get(place or "", ()):
        if each not in alternatives and not alternatives:
            alternatives.append(each)
    facets = _ways(lex, ranked, score)
    phrases = _phrases(lex, text, seen, given)
    phrases += _leaning_phrases(lex, text, leaning, ranked[:1], given, phrases)
    return Hint(place, tuple(alternatives), facets, tuple(sorted(phrases, key=_order)), confidence)


def _order(phrase: Phrase) -> tuple[int, int, int]:
    return FIELDS.index(phrase.field), phrase.start, phrase.end


def _leaning_phrases(
    lex: Lexicon,
    text: _Text,
    leaning: list[tuple[int, Points]],
    first: list[str],
    given: Mapping[str, str],
    others: tuple[Phrase, ...],
) -> tuple[Phrase, ...]:
    """Return the words that lean most to the first place, short ones last, where no other phrase holds them already."""
    best = sorted(
        (len(text.bare[number]) < _SHORT, -points, number)
        for number, gained in leaning
        for target, points in gained
        if points > 0 and target in first and not _held(text.spans[number], others)
    )
    return tuple(
        Phrase(field, start, end, given[field][start:end], tuple(first), lex.leaning_because)
        for field, start, end in (text.spans[number] for _short, _points, number in best[:_SHOWN])
    )


def _held(span: tuple[str, int, int], phrases: tuple[Phrase, ...]) -> bool:
    field, start, end = span
    return any(each.field == field and each.start < end and start < each.end for each in phrases)


def _ways(lex: Lexicon, ranked: list[str], score: dict[str, float]) -> tuple[str, ...]:
    """Return the ways of the first place, then those of another place that comes close, best first."""
    ways: list[str] = []
    for number, place in enumerate(ranked):
        if place == NOT_INVOLVEMENT or (number and score[place] < lex.scale.second_ways * score[ranked[0]]):
            continue
        if number and ranked[0] == NOT_INVOLVEMENT:
            continue
        mine = sorted(
            (key for key in FACETS if key.startswith(f"{place}/") and score[key] >= lex.scale.way),
            key=lambda key: (-score[key], FACETS.index(key)),
        )
        mine = [key for key in mine if score[key] >= lex.scale.way_share * score[mine[0]]]
        ways += mine or (lex.usual.get(place, ()) if not number else ())
    return tuple(ways)


def _phrases(
    lex: Lexicon, text: _Text, seen: Mapping[str, tuple[float, int, int]], given: Mapping[str, str]
) -> tuple[Phrase, ...]:
    """Return the phrases in the order of the fields and of the words in them, each stretch of words once.

    Where the same words led to several signals, the strongest says why.
    """
    found: dict[tuple[int, int, int], list[tuple[float, str]]] = defaultdict(list)
    why: dict[tuple[int, int, int], tuple[float, str]] = {}
    for signal in lex.signals:
        if signal.slug not in seen:
            continue
        weight, first, after = seen[signal.slug]
        gained = [(target, points * weight) for target, points in signal.points if points > 0]
        if not gained:
            continue
        field, start, _end = text.spans[first]
        where = (FIELDS.index(field), start, text.spans[after - 1][2])
        found[where] += [(-points, target) for target, points in gained]
        strongest = max(points for _target, points in gained)
        if where not in why or strongest > why[where][0]:
            why[where] = (strongest, signal.because)
    return tuple(
        Phrase(
            field=FIELDS[order],
            start=start,
            end=end,
            text=given[FIELDS[order]][start:end],
            points_to=tuple(dict.fromkeys(target for _points, target in sorted(found[order, start, end]))),
            because=why[order, start, end][1],
            points=round(why[order, start, end][0], 3),
        )
        for order, start, end in sorted(found)
    )
