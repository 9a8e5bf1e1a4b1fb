"""Bring in a list of activities: choose it, look at what would happen, do it; and look back, and undo it."""

from uuid import UUID

from django.contrib import messages
from django.http import StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from involvement import imports
from involvement.access import Permission, organisation_view
from involvement.actions.base import Refused
from involvement.actions.imports import touched_since, undo_import
from involvement.duplicates import find_alike
from involvement.forms.imports import ColumnsForm, UndoForm, UploadForm, switched, word_questions
from involvement.http import render_page
from involvement.registers import place_title
from involvement.suggestions import first_hint

SHOWN_ROWS = 20  # the words of each are read for it, about a millisecond a row
SHOWN_SENTENCES = 50
SHOWN_TOUCHED = 50


@organisation_view(Permission.ACTIVITY_IMPORT)
def activity_import(request, organisation):
    """Send each step to its page: ``?done=`` the result, ``?draft=`` the preview, else the upload."""
    if "draft" in request.POST:
        return _preview(request, organisation, request.POST["draft"])
    if request.method == "GET" and "done" in request.GET:
        return _result(request, organisation, request.GET["done"])
    if request.method == "GET" and "draft" in request.GET:
        return _preview(request, organisation, request.GET["draft"])
    return _upload(request, organisation)


def _upload(request, organisation):
    posted, too_much = request.method == "POST", "too_much" in request.GET
    sent = (request.POST, request.FILES) if posted else ({},) if too_much else ()
    form = UploadForm(*sent, too_much=too_much)
    if posted and form.is_valid():
        name = getattr(request.FILES.get("file"), "name", "")
        content = form.cleaned_data["content"]
        table = form.cleaned_data["table"]
        draft = imports.keep_draft(organisation=organisation, by=request.user, content=content, name=name, table=table)
        return redirect(f"{reverse('activity-import', args=[organisation.slug])}?draft={draft}")
    context = {"form": form, "columns": imports.LIST_COLUMNS.values(), "past": organisation.imports.exists()}
    return render_page(request, "imports/upload.html", context)


def _preview(request, organisation, draft):
    try:
        kept = _kept(request, organisation, draft)
    except imports.Unreadable as unreadable:
        messages.warning(request, str(unreadable))
        return redirect(f"{request.path}?draft={_uuid(draft)}")
    if not kept:
        messages.warning(request, _("We no longer have that list. Choose it again. Nothing was added."))
        return redirect("activity-import", organisation.slug)
    posted = switched(request.POST, kept.table.headings) if request.method == "POST" else None
    table, columns = kept.table, imports.first_columns(organisation, kept.table)
    doubtful, plan = [], None
    if posted is None and "title" in columns.values():
        plan, columns, doubtful = imports.first_plan(organisation, table, columns)
    form = ColumnsForm(posted, table=table, guessed=columns, initial={"draft": kept.id})
    context = {"form": form, "draft": kept, "seen": ""}
    if posted is not None:
        columns = form.cleaned_data.get("columns") if form.is_valid() else None
    if columns is None or "title" not in columns.values():
        return render_page(request, "imports/columns.html", context)
    how = {"organisation": organisation, "table": table, "columns": columns}
    how |= {"words": _words(organisation, form), "running": form.cleaned_data["running"] if posted else None}
    seen = _signature(table, columns)
    if posted is not None and "import" in posted and posted.get("shown") == seen:
        return _import(request, kept, form.cleaned_data["request_key"], how)
    plan = plan or imports.plan_import(**how)
    if posted is not None and "mend" in posted:
        return _mend(kept, plan)
    context |= _shown(plan) | {
        "questions": word_questions(organisation, plan),
        "titles": {slug: column.title for slug, column in imports.COLUMNS.items()},
        "left_out": [heading for heading in table.headings if heading not in columns],
        "doubtful": doubtful,
        "seen": seen,
        "changed": posted is not None and "import" in posted,
    }
    return render_page(request, "imports/preview.html", context)


def _kept(request, organisation, draft):
    """Return the upload ``draft``, read as the address says: another sheet, another row of headings. None if gone."""
    draft, row = _uuid(draft), request.GET.get("heading_row", "").strip()
    chosen = {
        "sheet": request.GET.get("sheet") or None,
        "heading_row": int(row) if row.isascii() and row.isdigit() and len(row) < 7 else None,
    }
    return draft and imports.kept_draft(organisation=organisation, by=request.user, draft=draft, **chosen)


def _words(organisation, form) -> dict:
    """Return what words mean: as answered before, and over that as answered now."""
    before = imports.remembered_words(organisation)
    now = form.cleaned_data["words"] if form.is_bound else {}
    return {column: {**before.get(column, {}), **now.get(column, {})} for column in before.keys() | now.keys()}


