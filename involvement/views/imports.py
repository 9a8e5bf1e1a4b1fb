"""Bring in a list of activities: choose it, look at what would happen, do it. One address, three steps."""

from uuid import UUID

from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from involvement import imports
from involvement.access import Permission, organisation_view
from involvement.forms.imports import ColumnsForm, UploadForm
from involvement.http import render_page

SHOWN_ROWS = 10
SHOWN_SENTENCES = 100


@organisation_view(Permission.ACTIVITY_IMPORT)
def activity_import(request, organisation):
    """Send each step to its page: ``?draft=`` the preview, ``?done=`` the result, else the upload."""
    if "draft" in request.POST:
        return _preview(request, organisation, request.POST["draft"])
    if request.method == "GET" and "draft" in request.GET:
        return _preview(request, organisation, request.GET["draft"])
    if request.method == "GET" and "done" in request.GET:
        return _result(request, organisation, request.GET["done"])
    return _upload(request, organisation)


def _upload(request, organisation):
    posted = request.method == "POST"
    form = UploadForm(request.POST, request.FILES) if posted else UploadForm()
    if posted and form.is_valid():
        draft = imports.keep_draft(organisation=organisation, by=request.user, content=form.cleaned_data["content"])
        return redirect(f"{reverse('activity-import', args=[organisation.slug])}?draft={draft}")
    return render_page(request, "imports/upload.html", {"form": form, "columns": imports.COLUMNS.values()})


def _preview(request, organisation, draft):
    draft = _uuid(draft)
    table = draft and imports.kept_draft(organisation=organisation, by=request.user, draft=draft)
    if not table:
        messages.warning(request, _("We no longer have that list. Choose it again. Nothing was added."))
        return redirect("activity-import", organisation.slug)
    posted = request.POST if request.method == "POST" else None
    form = ColumnsForm(posted, table=table, initial={"draft": draft})
    context = {"form": form, "rows": len(table.rows), "seen": ""}
    columns = form.guessed() if posted is None else form.cleaned_data.get("columns") if form.is_valid() else None
    if columns is None or "title" not in columns.values():
        return render_page(request, "imports/columns.html", context)
    seen = _signature(table, columns)
    if posted is not None and "import" in posted and posted.get("shown") == seen:
        return _import(request, organisation, table, columns, form.cleaned_data["request_key"])
    plan = imports.plan_import(organisation=organisation, table=table, columns=columns)
    context |= _shown(plan) | {
        "columns": [(heading, columns.get(heading)) for heading in table.headings],
        "titles": {slug: column.title for slug, column in imports.COLUMNS.items()},
        "left_out": [heading for heading in table.headings if heading not in columns],
        "seen": seen,
        "changed": posted is not None and "import" in posted,
    }
    return render_page(request, "imports/preview.html", context)


def _import(request, organisation, table, columns, key):
    imports.run_import(organisation=organisation, by=request.user, table=table, columns=columns, key=key)
    return redirect(f"{reverse('activity-import', args=[organisation.slug])}?done={key}")


def _result(request, organisation, key):
    key = _uuid(key)
    result = key and imports.past_result(organisation=organisation, by=request.user, key=key)
    if not result:
        return redirect("activity-import", organisation.slug)
    sentences = {
        name: [imports.Problem(*each) for each in result[name][:SHOWN_SENTENCES]] for name in ("problems", "notes")
    }
    more = max(0, len(result["problems"]) - SHOWN_SENTENCES)
    return render_page(request, "imports/result.html", {"result": result, "more_problems": more, **sentences})


def _shown(plan: imports.Plan) -> dict:
    """Return what the preview shows of a plan: its figures, and as many rows and sentences as a person can read."""
    return {
        "plan": plan,
        "first": plan.new[:SHOWN_ROWS],
        "problems": plan.problems[:SHOWN_SENTENCES],
        "more_problems": max(0, len(plan.problems) - SHOWN_SENTENCES),
        "notes": plan.notes[:SHOWN_SENTENCES],
        "more_notes": max(0, len(plan.notes) - SHOWN_SENTENCES),
    }


def _signature(table: imports.Table, columns: dict[str, str]) -> str:
    """Return which column is which as one short text, so that what is imported is what was looked at."""
    return ",".join(columns.get(heading, "") for heading in table.headings)


def _uuid(words: str) -> UUID | None:
    try:
        return UUID(words)
    except ValueError:
        return None
