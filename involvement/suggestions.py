"""What waits for a place, with what its own words suggest: for the page on which a person confirms many at once.

A suggestion counts for nothing until then. It follows from the words alone (framework.hints), so it is kept in the
cache for an activity's version and the lexicon, one entry an organisation; the phrases are read anew for what is shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode

from django.core.cache import cache
from django.core.paginator import Paginator
from django.urls import reverse
from django.utils.translation import gettext as _

from framework import hints, lexicon, wording
from framework.catalogue import CONTENT, NOT_INVOLVEMENT, catalogue
from framework.hints import Hint, Phrase, hint
from framework.questions import in_words
from involvement.access import Viewer
from involvement.actions.answering import NOTHING, UNPLACED
from involvement.actions.base import today
from involvement.actions.confirming import (
    CHANGED,
    PLACED,
    WITHDRAWN,
    ConfirmedRow,
    groups_of,
    telling,
    words_of,
)
from involvement.models import Activity, ConfirmedBatch, Organisation, Placement, Service
from involvement.needs import still_needed
from involvement.registers import TRUST_WIDE, dates_written, place_title
from involvement.states import with_reading

PAGE_SIZE = 20  # to a page of the confirm page; a last page of ten or fewer joins the one before
READ_AT_ONCE = 300  # activities whose words one request reads; the next reads on
KEPT_SECONDS = 30 * 24 * 3600
CLEAR = 0.7  # below it the page says that the words are less clear
LONG = 600  # letters of a text that are shown before the rest is folded away
WHYS = 3  # phrases that are explained beside an activity
UNSURE, LATER, ALL = "unsure", "later", "all"
LATELY = 5  # batches that the page offers to look at again


@dataclass(frozen=True, slots=True)
class Suggested:
    """One waiting activity: what its words suggest. ``place`` "" when they do not say enough, ``read`` when unread."""

    pk: int
    version: int
    service: int | None
    place: str
    confidence: float
    read: bool = True


@lru_cache(maxsize=1)
def lexicon_mark() -> str:
    """Return a mark that changes whenever the lexicon, the leanings, or how they are read, does."""
    code = (Path(module.__file__) for module in (hints, lexicon, wording))
    read = b"".join(file.read_bytes() for file in (*code, CONTENT / "lexicon.toml", CONTENT / "leanings.toml"))
    return sha256(read).hexdigest()[:16]


def waiting(viewer: Viewer) -> list[Suggested]:
    """Return every activity that waits for a place. Two queries, two more where new words are read.

    At most READ_AT_ONCE activities are read anew; the others come with ``read`` False and are read by later calls.
    """
    organisation = viewer.organisation
    unplaced = with_reading(organisation.activities.listed(), organisation, today()).filter(reading__id=None)
    rows = list(unplaced.order_by("-pk").values_list("pk", "version", "service_id", "service__name"))
    key = f"suggested:{organisation.pk}:{lexicon_mark()}"
    kept: dict[int, tuple[str, str, float]] = cache.get(key) or {}
    stamps = {pk: f"{version}:{name or ''}" for pk, version, _service, name in rows}
    unread = [pk for pk, stamp in stamps.items() if pk not in kept or kept[pk][0] != stamp]
    if unread:
        fresh = _read(organisation, unread[:READ_AT_ONCE])
        kept = {pk: known for pk, known in kept.items() if pk in stamps}
        kept |= {pk: (stamps[pk], found.place or "", found.confidence) for pk, found in fresh.items()}
        cache.set(key, kept, KEPT_SECONDS)
    left = set(unread[READ_AT_ONCE:])
    return [
        Suggested(pk, version, service, "", 0.0, read=False) if pk in left
        else Suggested(pk, version, service, *kept[pk][1:])
        for pk, version, service, _name in rows
    ]  # fmt: skip


def _read(organisation: Organisation, pks: Iterable[int]) -> dict[int, Hint]:
    """Return what the words of these activities say. Two queries."""
    pks = list(pks)
    groups = groups_of(organisation, pks)
    activities = organisation.activities.filter(pk__in=pks).select_related("service")
    return {activity.pk: hint(words_of(activity, groups[activity.pk])) for activity in activities}


@dataclass(frozen=True)
class Asked:
    """What an address asks of the page: ``group`` is a place, UNSURE, LATER, ALL or "" (the largest of them)."""

    group: str = ""
    service: str = ""
    page: int = 1

    def query(self, **changed) -> str:
        """Return the address's query, starting with "?", with ``changed`` put in; "" alone when nothing is asked."""
        said = {"place": self.group, "service": self.service, "page": self.page if self.page > 1 else ""} | changed
        return "?" + urlencode({name: value for name, value in said.items() if value})


