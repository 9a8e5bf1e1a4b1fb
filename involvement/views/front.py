"""The front page of an organisation: what matters, on one screen."""

from framework.catalogue import catalogue
from involvement import drawing
from involvement.access import Permission, organisation_view
from involvement.actions.base import today
from involvement.audits.reading import since_last
from involvement.challenges import challenge_rows
from involvement.completeness import said_by_place
from involvement.effects import effects
from involvement.http import render_page
from involvement.maps import build_map
from involvement.members import alone
from involvement.reviews import last_seen
from involvement.waiting import lately, waiting_for

GAPS_SHOWN = 3


@organisation_view(Permission.READ, blind=True)
def front_page(request, organisation):
    """Show the finding, the spread, what is missing most, what waits, and what happened lately.

    An organisation without a classified activity sees the three steps to its first map instead.
    """
    shown = build_map(request.viewer, as_at=today())
    said = said_by_place(request.viewer, as_at=today())
    services = list(organisation.services.all())
    challenges = challenge_rows(request.viewer, on=today())
    context = {
        "map": shown,
        "first_run": not shown.activities.classified and not request.viewer.hidden,
        "alone": alone(request.viewer),
        "services": services,
        "spread": drawing.spread(shown),
        "unclassified_href": drawing.list_address(organisation, place="unclassified"),
        "lacking_href": drawing.list_address(organisation, status="lacking"),
        "tally": drawing.tally(shown),
        "gaps": drawing.gap_rows(shown, shown.gaps[:GAPS_SHOWN], services, shown.responses),
        "said": said,
        "waiting": waiting_for(request.viewer, shown, said, challenges, on=today()),
        "disputed": [row for row in challenges if row.is_open],
        "seen": None if request.viewer.hidden else last_seen(request.viewer),
        "effects": effects(request.viewer, on=today()),
        "rulings": drawing.ruling_rows(shown.rulings),
        "since": since_last(request.viewer, shown),
        "lately": lately(request.viewer, on=today()),
        "places": catalogue().places.values(),
    }
    return render_page(request, "front/page.html", context)
