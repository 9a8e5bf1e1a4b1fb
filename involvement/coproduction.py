"""The read side of pieces of work: how many activities each has, and which of the four stages were done jointly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet

from framework.catalogue import Facet, catalogue
from involvement.access import Viewer
from involvement.actions.base import today
from involvement.models import PieceOfWork, Placement


@dataclass(frozen=True)
class Stage:
    """One stage of coproduction in a piece of work: the part people had at most, and whether it counts."""

    facet: Facet
    part: str  # "" when nothing is recorded
    counts: bool
    activity_title: str


def pieces_with_counts(viewer: Viewer) -> QuerySet[PieceOfWork]:
    """Return the viewer's organisation's pieces of work, each with ``activity_count`` (not withdrawn)."""
    count = Count("activities", filter=Q(activities__withdrawn_on=None, activities__organisation=viewer.organisation))
    return viewer.organisation.pieces.annotate(activity_count=count).order_by("title", "id")


def stages_of_piece(viewer: Viewer, piece: PieceOfWork, as_at: date | None = None) -> tuple[Stage, ...]:
    """Return the four stages of ``piece`` in framework order, by the leaders' classifications in force at ``as_at``.

    A stage counts where a group of citizens were equal partners or in the lead (framework.coverage.COUNTS). One query.
    """
    from framework.coverage import COUNTS

    as_at = as_at or today()
    joint = COUNTS["coproducers"].parts
    order = ["", "not-recorded", "none", "told", "asked", "equal", "lead"]
    rows = (
        viewer.organisation.placements.filter(
            classification__organisation=viewer.organisation,
            classification__activity__piece=piece,
            classification__activity__withdrawn_on=None,
            classification__kind="leader",
            classification__void_at=None,
            facet__startswith="coproducers/",
        )
        .filter(Q(classification__from_on=None) | Q(classification__from_on__lte=as_at))
        .filter(Q(classification__until=None) | Q(classification__until__gt=as_at))
        .select_related("classification__activity")
    )
    best: dict[str, Placement] = {}
    for row in rows:
        rank = (bool(row.part in joint and row.as_group), order.index(row.part))
        held = best.get(row.facet)
        if held is None or rank > (bool(held.part in joint and held.as_group), order.index(held.part)):
            best[row.facet] = row
    stages = []
    for facet in catalogue().facets_of("coproducers"):
        row = best.get(facet.key)
        stages.append(
            Stage(
                facet=facet,
                part=row.part if row else "",
                counts=bool(row and row.part in joint and row.as_group),
                activity_title=row.classification.activity.title if row else "",
            )
        )
    return tuple(stages)
