"""The theory's content, loaded once from content/*.toml into frozen dataclasses and checked as it loads.

Standard library only, and no organisation: what is here is true for everyone. The words are ours; the ideas are those
of Malby (2015) and the literature she and we cite (content/sources.toml). A mistake in a content file (a slug nobody
knows, a doubled entry, a claim without a source, a way too many or too few) is a ContentError that names the file and
the entry, so that a patient leader who corrects a sentence learns at once what went wrong.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

CONTENT = Path(__file__).parent / "content"
LANGUAGE = "en"
NOT_INVOLVEMENT = "not-involvement"

SHAPE = {
    "owners": ("strategy", "priorities", "reviewing-impact"),
    "users": ("whole-journey", "quality", "access", "experience", "own-care", "reviewing-impact"),
    "choosers": ("provider", "treatment", "information", "help-to-choose", "respect"),
    "coproducers": ("co-decide", "co-design", "co-deliver", "co-evaluate"),
}
"""The four places and their eighteen facets, in the framework's order: content may change words, never these slugs."""

PARTS = ("none", "told", "asked", "equal", "lead", "not-recorded")
STATUSES = ("in-place", "unproven", "planned", "not-needed", "lapsed", "missing", "none-recorded")
POWERS = ("to-people", "nowhere", "work-only")
NATIONS = ("england", "scotland", "wales", "northern-ireland")
KINDS = ("trust", "foundation-trust", "icb", "health-board", "practice", "other")
STANDINGS = ("law", "standard", "moving")
SUPPORTS = ("payment", "expenses", "access", "carers", "languages")


class ContentError(ValueError):
    """A content file says something that cannot be right. The message names the file and the entry."""


@dataclass(frozen=True)
class Source:
    """A work that the content rests on; ``cite`` is its short name.

    ``checked`` is "seen", "summary" (only that was seen), "named" (cited by one that was seen) or "own".
    """

    key: str
    cite: str
    author: str
    title: str
    where: str
    checked: str
    note: str
    year: int | None = None
    url: str = ""


@dataclass(frozen=True)
class Relationship:
    """Voice, choice or coproduction."""

    slug: str
    title: str
    meaning: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class ChecklistItem:
    """One kind of activity to look for before saying that the list is complete for a place."""

    slug: str
    title: str


@dataclass(frozen=True)
class Place:
    """One of the four places in which citizens take part. ``elsewhere`` is what others do, as short phrases."""

    slug: str
    relationship: str
    title: str
    as_title: str
    line: str
    purpose: str
    holds: str
    individual_or_collective: str
    empowers: str
    disempowers: str
    proof: str
    empty: str
    power_order: int
    checklist: tuple[ChecklistItem, ...]
    elsewhere: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Facet:
    """A way to take part within a place. ``key`` is "place/slug"; ``order`` runs from 0 to 17 over all places."""

    key: str
    slug: str
    place: str
    title: str
    meaning: str
    absent: str
    gap: str
    elsewhere: tuple[str, ...]
    order: int
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Mechanism:
    """What an activity rests on; its note is true as at ``as_at`` and is looked at again by ``review_by``."""

    slug: str
    title: str
    note: str
    as_at: date
    review_by: date
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Status:
    """What a tile of the map can say: a word and a sign, so that colour is never alone."""

    slug: str
    title: str
    sign: str
    meaning: str


@dataclass(frozen=True)
class ContestedKind:
    """A kind of activity on which people who know the field disagree.

    ``case_for`` pairs a place (or not-involvement) with the argument for it; ``rule`` is what the map does unless an
    organisation states another way of counting it.
    """

    slug: str
    title: str
    why: str
    case_for: tuple[tuple[str, str], ...]
    rule: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """A worked case: a typical activity, where it belongs, and why.

    ``contested`` lists the other places that are argued for; ``contested_kind`` names the dispute or doubt, "" if none.
    """

    slug: str
    title: str
    place: str
    facets: tuple[str, ...]
    contested: tuple[str, ...]
    why: str
    note: str
    contested_kind: str
    sources: tuple[str, ...]

    @property
    def is_contested(self) -> bool:
        """Return whether people who know the field would argue about this case."""
        return bool(self.contested or self.contested_kind)


@dataclass(frozen=True)
class Mixup:
    """A typical wrong reading: ``called`` what it is named, ``really`` what it is, ``why``, and the place or ""."""

    slug: str
    called: str
    really: str
    why: str
    place: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Grade:
    """How strong the proof is: 0 nothing, 1 our word, 2 a document, 3 people confirm."""

    number: int
    title: str
    meaning: str


