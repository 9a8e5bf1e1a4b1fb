"""What the pages of audits show: the list, one audit with its snapshot, two of them compared, what is public."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from framework.catalogue import catalogue
from involvement.access import Viewer
from involvement.actions.audits import conclusions_of, signed_words
from involvement.audits import snapshot as snapshots
from involvement.audits.comparison import MOVE_TITLES, Comparison, Move, PlaceTrend, compare, move_of, trend
from involvement.maps import OrganisationMap, build_map
from involvement.models import Audit, Organisation, Publication, Service
from involvement.reports import front
from involvement.reports.facts import Facts
from involvement.reports.page import Drawn, drawn

POINTS = 5  # days at which the trend between two days is counted


@dataclass(frozen=True)
class Paper:
    """A frozen audit as pages draw it: its snapshot with names, conclusions, and the sign-off if there is one."""

    audit: Audit
    snapshot: dict
    conclusions: list[dict]
    signed: dict | None
    digest: str

    @property
    def as_at(self) -> date:
        return date.fromisoformat(self.snapshot["as_at"])

    @property
    def period_from(self) -> date:
        return date.fromisoformat(self.snapshot["period"]["from"])

    @property
    def period_to(self) -> date:
        return date.fromisoformat(self.snapshot["period"]["to"])

    @property
    def signed_on(self) -> date | None:
        return date.fromisoformat(self.signed["on"]) if self.signed else None

    @property
    def care(self) -> list[str]:
        """Return why it is to be read with care, as the report's first page says it."""
        return front.care_of(Facts(self.snapshot, self.conclusions, self.signed))

    @property
    def in_short(self) -> list[tuple[str, str]]:
        """Return what the report's first page says in short, each with the words that it begins with."""
        return list(front.in_short(Facts(self.snapshot, self.conclusions, self.signed)))

    @property
    def open_places(self) -> list[str]:
        """Return the titles of the places that the board has not judged yet."""
        return [each["title"] for each in self.conclusions if not each["assurance"]]

    @property
    def drawn(self) -> list[Drawn]:
        """Return the report as the blocks of a page."""
        return drawn(self.snapshot, self.conclusions, self.signed)


def paper_of(audit: Audit) -> Paper | None:
    """Return a frozen audit for showing; None before it is frozen. Everything in it comes from what was frozen."""
    if not audit.is_frozen:
        return None
    held = audit.snapshot
    return Paper(
        audit=audit,
        snapshot=snapshots.read(held.content, audit.organisation),
        conclusions=conclusions_of(audit),
        signed=signed_words(held, audit.sign_off) if audit.is_signed else None,
        digest=held.digest,
    )


def audits_in_list(viewer: Viewer) -> list[Audit]:
    """Return the organisation's audits, the newest day first."""
    return list(viewer.organisation.audits.with_state())


def to_compare(viewer: Viewer, audit: Audit) -> list[Audit]:
    """Return the other frozen audits of the same scope, the newest day first."""
    others = viewer.organisation.audits.with_state().filter(service=audit.service, snapshot__isnull=False)
    return list(others.exclude(pk=audit.pk))


def checklist(viewer: Viewer, audit: Audit) -> list[dict]:
    """Return what stands in the way of an honest audit now."""
    shown = build_map(viewer, as_at=audit.as_at, service=audit.service)
    asked = snapshots.Asked(audit.title, audit.as_at, audit.period_from, audit.period_to, audit.service)
    return snapshots.checks(viewer, asked, shown)


@dataclass(frozen=True)
class Compared:
    """Two snapshots with the trend of the places between them."""

    comparison: Comparison
    days: tuple[date, ...]
    trend: tuple[PlaceTrend, ...]


def compare_audits(viewer: Viewer, one: Audit, other: Audit) -> Compared:
    """Return two frozen audits compared, the earlier day first; the trend takes in the signed ones between them."""
    organisation = viewer.organisation
    first, last = sorted((one, other), key=lambda audit: (audit.as_at, audit.pk))
    before, after = (snapshots.read(audit.snapshot.content, organisation) for audit in (first, last))
    between = organisation.audits.signed().filter(
        service=last.service, as_at__gt=first.as_at, as_at__lt=last.as_at, snapshot__isnull=False
    )
    middle = [json.loads(text) for text in between.order_by("as_at").values_list("snapshot__content", flat=True)]
    days, places = trend([before, *middle, after])
    return Compared(compare(before, after), days, places)


@dataclass(frozen=True)
class SinceLast:
    """What moved on the map since the last signed audit of the whole organisation.

    ``moves`` pairs what happened with the ways to which it did, in words; ``withdrawn`` counts the activities taken off
    the list since, ``late`` the answers to gaps whose day has passed.
    """

    audit: Audit
    moves: tuple[tuple[str, tuple[str, ...]], ...]
    withdrawn: int
    late: int


