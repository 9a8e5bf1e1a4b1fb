"""The register as a file, for whoever may read it: the list that is asked for, every page of it."""

from http import HTTPStatus

from django.http import FileResponse, HttpResponse, StreamingHttpResponse

from involvement import exports
from involvement.access import Permission, organisation_view
from involvement.actions.base import today
from involvement.actions.imports import record_export

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@organisation_view(Permission.READ, blind=True)
def activities_csv(request, organisation):
    """Answer the list as CSV, row by row; 400 with a sentence for a filter that cannot be understood."""
    asked, wrong = exports.register(request.viewer, request.GET)
    if wrong:
        return _refused(wrong)
    _record(request, asked, "csv")
    response = StreamingHttpResponse(exports.csv_file(asked), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = _called(organisation, "csv")
    return response


@organisation_view(Permission.READ, blind=True)
def activities_xlsx(request, organisation):
    """Answer the list as a spreadsheet whose cells are all text; 400 as for CSV."""
    asked, wrong = exports.register(request.viewer, request.GET)
    if wrong:
        return _refused(wrong)
    _record(request, asked, "xlsx")
    response = FileResponse(exports.xlsx_file(asked), content_type=XLSX)
    response["Content-Disposition"] = _called(organisation, "xlsx")
    return response


def _refused(wrong: list[str]) -> HttpResponse:
    return HttpResponse(" ".join(wrong), status=HTTPStatus.BAD_REQUEST, content_type="text/plain; charset=utf-8")


def _record(request, asked: exports.Register, kind: str) -> None:
    """Keep that the register was taken away: the one thing that a GET of ours writes, for auditors of access."""
    if request.method == "GET":
        record_export(organisation=asked.viewer.organisation, by=request.user, kind=kind, activities=len(asked.keys))


def _called(organisation, kind: str) -> str:
    return f'attachment; filename="activities-{organisation.slug}-{today().isoformat()}.{kind}"'