def groups() -> tuple[str, ...]:
    """Return the groups in the order of the tabs: the places, not involvement, unsure, later."""
    return (*catalogue().places, NOT_INVOLVEMENT, UNSURE, LATER)


def read_asked(data, services: Mapping[str, Service]) -> Asked:
    """Return what ``data`` (a QueryDict) asks; what cannot be is left out. Nothing that is asked raises."""
    group, service, page = data.get("place", ""), data.get("service", ""), data.get("page", "1")
    return Asked(
        group if group in (*groups(), ALL) else "",
        service if service in (*services, TRUST_WIDE) else "",
        int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 6 and int(page) else 1,
    )


@dataclass(frozen=True)
class Tab:
    """One group of what waits, with its number."""

    slug: str
    title: str
    number: int
    query: str
    current: bool


@dataclass(frozen=True)
class Fragment:
    """A stretch of an activity's own words; ``marked`` when it speaks for the place."""

    text: str
    marked: bool


@dataclass(frozen=True)
class Why:
    """One phrase, what it points to, and why."""

    text: str
    because: str
    points_to: str


@dataclass(frozen=True)
class Way:
    key: str
    title: str
    ticked: bool


@dataclass(frozen=True)
class Ways:
    """The ways of one place, as boxes to tick."""

    place: str
    title: str
    ways: tuple[Way, ...]


@dataclass(frozen=True)
class Row:
    """One waiting activity, ready to print. ``place`` is what is chosen now, "" for nothing, LATER to leave it."""

    pk: int
    version: int
    title: str
    title_words: tuple[Fragment, ...]
    about: str
    texts: tuple[tuple[str, tuple[Fragment, ...], tuple[Fragment, ...]], ...]  # label, shown, folded away
    whys: tuple[Why, ...]
    suggested: str
    suggested_title: str
    less_clear: bool
    could_be: str
    place: str
    ticked: bool
    ways: tuple[Ways, ...]
    error: str = ""

    @property
    def ways_said(self) -> str:
        return ", ".join(way.title for each in self.ways for way in each.ways if way.ticked)


@dataclass(frozen=True)
class Said:
    """What a person set on a row of the form that came in."""

    ticked: bool
    place: str
    ways: tuple[str, ...]
    version: int = 0
    error: str = ""


@dataclass(frozen=True)
class Choice:
    """One of the answers beside an activity, with the key that chooses it."""

    slug: str
    title: str
    digit: str


def choices() -> tuple[Choice, ...]:
    """Return the answers beside an activity: 1 to 4 the places, 5 not involvement, 0 to leave it for later."""
    places = (*catalogue().places, NOT_INVOLVEMENT)
    return (
        *(Choice(slug, place_title(slug), str(number)) for number, slug in enumerate(places, start=1)),
        Choice(LATER, _("Later"), "0"),
    )


@dataclass(frozen=True)
class Group:
    """Rows that stand together under one heading."""

    slug: str
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class ConfirmPage:
    """One page of what waits."""

    asked: Asked
    tabs: tuple[Tab, ...]
    group: str
    groups: tuple[Group, ...]
    listed: int
    waiting: int
    unread: int
    found: int
    number: int
    pages: int
    services: tuple[Service, ...]
    batches: tuple[ConfirmedBatch, ...]
    base: str

    @property
    def placed(self) -> int:
        return self.listed - self.waiting

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(row for group in self.groups for row in group.rows)

    @property
    def next_query(self) -> str:
        return self.asked.query(place=self.group, page=self.number + 1) if self.number < self.pages else ""

    @property
    def previous_query(self) -> str:
        return self.asked.query(place=self.group, page=self.number - 1) if self.number > 1 else ""

    @property
    def here(self) -> str:
        """The query of this very page."""
        return self.asked.query(place=self.group, page=self.number if self.number > 1 else "")


def group_title(slug: str) -> str:
    """Return how the page calls a group: "Users", "Not involvement", "Unsure", "Later", "All"."""
    return {UNSURE: _("Unsure"), LATER: _("Left for later"), ALL: _("All")}.get(slug) or place_title(slug)


