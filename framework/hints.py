"""From the words of an activity to a suggestion: a place, ways to take part, and the phrases that led there, or none.

What words can mean is data (framework.lexicon); this module weighs what one activity says. It knows no place and no
phrase by itself, learns nothing, and needs the standard library only.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from framework.catalogue import NOT_INVOLVEMENT
from framework.lexicon import ANSWERS, FACETS, FIELDS, Lexicon, Pattern, Points, Scale, Signal, lexicon
from framework.wording import Text

_SHORT = 4  # letters below which a leaning word is shown only if there is no other
_SHOWN = 3  # leaning words that are shown of one activity


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


def hint(given: Mapping[str, str], lex: Lexicon | None = None) -> Hint:
    """Return what the words of one activity point to, by ``lex`` or by the lexicon of the content.

    ``given`` has any of the keys in FIELDS, each a text; what is missing counts as "". Pure and deterministic; time
    grows linearly with the length of the texts. The same words always give the same answer.
    """
    lex = lex or lexicon()
    text = Text(given, lex)
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
    text = Text(given, lexicon())
    return {root: text.bare[number] for root, number in text.roots().items()}


def _strongest(signal: Signal, text: Text, scale: Scale) -> tuple[float, int, int] | None:
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
        text = Text(given, lex)
        for signal in lex.signals:
            for number, (pattern, mask) in enumerate(zip(signal.patterns, signal.masks, strict=True)):
                times[signal.slug, number] += mask & text.mask == mask and _says(text, signal, pattern)
    return times


def _says(text: Text, signal: Signal, pattern: Pattern) -> bool:
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
    text: Text,
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
    text: Text,
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
    lex: Lexicon, text: Text, seen: Mapping[str, tuple[float, int, int]], given: Mapping[str, str]
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