@dataclass(frozen=True)
class Fact:
    """A dated fact on ``topic``: a place slug or "law" (not legal advice). By ``review_by`` someone must look again."""

    slug: str
    topic: str
    text: str
    as_at: date
    review_by: date | None
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Note:
    """A passage for the framework pages: a title and its paragraphs."""

    slug: str
    title: str
    paragraphs: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Signpost:
    """A question that tells the places apart, with the answer that points to ``place`` (or not-involvement)."""

    question: str
    answer: str
    place: str


@dataclass(frozen=True)
class Crosswalk:
    """Another framework, what it is about, and a tag for each place. Tags, never conversions."""

    slug: str
    title: str
    measures: str
    tags: dict[str, str]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Duty:
    """What the law or a standard asks of bodies of some ``kinds`` in a ``nation``, in our own words. Not legal advice.

    ``standing`` is "law", "standard" or "moving"; ``bears_on`` the places (slugs) and ways (keys) that it is about. It
    was looked at on ``as_at`` and must be looked at again by ``review_by``.
    """

    slug: str
    title: str
    duty: str
    citation: str
    nation: str
    kinds: tuple[str, ...]
    standing: str
    bears_on: tuple[str, ...]
    as_at: date
    review_by: date
    sources: tuple[str, ...]

    @property
    def nation_title(self) -> str:
        """Return the nation's name: "Northern Ireland"."""
        return self.nation.replace("-", " ").title()


@dataclass(frozen=True)
class Catalogue:
    """Everything the framework says, in the framework's order."""

    version: str
    relationships: dict[str, Relationship]
    places: dict[str, Place]
    facets: dict[str, Facet]
    groups: dict[str, str]
    supports: dict[str, str]
    powers: dict[str, str]
    parts: dict[str, str]
    methods: tuple[str, ...]
    mechanisms: dict[str, Mechanism]
    statuses: dict[str, Status]
    contested_kinds: dict[str, ContestedKind]
    cases: tuple[Case, ...]
    mixups: tuple[Mixup, ...]
    grades: tuple[Grade, ...]
    facts: tuple[Fact, ...]
    notes: dict[str, Note]
    signposts: tuple[Signpost, ...]
    crosswalks: tuple[Crosswalk, ...]
    duties: tuple[Duty, ...]
    sources: dict[str, Source]

    def facets_of(self, place: str) -> tuple[Facet, ...]:
        """Return the facets of ``place`` in order; KeyError when there is no such place."""
        if place not in self.places:
            raise KeyError(place)
        return tuple(facet for facet in self.facets.values() if facet.place == place)

    def facts_on(self, topic: str) -> tuple[Fact, ...]:
        """Return the facts on ``topic``: a place slug or "law"."""
        return tuple(fact for fact in self.facts if fact.topic == topic)

    def duties_of(self, nation: str, kind: str) -> tuple[Duty, ...]:
        """Return the duties and standards of a body of this ``kind`` in this ``nation``."""
        return tuple(duty for duty in self.duties if duty.nation == nation and kind in duty.kinds)

    def cases_of(self, place: str) -> tuple[Case, ...]:
        """Return the worked cases whose primary place is ``place`` (a place slug or not-involvement)."""
        return tuple(case for case in self.cases if case.place == place)


def read_content(name: str, directory: Path = CONTENT) -> dict:
    """Return the file ``name``.toml of the content as a dict; {} when there is no such file.

    Raises ContentError, naming the file, when it is not TOML.
    """
    path = directory / f"{name}.toml"
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as wrong:
        raise ContentError(f"{path.name}: {wrong}") from wrong


def words(entry: dict, key: str, where: str, *, required: bool = True):
    """Return the words of ``entry[key]`` in the language of the page ("title.en" in the file).

    Raises ContentError naming ``where`` when they are required and missing or blank.
    """
    value = entry.get(key)
    value = value.get(LANGUAGE) if isinstance(value, dict) else None
    if value:
        return value
    if required:
        raise ContentError(f"{where}: “{key}.{LANGUAGE}” is missing")
    return ""


def once(slugs: Iterable[str], where: str) -> None:
    """Raise ContentError when a slug stands twice."""
    doubled = [slug for slug, times in Counter(slugs).items() if times > 1]
    if doubled:
        raise ContentError(f"{where}: “{doubled[0]}” stands twice")


def _known(slugs: Iterable[str], known, where: str) -> tuple[str, ...]:
    """Return ``slugs`` as a tuple; ContentError names the first that is not in ``known`` or stands twice."""
    slugs = tuple(slugs)
    once(slugs, where)
    for slug in slugs:
        if slug not in known:
            raise ContentError(f"{where}: “{slug}” is not known")
    return slugs


