"""The read side of the register: the list with its filters. One activity is in particulars.py."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from operator import or_
from urllib.parse import urlencode

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from framework.catalogue import NOT_INVOLVEMENT, catalogue
from framework.coverage import COUNTS, Need
from involvement.access import Viewer
from involvement.actions.base import today
from involvement.dates import read_date
from involvement.models import (
    Activity,
    Organisation,
    Placement,
    Service,
)
from involvement.needs import open_of, unsaid_words
from involvement.states import STATE_CLASSES, STATE_MEANINGS, STATE_TITLES, State, with_reading, with_state

PAGE_SIZE = 50
COUNT_CAP = 10_000  # beyond it the page says "more than"
TRUST_WIDE = "trust-wide"
UNCLASSIFIED = "unclassified"
WITHDRAWN = "withdrawn"
LACKING = "lacking"  # placed, and no way of it has all that its place needs
EARLIEST = date(1948, 7, 5)  # the first day of the NHS: nobody asks for an earlier map


PART_ASKED = tuple(key for key, facet in catalogue().facets.items() if COUNTS[facet.place].parts)
SORTS = ("title", "start", "place", "updated")


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to: ``service`` is "", TRUST_WIDE or a slug; ``sort`` "" or one of SORTS, "-" first."""

    as_at: date
    q: str = ""
    place: str = ""
    facet: str = ""
    service: str = ""
    group: str = ""
    status: str = ""
    sort: str = ""
    page: int = 1

    @property
    def narrowing(self) -> dict[str, str]:
        """Return the filters that leave anything out, by their name in the address."""
        names = ("q", "place", "facet", "service", "group", "status")
        return {name: getattr(self, name) for name in names if getattr(self, name)}

    @property
    def download(self) -> str:
        """Return the query of the whole list, all its pages, "" when it is not narrowed."""
        query = self.query(page="")
        return query if query != "?" else ""

    def query(self, **changed) -> str:
        """Return the address's query, starting with "?", with ``changed`` filters put in ("" leaves one out)."""
        said = {**self.narrowing, "as_at": self.as_at.isoformat() if self.as_at != today() else "", "sort": self.sort}
        said |= {"page": self.page if self.page > 1 else ""} | changed
        return "?" + urlencode({name: value for name, value in said.items() if value})


def read_filters(data, services: dict[str, Service]) -> tuple[Filters, list[str]]:
    """Return what an address asks of the list, and a sentence for each part of it that had to be put right.

    ``data`` is a QueryDict, ``services`` the organisation's by slug. Nothing that is asked raises.
    """
    known = catalogue()
    corrected: list[str] = []

    def one_of(name: str, allowed, said) -> str:
        value = data.get(name, "").replace("\x00", "").strip()
        if not value or value in allowed:
            return value
        corrected.append(said % {"value": value[:60]})
        return ""

    place = one_of("place", (*known.places, NOT_INVOLVEMENT, UNCLASSIFIED), _("There is no place “%(value)s”."))
    facet = _facet_key(data.get("facet", "").strip(), place)
    if facet and facet not in known.facets:
        corrected.append(_("There is no way to take part “%(value)s”.") % {"value": data.get("facet", "")[:60]})
        facet = ""
    if facet and place and place != known.facets[facet].place:
        corrected.append(_("That way to take part belongs to another place, so the place is put right."))
    filters = Filters(
        as_at=_read_day(data.get("as_at", ""), corrected),
        q=" ".join(data.get("q", "").replace("\x00", "").split())[:200],
        place=known.facets[facet].place if facet else place,
        facet=facet,
        service=one_of("service", (*services, TRUST_WIDE), _("There is no service “%(value)s” in this organisation.")),
        group=one_of("group", known.groups, _("There is no group “%(value)s”.")),
        status=one_of("status", (*State, *known.statuses, WITHDRAWN, LACKING), _("There is no status “%(value)s”.")),
        sort=one_of("sort", (*SORTS, *(f"-{name}" for name in SORTS)), _("The list cannot be sorted by “%(value)s”.")),
    )
    page = data.get("page", "1").strip() or "1"
    if not (page.isascii() and page.isdigit() and 1 <= int(page[:9]) and len(page) < 8):
        corrected.append(_("There is no page “%(value)s”.") % {"value": page[:60]})
        page = "1"
    return replace(filters, page=int(page)), corrected


