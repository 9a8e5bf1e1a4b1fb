"""What came of an activity: changes, the evidence for them, and the files behind the evidence."""

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.core.paginator import Paginator
from django.http import FileResponse, Http404
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from involvement.access import Permission, member_view, organisation_view
from involvement.actions import influence
from involvement.actions.base import Conflict, Refused, today
from involvement.files import stored_file_for
from involvement.forms.influence import ChangeForm, EvidenceForm
from involvement.forms.pieces import ConfirmForm
from involvement.http import render_conflict, render_page
from involvement.later import asked_again, with_titles

A_PAGE = 20


def load_activity(organisation, activity):
    """Return the organisation's activity with the id ``activity``."""
    return organisation.activities.get(pk=activity)


def load_change(organisation, change):
    """Return the organisation's change with the id ``change``."""
    return organisation.changes.select_related("activity").get(pk=change)


def load_evidence(organisation, evidence):
    """Return the organisation's evidence with the id ``evidence``."""
    return organisation.evidence.select_related("change__activity").get(pk=evidence)


@organisation_view(Permission.INFLUENCE_EDIT, load=load_activity)
def change_new(request, organisation, activity):
    """Record what came of an activity."""
    form = ChangeForm(request.POST or None, organisation=organisation, activity=activity)
    if request.method == "POST" and form.is_valid():
        try:
            change = influence.record_change(
                activity=activity, by=request.user, key=form.cleaned_data["request_key"], **form.words()
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("What came of it is saved. You can add evidence now."))
            return redirect("evidence-new", organisation.slug, change.pk)
    return render_page(request, "influence/change.html", {"form": form, "activity": activity})


@organisation_view(Permission.INFLUENCE_EDIT, load=load_change)
def change_edit(request, organisation, change):
    """Change what was recorded; a second writer is told what changed."""
    form = ChangeForm(request.POST or None, organisation=organisation, activity=change.activity, change=change)
    context = {"form": form, "activity": change.activity, "change": change}
    if request.method == "POST" and form.is_valid():
        try:
            influence.edit_change(
                change=change, by=request.user, version=form.cleaned_data["version"] or 0, **form.words()
            )
        except Refused as refused:
            form.refuse(refused)
        except Conflict as conflict:
            return render_conflict(request, form, conflict, context)
        else:
            messages.success(request, _("Your changes are saved"))
            return redirect("activity-detail", organisation.slug, change.activity_id)
    return render_page(request, "influence/change.html", context)


@organisation_view(Permission.INFLUENCE_EDIT, load=load_change)
def evidence_new(request, organisation, change):
    """Attach evidence to a change: our word, a document, or people who confirm it."""
    form = EvidenceForm(request.POST or None, request.FILES or None, organisation=organisation)
    if request.method == "POST" and form.is_valid():
        try:
            influence.add_evidence(change=change, by=request.user, key=form.cleaned_data["request_key"], **form.words())
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The evidence is added"))
            return redirect("activity-detail", organisation.slug, change.activity_id)
    context = {"form": form, "change": change, "activity": change.activity}
    return render_page(request, "influence/evidence.html", context)


@organisation_view(Permission.INFLUENCE_EDIT, load=load_evidence)
def evidence_withdraw(request, organisation, evidence):
    """Ask, then stop evidence from counting; it stays in the record."""
    form = ConfirmForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        influence.withdraw_evidence(evidence=evidence, by=request.user)
        messages.success(request, _("The evidence no longer counts. It stays in the record."))
        return redirect("activity-detail", organisation.slug, evidence.change.activity_id)
    context = {"form": form, "evidence": evidence, "activity": evidence.change.activity}
    return render_page(request, "influence/withdraw.html", context)


@organisation_view(Permission.READ, post=Permission.INFLUENCE_EDIT)
def ask_again(request, organisation):
    """List the ended activities to ask about again; one press answers that there is no effect to tell."""
    if request.POST.get("nothing"):
        _nothing_to_tell(request, organisation)
        messages.success(request, _("Your answer is recorded."))
        return redirect(request.get_full_path())
    due = asked_again(request.viewer, on=today())
    page = Paginator(due, A_PAGE).get_page(request.GET.get("page"))
    return render_page(request, "influence/again.html", {"page": page, "rows": with_titles(request.viewer, page)})


def _nothing_to_tell(request, organisation) -> None:
    """Record what the button said ("activity-years"); Http404 for what the page did not offer."""
    pk, _dash, years = request.POST["nothing"].partition("-")
    if not (pk.isdecimal() and years.isdecimal() and len(pk) < 19 and len(years) < 3):
        raise Http404
    try:
        activity = load_activity(organisation, int(pk))
        influence.nothing_to_tell(activity=activity, by=request.user, years=int(years))
    except (ObjectDoesNotExist, Refused) as wrong:
        raise Http404 from wrong


@require_GET
@member_view
def stored_file(request, file_id):
    """Hand out an evidence file as an attachment to members of its organisation; 404 to everybody else."""
    stored = stored_file_for(request.user, file_id)
    response = FileResponse(stored.file.open("rb"), as_attachment=True, filename=stored.name)
    response["Content-Type"] = stored.content_type
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