def _exactly(found: Iterable[str], wanted: Iterable[str], where: str) -> None:
    """Raise ContentError unless ``found`` is ``wanted``, in that order."""
    found, wanted = tuple(found), tuple(wanted)
    if found != wanted:
        raise ContentError(f"{where}: expected {', '.join(wanted)}; found {', '.join(found) or 'nothing'}")


def _cited(entry: dict, sources: dict, where: str) -> tuple[str, ...]:
    """Return the source keys of ``entry``; ContentError when it has none or one is not in sources.toml."""
    keys = entry.get("sources") or ()
    if not keys:
        raise ContentError(f"{where}: a source is missing")
    return _known(keys, sources, f"{where}, sources")


def _need(entry: dict, key: str, where: str):
    """Return ``entry[key]`` as it stands; ContentError when it is missing."""
    if key not in entry:
        raise ContentError(f"{where}: “{key}” is missing")
    return entry[key]


def _sources(raw: dict) -> dict[str, Source]:
    sources = {}
    for key, entry in raw.get("sources", {}).items():
        where = f"sources.toml, {key}"
        checked = _need(entry, "checked", where)
        if checked not in ("seen", "summary", "named", "own"):
            raise ContentError(f"{where}: checked is “{checked}”, not seen, summary, named or own")
        sources[key] = Source(
            key,
            *(_need(entry, field, where) for field in ("cite", "author", "title", "where")),
            checked,
            words(entry, "note", where),
            entry.get("year"),
            entry.get("url", ""),
        )
    return sources


def _relationships(raw: dict, sources: dict) -> dict[str, Relationship]:
    entries = raw.get("relationships", {})
    _exactly(entries, ("voice", "choice", "coproduction"), "places.toml, relationships")
    built = {}
    for slug, entry in entries.items():
        where = f"places.toml, {slug}"
        built[slug] = Relationship(
            slug, words(entry, "title", where), words(entry, "meaning", where), _cited(entry, sources, where)
        )
    return built


def _place(slug: str, entry: dict, relationships: dict, sources: dict, others: Callable) -> Place:
    where = f"places.toml, {slug}"
    (relationship,) = _known([_need(entry, "relationship", where)], relationships, where)
    items = entry.get("checklist", [])
    once((_need(item, "slug", f"{where}, checklist") for item in items), f"{where}, checklist")
    if not items:
        raise ContentError(f"{where}: the checklist is missing")
    texts = ("title", "as_title", "line", "purpose", "holds", "individual_or_collective")
    texts += ("empowers", "disempowers", "proof", "empty")
    return Place(
        slug=slug,
        relationship=relationship,
        **{text: words(entry, text, where) for text in texts},
        power_order=_need(entry, "power_order", where),
        checklist=tuple(
            ChecklistItem(item["slug"], words(item, "title", f"{where}, {item['slug']}")) for item in items
        ),
        elsewhere=others(entry, where),
        sources=_cited(entry, sources, where),
    )


def _facets(raw: dict, sources: dict, others: Callable) -> dict[str, Facet]:
    facets = {}
    for place, wanted in SHAPE.items():
        entries = raw["places"][place].get("facets", [])
        _exactly(
            (_need(entry, "slug", f"places.toml, {place}") for entry in entries),
            wanted,
            f"places.toml, {place}, facets",
        )
        for entry in entries:
            key = f"{place}/{entry['slug']}"
            where = f"places.toml, {key}"
            facets[key] = Facet(
                key=key,
                slug=entry["slug"],
                place=place,
                **{text: words(entry, text, where) for text in ("title", "meaning", "absent", "gap")},
                elsewhere=others(entry, where),
                order=len(facets),
                sources=_cited(entry, sources, where),
            )
    return facets


def _titles(raw: dict, name: str, wanted: Iterable[str] | None = None) -> dict[str, str]:
    entries = raw.get(name, {})
    if wanted is not None:
        _exactly(entries, wanted, f"groups.toml, {name}")
    return {slug: words({"title": entry}, "title", f"groups.toml, {slug}") for slug, entry in entries.items()}


def _mechanisms(raw: dict, sources: dict) -> dict[str, Mechanism]:
    built = {}
    for slug, entry in raw.get("mechanisms", {}).items():
        where = f"mechanisms.toml, {slug}"
        built[slug] = Mechanism(
            slug,
            words(entry, "title", where),
            words(entry, "note", where),
            _need(entry, "as_at", where),
            _need(entry, "review_by", where),
            _cited(entry, sources, where),
        )
    return built