def _facet_key(facet: str, place: str) -> str:
    """Return "owners/strategy" for that, or for "strategy" beside the place "owners"."""
    return f"{place}/{facet}" if facet and place and "/" not in facet else facet


def _read_day(words: str, corrected: list[str]) -> date:
    """Return the day that ``words`` name; today, and a sentence more in ``corrected``, when that cannot be."""
    words = words.strip()
    if not words:
        return today()
    reading = read_date(words)
    if reading is None or reading.earliest != reading.latest or reading.earliest < EARLIEST:
        corrected.append(
            _("We could not read the day “%(value)s”, so this is the list of today.") % {"value": words[:60]}
        )
        return today()
    if reading.earliest > today():
        corrected.append(_("That day is still to come, so this is the list of today."))
        return today()
    return reading.earliest


def activities_in_list(viewer: Viewer, filters: Filters, services: dict[str, Service]) -> QuerySet[Activity]:
    """Return the activities that the list shows, unsorted."""
    organisation, as_at = viewer.organisation, filters.as_at
    activities = organisation.activities.all()
    if filters.status == WITHDRAWN:
        activities = activities.exclude(withdrawn_on=None)
    else:
        activities = activities.listed()
    if filters.q:
        activities = activities.matching(filters.q, organisation)
    if filters.service == TRUST_WIDE:
        activities = activities.filter(service=None)
    elif filters.service:
        activities = _of_service(activities, organisation, services[filters.service])
    if filters.group:
        named = organisation.activity_groups.filter(activity=OuterRef("pk"), group=filters.group)
        activities = activities.filter(Exists(named))
    if filters.status in list(State):
        activities = with_state(activities, organisation, as_at).filter(state=filters.status)
    if filters.place or filters.status == LACKING:
        activities = activities.exclude(pk__in=viewer.hidden)  # what is found by its place would tell the place
    if filters.place or filters.sort.endswith("place") or filters.status == LACKING:
        activities = with_reading(activities, organisation, as_at)
    if filters.status == LACKING:
        activities = activities.filter(reading__primary_place__in=list(COUNTS)).exclude(_has_all(organisation, as_at))
    if filters.facet:
        placed = organisation.placements.filter(classification=OuterRef("reading__id"), facet=filters.facet)
        activities = activities.filter(Exists(placed))
    elif filters.place == UNCLASSIFIED:
        activities = activities.filter(reading__id=None)
    elif filters.place:
        activities = activities.filter(reading__primary_place=filters.place)
    return activities


def lacking(viewer: Viewer, as_at: date) -> QuerySet[Activity]:
    """Return what has a place as at a day, and in no way all that its place needs."""
    return activities_in_list(viewer, Filters(as_at, status=LACKING), {})


def counting(found: QuerySet[Activity], filters: Filters, organisation: Organisation) -> QuerySet[Activity]:
    """Keep what counts behind the tile of ``filters.facet``: live, and placed there with all that the place needs.

    A stage of coproduction is live while any activity of its piece of work is. A test holds this to maps.build_map.
    """
    need = COUNTS[catalogue().facets[filters.facet].place]
    placed = organisation.placements.filter(classification=OuterRef("reading__id"), facet=filters.facet)
    placed = _with_all(placed, need, filters.as_at)
    live = Q(state=State.LIVE)
    if need.group:
        same_work = organisation.activities.listed().filter(piece=OuterRef("piece"))
        live |= Q(state=State.LAPSED) & Exists(with_state(same_work, organisation, filters.as_at).filter(live))
    if filters.group:
        reached = organisation.activity_groups.filter(activity=OuterRef("pk"), group=filters.group)
        found = found.filter(Exists(reached.filter(Q(reach__gt=0) | ~Q(support=""))))
    return with_state(found, organisation, filters.as_at).filter(live, Exists(placed))


