"""The read side of "this list is complete": who said it, of what, when, and until when it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.utils.translation import gettext as _

from framework.catalogue import Place, catalogue
from involvement.access import Viewer
from involvement.actions.responses import a_year_after
from involvement.models import Complete, Service


@dataclass(frozen=True)
class Said:
    """What was last said of one scope and place, as at a day: nothing, or a statement that holds or has lapsed."""

    scope: str
    service: Service | None
    statement: Complete | None
    as_at: date

    @property
    def until(self) -> date | None:
        """The first day on which the statement holds no longer."""
        return a_year_after(self.statement.as_at) if self.statement else None

    @property
    def by(self) -> str:
        """Who said it, by name; "a former member" once their account is gone."""
        return who(self.statement.recorded_by) if self.statement else ""

    @property
    def holds(self) -> bool:
        return self.statement is not None and self.as_at < self.until

    @property
    def ends_soon(self) -> bool:
        """Whether it holds, but for two months at most."""
        return self.holds and (self.until - self.as_at).days <= 61


@dataclass(frozen=True)
class PlaceSaid:
    """One place: what was said of the whole, of what is trust-wide, and of every active service."""

    place: Place
    whole: Said
    trust_wide: Said
    services: tuple[Said, ...]

    @property
    def all(self) -> tuple[Said, ...]:
        return (self.whole, self.trust_wide, *self.services)

    @property
    def parts_said(self) -> int:
        return sum(said.holds for said in (self.trust_wide, *self.services))

    @property
    def parts(self) -> int:
        return 1 + len(self.services)

    @property
    def complete(self) -> bool:
        """Complete when said of the whole, or of every active service and of what is trust-wide."""
        return self.whole.holds or self.parts_said == self.parts

    @property
    def ended(self) -> tuple[Said, ...]:
        """Statements that were made and hold no longer, where nothing else covers them."""
        return () if self.complete else tuple(said for said in self.all if said.statement and not said.holds)

    @property
    def soon(self) -> tuple[Said, ...]:
        return tuple(said for said in self.all if said.ends_soon)


def who(user) -> str:
    """Return the name to print beside what somebody did."""
    return user.get_full_name() if user else _("a former member")


def said_by_place(viewer: Viewer, *, as_at: date) -> tuple[PlaceSaid, ...]:
    """Return what was said of every place as at ``as_at``, in framework order. Two queries, whatever was said."""
    organisation = viewer.organisation
    services = [
        service for service in organisation.services.all() if service.retired_on is None or service.retired_on > as_at
    ]
    standing = (
        organisation.complete_statements.filter(as_at__lte=as_at)
        .filter(Q(revoked_on__isnull=True) | Q(revoked_on__gt=as_at))
        .select_related("recorded_by")
        .order_by("as_at", "pk")
    )
    newest = {(row.place, row.scope, row.service_id): row for row in standing}

    def said(place: str, scope: str, service: Service | None = None) -> Said:
        return Said(scope, service, newest.get((place, scope, service.pk if service else None)), as_at)

    return tuple(
        PlaceSaid(
            place=place,
            whole=said(place.slug, Complete.Scope.WHOLE),
            trust_wide=said(place.slug, Complete.Scope.TRUST_WIDE),
            services=tuple(said(place.slug, Complete.Scope.SERVICE, service) for service in services),
        )
        for place in catalogue().places.values()
    )