def _statuses(raw: dict) -> dict[str, Status]:
    entries = raw.get("statuses", {})
    _exactly(entries, STATUSES, "statuses.toml")
    statuses = {}
    for slug, entry in entries.items():
        where = f"statuses.toml, {slug}"
        statuses[slug] = Status(
            slug, words(entry, "title", where), _need(entry, "sign", where), words(entry, "meaning", where)
        )
    once((status.sign for status in statuses.values()), "statuses.toml, signs")
    return statuses


def _contested(raw: dict, sources: dict, answers: tuple[str, ...]) -> dict[str, ContestedKind]:
    built = {}
    for slug, entry in raw.get("contested", {}).items():
        where = f"contested.toml, {slug}"
        sides = entry.get("case_for", {})
        _known(sides, answers, where)
        if len(sides) < 2:
            raise ContentError(f"{where}: a dispute needs two sides")
        built[slug] = ContestedKind(
            slug=slug,
            **{text: words(entry, text, where) for text in ("title", "why", "rule")},
            case_for=tuple((place, words(sides, place, where)) for place in sides),
            sources=_cited(entry, sources, where),
        )
    return built


def _cases(raw: dict, facets: dict, kinds: dict, sources: dict, answers: tuple[str, ...]) -> tuple[Case, ...]:
    entries = raw.get("cases", {})
    cases = []
    for slug, entry in entries.items():
        where = f"cases.toml, {slug}"
        (place,) = _known([_need(entry, "place", where)], answers, where)
        kind = entry.get("contested_kind", "")
        if kind:
            _known([kind], kinds, where)
        named = _known(entry.get("facets", ()), facets, where)
        if bool(named) == (place == NOT_INVOLVEMENT):
            raise ContentError(f"{where}: a case has ways to take part unless it is not involvement")
        if named and not any(key.startswith(f"{place}/") for key in named):
            raise ContentError(f"{where}: none of its ways belongs to “{place}”")
        contested = _known(entry.get("contested", ()), answers, where)
        if place in contested:
            raise ContentError(f"{where}: “{place}” cannot be both the place and the other view")
        cases.append(
            Case(
                slug=slug,
                title=words(entry, "title", where),
                place=place,
                facets=named,
                contested=contested,
                why=words(entry, "why", where),
                note=words(entry, "note", where, required=False),
                contested_kind=kind,
                sources=_cited({"sources": entry.get("sources", raw.get("sources"))}, sources, where),
            )
        )
    return tuple(cases)


def _mixups(raw: dict, sources: dict, answers: tuple[str, ...]) -> tuple[Mixup, ...]:
    built = []
    for slug, entry in raw.get("mixups", {}).items():
        where = f"cases.toml, mixup {slug}"
        place = entry.get("place", "")
        if place:
            _known([place], answers, where)
        texts = (words(entry, text, where) for text in ("called", "really", "why"))
        built.append(
            Mixup(slug, *texts, place, _cited({"sources": entry.get("sources", raw.get("sources"))}, sources, where))
        )
    return tuple(built)


def _grades(raw: dict) -> tuple[Grade, ...]:
    entries = raw.get("grades", [])
    _exactly((str(entry.get("number")) for entry in entries), ("0", "1", "2", "3"), "notes.toml, grades")
    return tuple(
        Grade(
            entry["number"],
            words(entry, "title", f"notes.toml, grade {entry['number']}"),
            words(entry, "meaning", f"notes.toml, grade {entry['number']}"),
        )
        for entry in entries
    )


def _facts(raw: dict, sources: dict) -> tuple[Fact, ...]:
    facts = []
    for slug, entry in raw.get("facts", {}).items():
        where = f"facts.toml, {slug}"
        _known([_need(entry, "topic", where)], (*SHAPE, "law"), where)
        facts.append(
            Fact(
                slug,
                entry["topic"],
                words(entry, "text", where),
                _need(entry, "as_at", where),
                entry.get("review_by"),
                _cited(entry, sources, where),
            )
        )
        if entry["topic"] == "law" and not entry.get("review_by"):
            raise ContentError(f"{where}: law needs a “review_by” date")
    return tuple(facts)


def _notes(raw: dict, sources: dict) -> dict[str, Note]:
    return {
        slug: Note(
            slug,
            words(entry, "title", f"notes.toml, {slug}"),
            tuple(words(entry, "paragraphs", f"notes.toml, {slug}")),
            _cited(entry, sources, f"notes.toml, {slug}"),
        )
        for slug, entry in raw.get("notes", {}).items()
    }