def _with_all(placed: QuerySet[Placement], need: Need, as_at: date) -> QuerySet[Placement]:
    """Keep the placements of one place that have all that ``need`` asks, as at a day."""
    if need.parts:
        placed = placed.filter(part__in=need.parts)
    if need.route:
        placed = placed.exclude(question="").exclude(decider="").filter(received_on__lte=as_at)
    if need.heard:
        placed = placed.filter(heard=True)
    if need.options:
        placed = placed.filter(options__gte=need.options, free_to_refuse=True)
    return placed.filter(as_group=True) if need.group else placed


def _has_all(organisation: Organisation, as_at: date) -> Q:
    """Return the condition that some way of an activity, wherever it is placed, has all that its place needs."""
    placed = organisation.placements.filter(classification=OuterRef("reading__id"))
    found = Q()
    for place, need in COUNTS.items():
        ways = [key for key, facet in catalogue().facets.items() if facet.place == place]
        found |= Q(Exists(_with_all(placed.filter(facet__in=ways), need, as_at)))
    return found


def _of_service(activities: QuerySet[Activity], organisation: Organisation, service: Service) -> QuerySet[Activity]:
    """Keep what belongs to the service, and what is trust-wide and names it."""
    naming = organisation.activity_services.filter(activity=OuterRef("pk"), service=service)
    return activities.filter(Q(service=service) | Q(service=None) & Exists(naming))