def confirm_page(
    viewer: Viewer,
    data,
    *,
    later: Collection[int],
    said: Mapping[int, Said] | None = None,
    all_ticked: bool = False,
    onward: bool = False,
) -> ConfirmPage:
    """Return the page that ``data`` (a QueryDict) asks for; nine queries, whatever waits, two more for new words.

    ``later`` holds the ids that this person left for later. ``said`` maps ids to what came in with a form: then the
    page shows those rows again, as they were set. ``all_ticked`` ticks every row that has a suggestion; ``onward`` goes
    on to another group when the one that was asked for is done.
    """
    organisation = viewer.organisation
    services = list(organisation.services.all())
    by_slug = {service.slug: service for service in services}
    asked = read_asked(data, by_slug)
    everything = waiting(viewer)
    here = [each for each in everything if _of_service(each, asked.service, by_slug)]
    held: dict[str, list[Suggested]] = {slug: [] for slug in groups()}
    for each in here:
        if each.pk in later:
            held[LATER].append(each)
        elif each.read:
            held[each.place or UNSURE].append(each)
    for each in held.values():
        each.sort(key=lambda one: (-one.confidence, -one.pk))
    group = asked.group or _first_group(held)
    if onward and group != ALL and not held[group]:
        group = _first_group(held)
    found = [each for slug in groups() if slug != LATER for each in held[slug]] if group == ALL else held[group]
    sheet = Paginator(found, PAGE_SIZE, orphans=PAGE_SIZE // 2).get_page(asked.page)
    shown = list(sheet)
    if said is not None:
        shown = [each for each in everything if each.pk in said]
        shown.sort(key=lambda each: list(said).index(each.pk))
    rows = _rows(organisation, shown, said or {}, all_ticked=all_ticked)
    current = {each.pk: LATER if group == LATER else each.place or UNSURE for each in shown}
    unread = sum(not each.read for each in here)
    counts = {slug: len(each) for slug, each in held.items()}
    return ConfirmPage(
        asked=asked,
        tabs=_tabs(asked, counts, group),
        group=group,
        groups=tuple(
            Group(slug, group_title(slug), tuple(row for row in rows if current[row.pk] == slug))
            for slug in groups()
            if slug in current.values()
        ),
        listed=organisation.activities.listed().count(),
        waiting=len(everything),
        unread=unread,
        found=len(found),
        number=sheet.number,
        pages=sheet.paginator.num_pages,
        services=tuple(services),
        batches=tuple(
            organisation.confirmed_batches.select_related("recorded_by", "undone_by").order_by("-id")[:LATELY]
        ),
        base=reverse("activity-confirm", args=[organisation.slug]),
    )


def _of_service(each: Suggested, slug: str, services: Mapping[str, Service]) -> bool:
    if slug == TRUST_WIDE:
        return each.service is None
    return not slug or each.service == services[slug].pk


def _first_group(held: Mapping[str, list[Suggested]]) -> str:
    """Return the group to begin with: the largest of those with a suggestion, then unsure, then later."""
    sure = [slug for slug in groups() if slug not in (UNSURE, LATER)]
    first = max(sure, key=lambda slug: len(held[slug]))
    return next((slug for slug in (first, UNSURE, LATER) if held[slug]), first)


def _tabs(asked: Asked, counts: Mapping[str, int], group: str) -> tuple[Tab, ...]:
    numbers = {**counts, ALL: sum(number for slug, number in counts.items() if slug != LATER)}
    return tuple(
        Tab(slug, group_title(slug), number, asked.query(place=slug, page=""), slug == group)
        for slug, number in numbers.items()
        if number or slug == group or slug in catalogue().places
    )


def _rows(
    organisation: Organisation, shown: list[Suggested], said: Mapping[int, Said], *, all_ticked: bool
) -> list[Row]:
    """Return these activities ready to print, in this order. Two queries."""
    pks = [each.pk for each in shown]
    groups = groups_of(organisation, pks)
    activities = organisation.activities.select_related("service").in_bulk(pks)
    rows = []
    for each in shown:
        words = words_of(activities[each.pk], groups[each.pk])
        found = hint(words)
        place = found.place or ""
        fresh = Said(all_ticked and bool(place), place, tuple(found.facets) if place else ())
        rows.append(_row(activities[each.pk], words, found, said.get(each.pk, fresh)))
    return rows


def _row(activity: Activity, words: Mapping[str, str], found: Hint, said: Said) -> Row:
    place = found.place or ""
    phrases = telling(found, place) if place else _of_unsure(found)
    when = dates_written(activity.start_written, activity.end_written, activity.period)
    service = activity.service.name if activity.service else _("Trust-wide")
    labels = {
        "description": "",
        "method": _("How:"),
        "participants": _("Who took part:"),
        "groups": _("Meant for:"),
        "result": _("What came of it:"),
    }
    return Row(
        pk=activity.pk,
        version=activity.version,
        title=activity.title,
        title_words=_fragments("title", words, phrases),
        about=" · ".join(each for each in (service, when) if each),
        texts=tuple(
            (label, *_cut(_fragments(name, words, phrases))) for name, label in labels.items() if words[name].strip()
        ),
        whys=tuple(_why(phrase) for phrase in phrases[:WHYS]),
        suggested=place,
        suggested_title=place_title(place),
        less_clear=bool(place) and found.confidence < CLEAR,
        could_be=_(" or ").join(place_title(each) for each in found.alternatives[:2]),
        place=said.place,
        ticked=said.ticked,
        ways=tuple(_ways(slug, said.ways) for slug in catalogue().places),
        error=said.error,
    )


@dataclass(frozen=True)
class FirstHint:
    """What the words of an activity suggest that is not in the register yet, ready to print.

    ``place`` is its title, "" when the words do not say enough; ``could_be`` then names what they lean to.
    ``words`` are the activity's own that say most.
    """

    place: str
    less_clear: bool
    could_be: str
    words: str


def first_hint(activity: Activity, groups: Iterable[str]) -> FirstHint:
    """Return what the words of ``activity`` suggest; ``groups`` as words_of takes them. Writes and asks nothing."""
    found = hint(words_of(activity, groups))
    place = found.place or ""
    phrases = telling(found, place) if place else _of_unsure(found)
    return FirstHint(
        place=place_title(place),
        less_clear=bool(place) and found.confidence < CLEAR,
        could_be=_(" or ").join(place_title(each) for each in found.alternatives[:2]),
        words=_why(phrases[0]).text if phrases else "",
    )


def _of_unsure(found: Hint) -> list[Phrase]:
    """Return the phrases that speak for the places that come first when the words do not say enough."""
    kept: list[Phrase] = []
    for place in found.alternatives[:2]:
        for each in telling(found, place)[:2]:
            if not any(each.field == one.field and each.start < one.end and one.start < each.end for one in kept):
                kept.append(each)
    return kept


def _why(phrase: Phrase) -> Why:
    places = dict.fromkeys(place_title(target.partition("/")[0]) for target in phrase.points_to)
    return Why(" ".join(phrase.text.split()), phrase.because, _(" and ").join(places))


def _fragments(field: str, words: Mapping[str, str], phrases: list[Phrase]) -> tuple[Fragment, ...]:
    """Return the words of ``field`` in stretches, those of ``phrases`` marked."""
    text, at, found = words[field], 0, []
    for phrase in sorted((each for each in phrases if each.field == field), key=lambda each: each.start):
        found += [Fragment(text[at : phrase.start], False), Fragment(text[phrase.start : phrase.end], True)]
        at = phrase.end
    return tuple(each for each in (*found, Fragment(text[at:], False)) if each.text)


def _cut(fragments: tuple[Fragment, ...]) -> tuple[tuple[Fragment, ...], tuple[Fragment, ...]]:
    """Return the first LONG letters of a text and the rest, cut between two words and never within a mark."""
    length = 0
    for number, each in enumerate(fragments):
        length += len(each.text)
        if length <= LONG:
            continue
        before = LONG - (length - len(each.text))
        at = len(each.text) if each.marked else each.text.find(" ", max(0, before))
        if at < 0 or (at == len(each.text) and number == len(fragments) - 1):
            continue
        head = (*fragments[:number], Fragment(each.text[:at], each.marked))
        tail = tuple(one for one in (Fragment(each.text[at:], each.marked), *fragments[number + 1 :]) if one.text)
        return head, tail
    return fragments, ()


def ways_to_choose(viewer: Viewer, rows: Iterable[ConfirmedRow]) -> list[tuple[int, str, Ways]]:
    """Return (id, title, the ways of its place) of each row that has no way yet and could have one. One query."""
    known = catalogue()
    without = {row.activity: row.place for row in rows if not row.ways and row.place in known.places}
    titles = viewer.organisation.activities.in_bulk(without)
    return [
        (pk, titles[pk].title, _ways(place, ())) for pk, place in without.items() if pk in titles
    ]


def row_names(viewer: Viewer, rows: Iterable[ConfirmedRow]) -> list[tuple[str, tuple[str, ...]]]:
    """Return the titles of what is to be placed, by place in the framework's order. One query."""
    chosen = {row.activity: row.place for row in rows}
    found = viewer.organisation.activities.in_bulk(chosen)
    return [
        (place_title(slug), titles)
        for slug in groups()
        if (titles := tuple(found[pk].title for pk, place in chosen.items() if place == slug and pk in found))
    ]


def _ways(place: str, ticked: Collection[str]) -> Ways:
    facets = catalogue().facets_of(place)
    return Ways(place, place_title(place), tuple(Way(each.key, each.title, each.key in ticked) for each in facets))


# One batch ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Decided:
    """One activity of a batch: where it was placed, on what, and whether that still stands."""

    activity: Activity
    place: str
    place_title: str
    ways: str
    source: str
    stands: bool
    counts: bool  # whether one of its ways has all that it needs to count on the map
    counts_beside: str  # the titles of the places that it counts in, where its own is none of them


@dataclass(frozen=True)
class BatchPage:
    """What one press decided."""

    batch: ConfirmedBatch
    decided: tuple[Decided, ...]
    answers: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    left_out: tuple[tuple[str, tuple[Activity, ...]], ...]

    @property
    def can_undo(self) -> int:
        """How many of its readings an undoing would take back."""
        return 0 if self.batch.undone_at else sum(each.stands for each in self.decided)

    @property
    def has_all(self) -> int:
        """How many have all that they need to count on the map, in one way or more."""
        return sum(each.counts for each in self.decided)

    @property
    def lacks(self) -> int:
        """How many have a place and lack something before they count in a tile."""
        return sum(each.place != NOT_INVOLVEMENT and not each.counts for each in self.decided)

    @property
    def by_place(self) -> tuple[tuple[str, int], ...]:
        """How many were placed where, in the framework's order."""
        titles = [each.place_title for each in sorted(self.decided, key=lambda each: groups().index(each.place))]
        return tuple((title, titles.count(title)) for title in dict.fromkeys(titles))


def batch_page(viewer: Viewer, batch: ConfirmedBatch) -> BatchPage:
    """Return what ``batch`` decided, for its page. Three queries, four when some were left out."""
    organisation, known = viewer.organisation, catalogue()
    readings = list(
        organisation.classifications.filter(batch=batch).select_related("activity").order_by("activity__title", "id")
    )
    ways: dict[int, list[Placement]] = {reading.pk: [] for reading in readings}
    for placement in organisation.placements.filter(classification__in=list(ways)):
        if placement.facet in known.facets:
            ways[placement.classification_id].append(placement)
    left = {pk for pks in batch.left_out.values() for pk in pks}
    others = organisation.activities.in_bulk(left) if left else {}
    return BatchPage(
        batch,
        tuple(
            Decided(
                reading.activity,
                reading.primary_place,
                place_title(reading.primary_place),
                ", ".join(sorted(known.facets[each.facet].title for each in ways[reading.pk])),
                reading.source,
                reading.until is None and reading.void_at is None,
                any(not still_needed(each) for each in ways[reading.pk]),
                _counts_beside(reading.primary_place, ways[reading.pk]),
            )
            for reading in readings
        ),
        tuple(
            (known.places[place].title, in_words(given))
            for place, given in batch.answers.items()
            if place in known.places
        ),
        tuple(
            (str(LEFT_OUT[reason]()), tuple(others[pk] for pk in pks if pk in others))
            for reason, pks in batch.left_out.items()
            if reason in LEFT_OUT
        ),
    )


def _counts_beside(place: str, ways: Iterable[Placement]) -> str:
    counting = {known.place for each in ways if not still_needed(each) for known in [catalogue().facets[each.facet]]}
    return "" if place in counting else ", ".join(place_title(slug) for slug in catalogue().places if slug in counting)


def as_before(viewer: Viewer, batch: ConfirmedBatch) -> dict[int, Said]:
    """Return the activities of an undone ``batch`` that still wait, ticked and set as they were. Three queries."""
    organisation = viewer.organisation
    readings = list(
        organisation.classifications.filter(batch=batch, void_at=batch.undone_at).select_related("activity")
    )
    ways: dict[int, list[str]] = {reading.pk: [] for reading in readings}
    for classification, facet in organisation.placements.filter(classification__in=list(ways)).values_list(
        "classification", "facet"
    ):
        ways[classification].append(facet)
    unplaced = {each.pk for each in waiting(viewer)}
    return {
        reading.activity_id: Said(True, reading.primary_place, tuple(ways[reading.pk]), reading.activity.version)
        for reading in readings
        if batch.undone_at and reading.activity_id in unplaced
    }


LEFT_OUT = {
    NOTHING: lambda: _("Nothing was missing that these answers say. They stay as they are:"),
    UNPLACED: lambda: _("These have no place:"),
    PLACED: lambda: _("Somebody else placed these first. Theirs stands:"),
    CHANGED: lambda: _("Somebody changed the words of these after you opened the page. They still wait:"),
    WITHDRAWN: lambda: _("These were withdrawn:"),
}