def _signposts(raw: dict, answers: tuple[str, ...]) -> tuple[Signpost, ...]:
    built = []
    for number, entry in enumerate(raw.get("signposts", []), start=1):
        where = f"notes.toml, signpost {number}"
        (place,) = _known([_need(entry, "place", where)], answers, where)
        built.append(Signpost(words(entry, "question", where), words(entry, "answer", where), place))
    return tuple(built)


def _crosswalks(raw: dict, sources: dict) -> tuple[Crosswalk, ...]:
    built = []
    for slug, entry in raw.get("crosswalks", {}).items():
        where = f"crosswalks.toml, {slug}"
        tags = {place: words(entry.get("tags", {}), place, where) for place in SHAPE}
        title, measures = words(entry, "title", where), words(entry, "measures", where)
        built.append(Crosswalk(slug, title, measures, tags, _cited(entry, sources, where)))
    return tuple(built)


def _duties(raw: dict, sources: dict) -> tuple[Duty, ...]:
    cells = (*SHAPE, *(f"{place}/{way}" for place, ways in SHAPE.items() for way in ways))
    built = []
    for slug, entry in raw.get("duties", {}).items():
        where = f"law.toml, {slug}"
        as_at, review_by = _need(entry, "as_at", where), _need(entry, "review_by", where)
        if not as_at < review_by:
            raise ContentError(f"{where}: “review_by” is not after “as_at”")
        (nation,) = _known([_need(entry, "nation", where)], NATIONS, f"{where}, nation")
        (standing,) = _known([_need(entry, "standing", where)], STANDINGS, f"{where}, standing")
        kinds = _known(_need(entry, "kinds", where), KINDS, f"{where}, kinds")
        bears_on = _known(_need(entry, "bears_on", where), cells, f"{where}, bears_on")
        if not kinds or not bears_on:
            raise ContentError(f"{where}: “kinds” or “bears_on” is empty")
        built.append(
            Duty(
                slug, words(entry, "title", where), words(entry, "duty", where), _need(entry, "citation", where),
                nation, kinds, standing, bears_on, as_at, review_by, _cited(entry, sources, where),
            )  # fmt: skip
        )
    return tuple(built)


def load(directory: Path = CONTENT) -> Catalogue:
    """Return the catalogue read from the TOML files in ``directory``; ContentError when a file cannot be right."""
    raw = read_content("places", directory)
    groups = read_content("groups", directory)
    notes = read_content("notes", directory)
    told = read_content("cases", directory)
    _exactly(raw.get("places", {}), SHAPE, "places.toml, places")
    answers = (*SHAPE, NOT_INVOLVEMENT)
    sources = _sources(read_content("sources", directory))
    relationships = _relationships(raw, sources)
    keys = {f"{place}/{slug}" for place, slugs in SHAPE.items() for slug in slugs}
    kinds = _contested(read_content("contested", directory), sources, answers)
    cases = _cases(told, keys, kinds, sources, answers)
    titles = {case.slug: case.title for case in cases}

    def others(entry: dict, where: str) -> tuple[str, ...]:
        """Return the titles of the cases that ``entry`` offers as what others do."""
        return tuple(titles[slug] for slug in _known(entry.get("elsewhere", ()), titles, f"{where}, elsewhere"))

    places = {slug: _place(slug, entry, relationships, sources, others) for slug, entry in raw["places"].items()}
    if sorted(place.power_order for place in places.values()) != [0, 1, 2, 3]:
        raise ContentError("places.toml: power_order must be 0, 1, 2 and 3, each once")
    return Catalogue(
        version=_need(raw, "version", "places.toml"),
        relationships=relationships,
        places=places,
        facets=_facets(raw, sources, others),
        groups=_titles(groups, "groups"),
        supports=_titles(groups, "supports", SUPPORTS),
        powers=_titles(groups, "powers", POWERS),
        parts=_titles(groups, "parts", PARTS),
        methods=tuple(words(read_content("methods", directory), "methods", "methods.toml")),
        mechanisms=_mechanisms(read_content("mechanisms", directory), sources),
        statuses=_statuses(read_content("statuses", directory)),
        contested_kinds=kinds,
        cases=cases,
        mixups=_mixups(told, sources, answers),
        grades=_grades(notes),
        facts=_facts(read_content("facts", directory), sources),
        notes=_notes(notes, sources),
        signposts=_signposts(notes, answers),
        crosswalks=_crosswalks(read_content("crosswalks", directory), sources),
        duties=_duties(read_content("law", directory), sources),
        sources=sources,
    )


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """Return the catalogue, loaded and checked once in the life of the process."""
    return load()