def in_order(activities: QuerySet[Activity], filters: Filters, viewer: Viewer) -> QuerySet[Activity]:
    """Sort as asked; newest entry first when nothing is asked. What the viewer does not know comes last either way."""
    key, down = filters.sort.removeprefix("-"), filters.sort.startswith("-")
    if not key:
        return activities.order_by("-pk")
    if key == "updated":
        histories = Activity.history.model.objects.filter(organisation=viewer.organisation, id=OuterRef("pk"))
        by = Subquery(histories.order_by("-history_id").values("history_id")[:1])
        down = not down  # the newest first, unless asked otherwise
    elif key == "place":
        places = [*catalogue().places, NOT_INVOLVEMENT]
        hidden = When(pk__in=viewer.hidden, then=None)
        by = Case(
            hidden, *(When(reading__primary_place=place, then=Value(n)) for n, place in enumerate(places)), default=None
        )
    else:
        by = F({"title": "title", "start": "started_on"}[key])
    return activities.annotate(sorted_by=by).order_by(
        F("sorted_by").desc(nulls_last=True) if down else F("sorted_by").asc(nulls_last=True), "-pk"
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the list, ready to print."""

    href: str
    title: str
    reference: str
    service: str
    dates: str
    place: str  # slug; "" when unclassified
    place_title: str
    state: str
    state_title: str
    state_class: str
    state_sign: str
    contested: bool
    not_recorded: bool
    withdrawn: bool
    counts: bool
    pk: int
    lacks: str  # in the list of those that lack something: what nobody has said of it
    hidden: bool  # the viewer is to review it blind: what is said of it is left out


@dataclass(frozen=True)
class ActivityPage:
    """One page of the list with what its filter bar offers."""

    filters: Filters
    corrected: list[str]
    rows: list[Row]
    total: int
    services: list[Service]
    any_listed: bool
    base: str
    counting: int

    @property
    def is_today(self) -> bool:
        return self.filters.as_at == today()

    @property
    def more_open(self) -> bool:
        """Whether one of the filters behind "more" is in use."""
        return bool(self.filters.facet or self.filters.group) or not self.is_today

    @property
    def place_choices(self) -> list[tuple[str, str]]:
        places = [(slug, place.title) for slug, place in catalogue().places.items()]
        return [*places, *((slug, str(title)) for slug, title in PLACE_TITLES.items())]

    @property
    def facet_choices(self) -> list[tuple[str, list[tuple[str, str]]]]:
        known = catalogue()
        return [
            (place.as_title, [(facet.key, facet.title) for facet in known.facets_of(slug)])
            for slug, place in known.places.items()
        ]

    @property
    def group_choices(self):
        return catalogue().groups.items()

    @property
    def status_choices(self) -> list[tuple[str, str]]:
        return [(status, status_title(status)) for status in (*State, LACKING, WITHDRAWN)]

    @property
    def states(self) -> list[dict]:
        """Return the four states with sign and meaning, for the key under the list."""
        return [
            {
                "title": STATE_TITLES[s],
                "meaning": STATE_MEANINGS[s],
                "css": STATE_CLASSES[s][0],
                "sign": STATE_CLASSES[s][1],
            }
            for s in State
        ]

    @property
    def previous_number(self) -> int:
        return self.filters.page - 1

    @property
    def next_number(self) -> int:
        return self.filters.page + 1

    @property
    def orders(self) -> list[dict]:
        """Return the two orders that are no column: newest entry, last changed."""
        return [
            {"title": title, "on": self.filters.sort == sort, "query": self.filters.query(sort=sort, page="")}
            for sort, title in (("", _("newest first")), ("updated", _("last changed first")))
        ]

    @property
    def first(self) -> int:
        return (self.filters.page - 1) * PAGE_SIZE + 1

    @property
    def total_words(self) -> str:
        """Return "1,234", or "more than 10,000"."""
        if self.total > COUNT_CAP:
            return _("more than %(cap)s") % {"cap": f"{COUNT_CAP:,}"}
        return f"{self.total:,}"

    @property
    def tick_query(self) -> str:
        """Return the query of this very page with every row ticked."""
        return self.filters.query(tick="page")

    @property
    def all_query(self) -> str:
        """Return the query that says "all that was found" to the page that changes many."""
        return self.filters.query(all="1", page="", sort="")

    @property
    def showing(self) -> str:
        """Return "Showing 1 to 50 of 1,234 activities" in words."""
        total = self.total_words
        if self.total <= PAGE_SIZE:
            return ngettext("%(total)s activity", "%(total)s activities", self.total) % {"total": total}
        return _("Showing %(first)s to %(last)s of %(total)s activities") % {
            "first": f"{self.first:,}",
            "last": f"{self.first + len(self.rows) - 1:,}",
            "total": total,
        }

    @property
    def pages(self) -> int:
        return max(1, -(-min(self.total, COUNT_CAP) // PAGE_SIZE))

    @property
    def previous_query(self) -> str:
        return (
            self.filters.query(page=self.filters.page - 1 if self.filters.page > 2 else "")
            if self.filters.page > 1
            else ""
        )

    @property
    def next_query(self) -> str:
        return self.filters.query(page=self.filters.page + 1) if self.filters.page < self.pages else ""

    @property
    def heads(self) -> list[dict]:
        """Return the heads of the table: title, the query that sorts by it ("" when none does), its aria-sort."""
        heads = []
        for title, key in ((_("Activity"), "title"), (_("Service"), ""), (_("When"), "start"), (_("Place"), "place")):
            on = key and self.filters.sort.removeprefix("-") == key
            down = self.filters.sort.startswith("-")
            query = self.filters.query(sort=f"-{key}" if on and not down else key, page="") if key else ""
            heads.append(
                {"title": title, "query": query, "sort": ("descending" if down else "ascending") if on else ""}
            )
        return [*heads, {"title": _("Status"), "query": "", "sort": ""}]

    @property
    def chips(self) -> list[dict]:
        """Return what the list is narrowed to, in words, each with the address that lets go of it."""
        known, filters = catalogue(), self.filters
        names = {service.slug: service.name for service in self.services}
        words = {
            "q": f"“{filters.q}”",
            "place": PLACE_TITLES.get(filters.place) or getattr(known.places.get(filters.place), "title", ""),
            "facet": getattr(known.facets.get(filters.facet), "title", ""),
            "service": names.get(filters.service, _("Trust-wide")),
            "group": known.groups.get(filters.group, ""),
            "status": status_title(filters.status),
        }
        chips = [
            {
                "title": words[name],
                "query": filters.query(**{name: "", "page": ""} | ({"facet": ""} if name == "place" else {})),
            }
            for name in filters.narrowing
        ]
        if filters.as_at != today():
            chips.append(
                {"title": _("As at %(day)s") % {"day": day(filters.as_at)}, "query": filters.query(as_at="", page="")}
            )
        return chips


PLACE_TITLES = {
    UNCLASSIFIED: gettext_lazy("No place yet"),
    NOT_INVOLVEMENT: gettext_lazy("Not involvement"),
}


def status_title(status: str) -> str:
    """Return the word for a status in the list's filter: an activity's state, a tile's status, or withdrawn."""
    if status == WITHDRAWN:
        return _("Withdrawn")
    if status == LACKING:
        return _("Placed, something not recorded")
    if status in list(State):
        return str(STATE_TITLES[State(status)])
    return getattr(catalogue().statuses.get(status), "title", "")


def day(value: date | None) -> str:
    """Return "22 November 2026", or "" for no day."""
    return format_date(value, "j F Y") if value else ""


def place_title(slug: str) -> str:
    """Return a place's title, "Not involvement", or "" for none."""
    place = catalogue().places.get(slug)
    return place.title if place else str(PLACE_TITLES.get(slug, ""))


def list_page(viewer: Viewer, data) -> ActivityPage:
    """Return the page of the list that ``data`` (a QueryDict) asks for. Four queries, five for a way to take part."""
    organisation = viewer.organisation
    services = list(organisation.services.all())
    by_slug = {service.slug: service for service in services}
    filters, corrected = read_filters(data, by_slug)
    found = activities_in_list(viewer, filters, by_slug)
    total = found.order_by()[: COUNT_CAP + 1].count()
    pages = max(1, -(-min(total, COUNT_CAP) // PAGE_SIZE))
    if filters.page > pages:
        corrected.append(_("There is no page %(page)d, so this is the last one.") % {"page": filters.page})
        filters = replace(filters, page=pages)
    counted = set()
    if filters.facet and filters.status != WITHDRAWN:
        counted = set(counting(found, filters, organisation).order_by().values_list("pk", flat=True))
    start = (filters.page - 1) * PAGE_SIZE
    keys = list(in_order(found, filters, viewer).values_list("pk", flat=True)[start : start + PAGE_SIZE])
    return ActivityPage(
        filters=filters,
        corrected=corrected,
        rows=_rows(viewer, keys, filters, {service.pk: service.name for service in services}, counted),
        total=total,
        services=services,
        any_listed=bool(total) or bool(filters.narrowing),
        base=reverse("activity-list", args=[organisation.slug]),
        counting=len(counted),
    )


def _asks_a_part() -> Q:
    """Return the condition that a placement's place asks for the part people had (of choosers none is asked)."""
    asks = (Q(facet__startswith=f"{place}/") for place, need in COUNTS.items() if need.parts)
    return reduce(or_, asks)


def _rows(
    viewer: Viewer, keys: list[int], filters: Filters, services: dict[int, str], counted: set[int]
) -> list[Row]:
    """Return the rows for these activities, in this order. One query, three in the list of what lacks something."""
    organisation, as_at = viewer.organisation, filters.as_at
    lacking = _lacking(organisation, keys, as_at) if filters.status == LACKING else {}
    base = reverse("activity-list", args=[organisation.slug])
    activities = with_state(
        with_reading(organisation.activities.filter(pk__in=keys), organisation, as_at), organisation, as_at
    )
    unsaid = organisation.placements.filter(_asks_a_part(), classification=OuterRef("reading__id"), part="not-recorded")
    found = activities.annotate(
        place=F("reading__primary_place"), contested=F("reading__contested"), not_recorded=Exists(unsaid)
    ).values_list(
        "pk", "title", "reference", "service_id", "start_written", "end_written", "period", "withdrawn_on",
        "place", "contested", "not_recorded", "state",
    )  # fmt: skip
    titles = {slug: place.title for slug, place in catalogue().places.items()} | {
        NOT_INVOLVEMENT: str(PLACE_TITLES[NOT_INVOLVEMENT])
    }
    states = {state.value: (str(STATE_TITLES[state]), *STATE_CLASSES[state]) for state in State}
    trust_wide = _("Trust-wide")
    rows = {}
    for pk, title, reference, service, start, end, period, withdrawn, place, contested, unsaid, state in found:
        if hidden := pk in viewer.hidden:
            place, contested, unsaid = "", False, False
        rows[pk] = Row(
            f"{base}{pk}/", title, reference or "", services.get(service, trust_wide),
            dates_written(start, end, period), place or "", titles.get(place, ""),
            state, *states[state], bool(contested), unsaid, withdrawn is not None, pk in counted, pk,
            lacking.get(pk, ""), hidden,
        )  # fmt: skip
    return [rows[key] for key in keys]


def _lacking(organisation: Organisation, keys: list[int], as_at: date) -> dict[int, str]:
    """Return what nobody has said of these activities in their own place, in a few words, by id. Two queries."""
    placed: dict[int, tuple[str, list[Placement]]] = {}
    readings = with_reading(organisation.activities.filter(pk__in=keys), organisation, as_at)
    found = list(readings.values_list("pk", "reading__id", "reading__primary_place"))
    by_reading = {reading: pk for pk, reading, _place in found}
    for pk, _reading, place in found:
        placed[pk] = (place, [])
    for row in organisation.placements.filter(classification__in=list(by_reading)):
        placed[by_reading[row.classification_id]][1].append(row)
    said = {pk: unsaid_words(open_of(rows, place)) for pk, (place, rows) in placed.items()}
    return {
        pk: _("Not said: %(words)s") % {"words": words} if words else _("What is recorded does not count in a tile")
        for pk, words in said.items()
    }


def dates_written(start: str, end: str, period: str) -> str:
    """Return when it ran, in the words that were written."""
    if start and end:
        return _("%(start)s to %(end)s") % {"start": start, "end": end}
    if start:
        return _("from %(start)s") % {"start": start} if not period else f"{start} ({period})"
    if end:
        return _("until %(end)s") % {"end": end} if not period else f"{period} ({_('until %(end)s') % {'end': end}})"
    return period


# Services -----------------------------------------------------------------------------------------------------------


def services_with_counts(viewer: Viewer) -> list[Service]:
    """Return the services, those in use first, each with ``own`` (activities) and ``naming`` (trust-wide, by name)."""
    organisation = viewer.organisation
    own = organisation.activities.listed().filter(service=OuterRef("pk")).order_by().values("service")
    named = organisation.activity_services.filter(
        service=OuterRef("pk"), activity__organisation=organisation, activity__withdrawn_on=None, activity__service=None
    )
    counted = organisation.services.annotate(
        own=Coalesce(Subquery(own.annotate(n=Count("pk")).values("n")), 0),
        naming=Coalesce(Subquery(named.order_by().values("service").annotate(n=Count("pk")).values("n")), 0),
    )
    return sorted(counted, key=lambda service: (service.retired_on is not None, service.name.casefold()))


def trust_wide_count(viewer: Viewer) -> int:
    """Return how many activities belong to no service but to the whole organisation."""
    return viewer.organisation.activities.listed().filter(service=None).count()