def since_last(viewer: Viewer, shown: OrganisationMap) -> SinceLast | None:
    """Return what moved between the last signed audit and ``shown``, today's map of the whole; None without an audit.

    None too for whoever is still to review something blind: the difference to their own map would tell. Two queries.
    """
    if viewer.hidden:
        return None
    signed = viewer.organisation.audits.signed().filter(service=None, as_at__lte=shown.as_at)
    audit = signed.select_related("snapshot").order_by("-as_at", "-pk").first()
    if audit is None:
        return None
    known, cells = catalogue(), {cell.facet: cell for cell in shown.cells}
    found: dict[Move, list[str]] = {}
    for place in json.loads(audit.snapshot.content)["places"]:
        for was in place["cells"]:
            key = was["facet"] if "/" in was["facet"] else f"{place['slug']}/{was['facet']}"
            if key in cells:
                status = cells[key].status
                words = _("%(way)s: %(before)s, now %(after)s") % {
                    "way": f"{known.places[cells[key].place].title}, {known.facets[key].title.lower()}",
                    "before": was["status_title"].lower(), "after": known.statuses[status].title.lower(),
                }  # fmt: skip
                found.setdefault(move_of(was["status"], status.value), []).append(words)
    found.pop(Move.SAME, None)
    return SinceLast(
        audit=audit,
        moves=tuple((str(MOVE_TITLES[move]), tuple(found[move])) for move in Move if move in found),
        withdrawn=viewer.organisation.activities.filter(withdrawn_on__gt=audit.as_at).count(),
        late=sum(not row.is_not_needed and bool(row.due_on) and row.due_on < shown.as_at for row in shown.responses),
    )


def compare_days(viewer: Viewer, first: date, last: date, service: Service | None = None) -> Compared:
    """Return the register at two days compared, both drawn as it is known today."""
    before, after = (
        snapshots.named(snapshots.draw_up(viewer, asked), viewer.organisation)
        for asked in (
            snapshots.Asked("", first, snapshots.year_before(first), first, service),
            snapshots.Asked("", last, first + timedelta(days=1), last, service),
        )
    )
    step = (last - first).days / (POINTS - 1)
    middle = sorted({first + timedelta(days=round(step * n)) for n in range(1, POINTS - 1)} - {first, last})
    drawn = [
        {
            "as_at": day.isoformat(),
            "places": [
                {"slug": slug, "live": number, "title": ""}
                for slug, number in build_map(viewer, as_at=day, service=service).activities.by_place.items()
            ],
        }
        for day in middle
    ]
    days, places = trend([before, *drawn, after])
    return Compared(compare(before, after), days, places)


@dataclass(frozen=True)
class Bar:
    """One column of the trend's picture."""

    number: int
    day: date
    x: int
    y: int
    height: int

    @property
    def above(self) -> int:
        return self.y - 5


def bars(days: tuple[date, ...], one: PlaceTrend, most: int) -> list[Bar]:
    """Return the columns of one place in a picture of 60 units height, 44 a column; the tallest is ``most``."""
    found = []
    for n, (day, number) in enumerate(zip(days, one.numbers, strict=True)):
        height = round(60 * number / most) if most else 0
        found.append(Bar(number, day, 6 + 44 * n, 80 - height, height))
    return found


def pictured(compared: Compared) -> list[dict]:
    """Return the trend's picture: of each place its columns, all places on one scale."""
    most = max((number for one in compared.trend for number in one.numbers), default=0)
    width = 44 * len(compared.days) + 12
    return [{"place": one, "bars": bars(compared.days, one, most), "width": width} for one in compared.trend]


# Public -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Published:
    """What stands on an organisation's public page: the paper, or that it was taken down and why."""

    publication: Publication
    paper: Paper | None
    replaced_by: Audit | None = None  # the signed audit that took its place
    replaced_here: bool = False  # and whether that one is published


def published_organisation(slug: str) -> Organisation | None:
    """Return the organisation that a public address names; None for none, and while the operators suspended it."""
    return Organisation.objects.filter(slug=slug, suspended_on=None).first()


def published(organisation: Organisation, audit: int | None = None) -> tuple[Published, list[Publication]] | None:
    """Return what is shown, and every publication; None when nothing ever was published.

    Without ``audit`` what is shown is the newest that stands, or the newest of all when none stands.
    """
    rows = organisation.publications.select_related("audit", "audit__service", "audit__snapshot", "audit__sign_off")
    rows = list(rows.order_by("-audit__as_at", "-pk"))
    newest: dict[int, Publication] = {}
    for row in rows:
        newest.setdefault(row.audit_id, row)
    every = list(newest.values())
    wanted = [row for row in every if audit is None or row.audit_id == audit]
    if not wanted:
        return None
    chosen = next((row for row in wanted if row.withdrawn_on is None), wanted[0])
    paper = paper_of(chosen.audit) if chosen.withdrawn_on is None else None
    later = organisation.audits.signed().filter(supersedes=chosen.audit_id).select_related("sign_off").first()
    here = later is not None and any(row.audit_id == later.pk and row.withdrawn_on is None for row in every)
    return Published(chosen, paper, later, here), every
