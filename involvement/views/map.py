"""The map: as a page, as JSON, as CSV. One reading of the register serves all three."""

from http import HTTPStatus

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from framework.catalogue import catalogue
from involvement import drawing
from involvement.access import Permission, organisation_view
from involvement.cells import csv_lines
from involvement.challenges import marks
from involvement.completeness import said_by_place
from involvement.forms.map import Narrowed, narrowed
from involvement.http import render_page
from involvement.maps import OrganisationMap, build_map

GAPS_SHOWN = 5


@organisation_view(Permission.READ, blind=True, kept=True)
def map_page(request, organisation):
    """Show where citizens take part. A day in the future is corrected to today, and the page says so."""
    asked = narrowed(request.GET, organisation)
    shown = _build(request, asked)
    context = {
        "map": shown,
        "asked": asked,
        "form": asked.form,
        "bands": drawing.bands(shown, narrowed=asked.query, marks=marks(request.viewer, on=shown.as_at)),
        "spread": drawing.spread(shown),
        "unclassified_href": drawing.list_address(organisation, place="unclassified", **asked.query),
        "lacking_href": drawing.list_address(organisation, status="lacking", **asked.query),
        "statuses": catalogue().statuses.values(),
        "gaps": drawing.gap_rows(shown, shown.gaps[:GAPS_SHOWN], asked.form.services.values(), shown.responses),
        "services": drawing.service_rows(shown, narrowed=asked.query),
        "groups": drawing.group_rows(shown, narrowed=asked.query),
        "unreached": drawing.unreached(shown),
        "rulings": drawing.ruling_rows(shown.rulings),
        "said": said_by_place(request.viewer, as_at=asked.as_at),
        "downloads": drawing.query_string(asked.query),
    }
    return render_page(request, "map/page.html", context)


@organisation_view(Permission.READ, blind=True, copy=True)
def map_json(request, organisation):
    """Answer the map as JSON (README, "Addresses"); 400 for a day that cannot be read or has not come."""
    asked = narrowed(request.GET, organisation)
    if wrong := _wrong_day(asked):
        return JsonResponse({"error": wrong}, status=HTTPStatus.BAD_REQUEST)
    return JsonResponse(_build(request, asked).as_json())


@organisation_view(Permission.READ, blind=True, copy=True)
def map_csv(request, organisation):
    """Answer the 18 cells as CSV; text that a spreadsheet would run as a formula is made harmless."""
    asked = narrowed(request.GET, organisation)
    if wrong := _wrong_day(asked):
        return HttpResponse(wrong, status=HTTPStatus.BAD_REQUEST, content_type="text/plain; charset=utf-8")
    rows = [drawing.CSV_COLUMNS, *drawing.csv_rows(_build(request, asked))]
    response = HttpResponse(csv_lines(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="map-{organisation.slug}-{asked.as_at.isoformat()}.csv"'
    return response


def _build(request, asked: Narrowed) -> OrganisationMap:
    return build_map(request.viewer, as_at=asked.as_at, service=asked.service, group=asked.group)


def _wrong_day(asked: Narrowed) -> str:
    if asked.form.errors:
        return asked.form.errors["as_at"][0]
    return _("This day has not come yet.") if asked.future else ""