def _import(request, kept, key, how):
    imports.run_import(**how, by=request.user, file_name=kept.name, key=key)
    return redirect(f"{reverse('activity-import', args=[how['organisation'].slug])}{kept.query}&done={key}")


def _mend(kept, plan):
    name = (kept.name.rpartition(".")[0] or kept.name or "list").replace('"', "")
    response = StreamingHttpResponse(imports.mend_lines(kept.table, plan), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = content_disposition_header(True, f"{name}-to-mend.csv")
    return response


def _result(request, organisation, key):
    key = _uuid(key)
    result = key and imports.past_result(organisation=organisation, by=request.user, key=key)
    if not result:
        return redirect("activity-import", organisation.slug)
    imported = organisation.imports.filter(pk=result.get("import")).first()
    causes = imports.causes([imports.Problem(*each) for each in result["problems"]])
    context = {
        "result": result,
        "imported": imported,
        "alike": len(find_alike(request.viewer)),
        "causes": causes[:SHOWN_SENTENCES],
        "more_causes": max(0, len(causes) - SHOWN_SENTENCES),
        "to_mend": _to_mend(request, organisation, imported) if causes else None,
    }
    return render_page(request, "imports/result.html", context)


def _to_mend(request, organisation, imported):
    """Return what the button for the rows to mend has to send, None when the list is no longer kept."""
    kept = _kept(request, organisation, request.GET.get("draft", ""))
    if not kept or imported is None:
        return None
    columns = [(f"column_{at}", imported.columns.get(each, "")) for at, each in enumerate(kept.table.headings)]
    return {"draft": kept, "columns": columns}


def _shown(plan: imports.Plan) -> dict:
    """Return what the preview shows of a plan: its figures, and as many rows and sentences as a person can read."""
    causes, notes, personal = plan.causes, imports.causes(plan.notes), imports.causes(plan.personal)
    return {
        "plan": plan,
        "first": [_first_row(row) for row in plan.new[:SHOWN_ROWS]],
        "causes": causes[:SHOWN_SENTENCES],
        "more_causes": max(0, len(causes) - SHOWN_SENTENCES),
        "notes": notes[:SHOWN_SENTENCES],
        "more_notes": max(0, len(notes) - SHOWN_SENTENCES),
        "personal": personal[:SHOWN_SENTENCES],
        "more_personal": max(0, len(personal) - SHOWN_SENTENCES),
        "here": plan.here[:SHOWN_SENTENCES],
        "more_here": max(0, len(plan.here) - SHOWN_SENTENCES),
        "alike": plan.alike[:SHOWN_SENTENCES],
        "more_alike": max(0, len(plan.alike) - SHOWN_SENTENCES),
    }


def _first_row(row: imports.PlannedRow) -> dict:
    """Return a row as the preview shows it: with the place that it brings, else with what its words suggest."""
    for reading in reversed(row.brought.readings):
        if not reading.fields.get("until"):
            return {"row": row, "brings": place_title(reading.fields["primary_place"])}
    groups = [each["group"] for each in row.facts.get("groups", ())]
    return {"row": row, "hint": first_hint(row.activity, groups)}


def _signature(table: imports.Table, columns: dict[str, str]) -> str:
    """Return which column is which as one short text, so that what is imported is what was looked at."""
    return ",".join(columns.get(heading, "") for heading in table.headings)


def _uuid(words: str) -> UUID | None:
    try:
        return UUID(words)
    except ValueError:
        return None


def load_import(organisation, imported):
    """Return the organisation's import with the id ``imported``."""
    return organisation.imports.select_related("recorded_by", "undone_by").get(pk=imported)


@organisation_view(Permission.ACTIVITY_IMPORT)
def import_list(request, organisation):
    """List what was brought in: who, when, from which file, what came of it."""
    past = organisation.imports.select_related("recorded_by", "undone_by")[:200]
    return render_page(request, "imports/list.html", {"past": past})


@organisation_view(Permission.ACTIVITY_IMPORT, load=load_import)
def import_detail(request, organisation, imported):
    """Show one import, what somebody has worked on since, and undo it."""
    form = UndoForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            done = undo_import(imported=imported, by=request.user, keep_touched=form.cleaned_data["keep"])
        except Refused as refused:
            form.refuse(refused)
        else:
            said = _("The import is undone: %(removed)d activities are out of the register again")
            messages.success(request, said % {"removed": done.removed})
            return redirect("import-detail", organisation.slug, imported.pk)
    touched = touched_since(imported).order_by("pk")
    left = imported.activities.filter(organisation=organisation)
    context = {
        "imported": imported,
        "form": form,
        "touched": touched[:SHOWN_TOUCHED],
        "touched_count": touched.count(),
        "left": left.count(),
        "columns": [(heading, ours) for heading, ours in imported.columns.items()],
        "titles": {slug: column.title for slug, column in imports.COLUMNS.items()},
    }
    return render_page(request, "imports/detail.html", context)
