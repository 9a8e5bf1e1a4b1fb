"""What looks alike in a register, for the page that offers it, and two records side by side before they are merged."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from framework.catalogue import catalogue
from involvement.access import Viewer
from involvement.actions.base import today
from involvement.actions.merging import BOTH, GONE, JOINED, KEPT, UNITED, can_undo, default_choice
from involvement.likeness import ADDRESS, NEAR_TITLE, REFERENCE, TEXT, TITLE, Pair, Record, alike, clusters
from involvement.models import Activity, Merge, NotTheSame, Organisation
from involvement.particulars import fewer_than_five, people_written
from involvement.registers import dates_written, place_title
from involvement.states import STATE_TITLES, State, with_reading, with_state

A_PAGE = 10  # clusters
SIDE_BY_SIDE = 4  # records of one cluster that are shown; the others come when these are settled
SMALL = 1000  # activities: a smaller register is looked through whenever a page asks
LONGEST = 400  # characters of a text beside another

REASON_WORDS = {
    REFERENCE: gettext_lazy("the same reference, but for capitals and spaces"),
    TITLE: gettext_lazy("the same title"),
    ADDRESS: gettext_lazy("the same source"),
    NEAR_TITLE: gettext_lazy("nearly the same title"),
    TEXT: gettext_lazy("nearly the same text"),
}


def find_alike(viewer: Viewer, *, now: bool = True) -> list[Pair]:
    """Return the pairs of listed activities that look alike and that nobody has said to be different.

    What was found is kept until an activity is written to, or a pair is said to be different. ``now`` False (a page
    that only mentions it) does not look through a large register anew: it may then know of fewer. Four queries at most.
    """
    organisation = viewer.organisation
    sayings = list(organisation.not_the_same.filter(taken_back_at=None).values_list("pk", "activities"))
    newest = Activity.history.model.objects.filter(organisation=organisation).order_by("-history_id")
    state = [newest.values_list("history_id", flat=True).first(), [pk for pk, _activities in sayings]]
    key = f"alike:{organisation.pk}"
    kept_state, kept = cache.get(key) or (None, [])
    pairs = [Pair(*each) for each in kept]
    if kept_state == state:
        return pairs
    apart: dict[int, set[int]] = {}
    for saying, pks in sayings:
        for pk in pks:
            apart.setdefault(pk, set()).add(saying)
    listed = organisation.activities.listed()
    if not now and listed.count() > SMALL:
        known = {pk for pair in pairs for pk in (pair.one, pair.other)}
        there = set(listed.filter(pk__in=known).values_list("pk", flat=True))
        return [
            pair for pair in pairs
            if {pair.one, pair.other} <= there and not apart.get(pair.one, set()) & apart.get(pair.other, set())
        ]  # fmt: skip
    rows = listed.order_by("pk").values_list(
        "pk", "title", "description", "reference", "source_url", "started_on", "ended_on"
    )
    pairs = alike((Record(pk, title, text, ref or "", *rest) for pk, title, text, ref, *rest in rows), apart)
    if settings.KEEP_MAP_SECONDS:
        kept = [(pair.one, pair.other, pair.reasons) for pair in pairs]
        cache.set(key, (state, kept), settings.KEEP_MAP_SECONDS)
    return pairs


def like_words(organisation: Organisation, words: str) -> list[Activity]:
    """Return the listed activities whose title looks like ``words``, the likest first. Two queries at most."""
    rows = organisation.activities.listed().order_by("pk").values_list("pk", "title")
    found = [pair.other for pair in alike([Record(0, words), *(Record(*row) for row in rows)]) if pair.one == 0]
    known = organisation.activities.in_bulk(found) if found else {}
    return [known[pk] for pk in found if pk in known]


def number_alike(viewer: Viewer) -> int:
    """Return how many activities look like another one, for a page that only mentions it."""
    pairs = find_alike(viewer, now=False)
    return len({pk for pair in pairs for pk in (pair.one, pair.other)})


@dataclass(frozen=True)
class Side:
    """One record of a cluster."""

    activity: Activity
    number: int


@dataclass(frozen=True)
class Fact:
    """One thing that records say, a value each; ``label`` names it."""

    label: str
    values: list[str]


@dataclass(frozen=True)
class Cluster:
    """Records that look alike, side by side: what differs, and what is the same."""

    sides: list[Side]
    reasons: list[str]
    differs: list[Fact]
    same: list[str]
    more: int
    pks: list[int]

    @property
    def first(self) -> Activity:
        """The one that the others would be merged into: placed on the map, with most that came of it, the oldest."""
        return self.sides[0].activity

    @property
    def others(self) -> list[Side]:
        return self.sides[1:]


@dataclass(frozen=True)
class Alike:
    """One page of what looks alike."""

    clusters: list[Cluster]
    total: int
    page: int
    pages: int
    sayings: list[NotTheSame]

    @property
    def previous_number(self) -> int:
        return self.page - 1

    @property
    def next_number(self) -> int:
        return self.page + 1


def alike_page(viewer: Viewer, page: int) -> Alike:
    """Return a page of clusters, the surest first. A fixed number of queries."""
    found = clusters(find_alike(viewer))
    pages = max(1, -(-len(found) // A_PAGE))
    page = min(max(page, 1), pages)
    shown = found[(page - 1) * A_PAGE : page * A_PAGE]
    known = side_by_side(viewer.organisation, [pk for pks, _pairs in shown for pk in pks])
    return Alike(
        clusters=[_cluster(pks, pairs, known) for pks, pairs in shown],
        total=len(found),
        page=page,
        pages=pages,
        sayings=_sayings(viewer),
    )


def _sayings(viewer: Viewer) -> list[NotTheSame]:
    """Return the last twenty sayings that records are different, each with ``titles``. Two queries."""
    sayings = list(viewer.organisation.not_the_same.filter(taken_back_at=None).select_related("recorded_by")[:20])
    pks = {pk for each in sayings for pk in each.activities}
    titles = dict(viewer.organisation.activities.filter(pk__in=pks).values_list("pk", "title"))
    for each in sayings:
        each.titles = [titles[pk] for pk in each.activities if pk in titles]
    return sayings


def side_by_side(organisation: Organisation, pks: list[int]) -> dict[int, Activity]:
    """Return activities with all that a comparison shows: ``place``, ``state``, ``came`` (changes), groups, names."""
    rows = with_state(
        with_reading(organisation.activities.filter(pk__in=pks), organisation, today()), organisation, today()
    )
    rows = rows.select_related("service", "piece").values_list("pk", "reading__primary_place", "state")
    places = {pk: (place or "", state) for pk, place, state in rows}
    changes = organisation.changes.filter(activity__in=pks).order_by().values_list("activity").annotate(n=Count("pk"))
    came = dict(changes)
    groups, names = {}, {}
    for row in organisation.activity_groups.filter(activity__in=pks).order_by("pk"):
        groups.setdefault(row.activity_id, []).append(row)
    for row in organisation.activity_services.filter(activity__in=pks).select_related("service").order_by("pk"):
        names.setdefault(row.activity_id, []).append(row.service.name)
    found = {}
    for activity in organisation.activities.filter(pk__in=pks).select_related("service", "piece"):
        activity.place, activity.state = places[activity.pk]
        activity.came = came.get(activity.pk, 0)
        activity.group_rows, activity.service_names = groups.get(activity.pk, []), names.get(activity.pk, [])
        found[activity.pk] = activity
    return found


def _cluster(pks: list[int], pairs: list[Pair], known: dict[int, Activity]) -> Cluster:
    best = sorted((known[pk] for pk in pks), key=lambda each: (not each.place, -each.came, each.pk))
    shown = best[:SIDE_BY_SIDE]
    facts = [Fact(label, [value(each) for each in shown]) for label, value in _facts()]
    return Cluster(
        sides=[Side(each, n) for n, each in enumerate(shown, 1)],
        reasons=[str(words) for reason, words in REASON_WORDS.items() if any(reason in pair.reasons for pair in pairs)],
        differs=[fact for fact in facts if len(set(fact.values)) > 1],
        same=[fact.label for fact in facts if len(set(fact.values)) == 1 and fact.values[0]],
        more=len(best) - len(shown),
        pks=pks,
    )


def _facts():
    """Return the label of each thing that is compared, and how an activity (of side_by_side) says it."""
    yield _("Title"), lambda each: each.title
    yield _("Reference"), lambda each: each.reference or ""
    yield _("Service"), service_words
    yield _("When"), lambda each: dates_written(each.start_written, each.end_written, each.period)
    yield _("Status"), lambda each: str(STATE_TITLES[State(each.state)])
    yield _("Place"), lambda each: place_title(each.place) or _("No place yet")
    yield _("What happened"), lambda each: Truncator(each.description).chars(LONGEST)
    yield _("Kind of activity"), lambda each: each.method
    yield _("Who took part"), lambda each: ", ".join(filter(None, (each.participants, people_written(each.reach))))
    yield _("Meant to include"), groups_words
    yield _("Piece of work"), lambda each: each.piece.title if each.piece else ""
    yield _("Who leads it"), lambda each: each.named_lead
    yield _("What came of it"), lambda each: Truncator(each.result).chars(LONGEST)
    yield _("Changes recorded"), lambda each: str(each.came or "")
    yield _("Source"), lambda each: each.source_url


def service_words(activity: Activity) -> str:
    """Return whose an activity is: its service, or trust-wide with the services that it covers by name."""
    if activity.service:
        return activity.service.name
    names = ", ".join(activity.service_names)
    return _("Trust-wide, covering %(names)s") % {"names": names} if names else _("Trust-wide")


def groups_words(activity: Activity) -> str:
    known = catalogue().groups
    said = []
    for row in activity.group_rows:
        about = ", ".join(filter(None, (fewer_than_five(row.reach), row.support)))
        title = known.get(row.group, row.group)
        said.append(f"{title} ({about})" if about else title)
    return "; ".join(said)


# Before a merge -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """A field that two records fill differently: what may be taken, each as (choice, words), and what is by default."""

    name: str
    label: str
    options: list[tuple[str, str]]
    default: str


def choices_between(kept: Activity, gone: Activity) -> list[Choice]:
    """Return the fields in which two activities (of side_by_side) differ, for a person to choose from."""
    labels = {"service": _("Service"), "piece": _("Piece of work")}
    found = []
    for name in kept_fields():
        mine, theirs = getattr(kept, name), getattr(gone, name)
        if mine == theirs and not (name == "service" and kept.service_names != gone.service_names):
            continue
        options = [(KEPT, _shown(kept, name)), (GONE, _shown(gone, name))]
        if name in UNITED and mine and theirs:
            options.append((BOTH, _("All of these")))
        elif name in JOINED and mine and theirs:
            options.append((BOTH, _("Both texts, one after the other")))
        elif name == "service" and mine and theirs and mine != theirs:
            options.append((BOTH, _("Trust-wide, covering both by name")))
        default = default_choice(kept, gone, name)
        if default not in dict(options):
            default = KEPT if mine else GONE
        label = labels.get(name) or str(Activity._meta.get_field(name).verbose_name)
        found.append(Choice(name, label[:1].upper() + label[1:], options, default))
    return found


def kept_fields() -> tuple[str, ...]:
    """Return the fields of an activity in the order in which a person would compare them."""
    return (
        "title", "reference", "description", "service", "start_written", "end_written", "period", "stated_status",
        "method", "participants", "missing", "could_lose", "reach", "open_to_all", "support", "piece", "named_lead",
        "promised", "result", "mechanisms", "source_url", "citizen_hours", "cost",
    )  # fmt: skip


def _shown(activity: Activity, name: str) -> str:
    """Return what an activity says in one field, as a person reads it."""
    value, known = getattr(activity, name), catalogue()
    if name == "service":
        return service_words(activity)
    if name == "stated_status":
        return activity.get_stated_status_display() or _("Nothing")
    if name == "open_to_all":
        return _("Yes") if value else _("No")
    if name == "support":
        return "; ".join(known.supports.get(slug, slug) for slug in value) or _("Nothing")
    if name == "mechanisms":
        titles = (known.mechanisms[slug].title if slug in known.mechanisms else slug for slug in value)
        return "; ".join(titles) or _("Nothing")
    if name == "reach":
        return people_written(value) or _("Nothing")
    return _("Nothing") if value in (None, "") else str(value)


def merges_of(viewer: Viewer, activity: Activity) -> tuple[list[Merge], Merge | None]:
    """Return the merges into ``activity`` that stand, newest first, and the one by which it went, if it did.

    Each of the first has ``who`` in words and ``can_undo``.
    """
    merges = viewer.organisation.merges.filter(undone_at=None).select_related("kept", "gone", "recorded_by")
    into = list(merges.filter(kept=activity))
    for each in into:
        each.who = each.recorded_by.get_full_name() if each.recorded_by else _("Somebody")
        each.can_undo = can_undo(each)
    return into, merges.filter(gone=activity).first() if activity.withdrawn_on else None
