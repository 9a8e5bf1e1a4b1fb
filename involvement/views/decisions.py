"""The major or ethically hard decisions of each year, and who from outside the staff took part in them."""

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from involvement.access import Permission, organisation_view
from involvement.actions import decisions
from involvement.actions.base import Conflict, Refused
from involvement.decisions import activities_to_choose, board_years, withdrawn_decisions
from involvement.forms.decisions import DecisionForm, FindForm, TookPartForm, WithdrawForm
from involvement.http import render_conflict, render_page


def load_decision(organisation, decision):
    """Return the organisation's decision with the id ``decision``, unless it was withdrawn."""
    return organisation.decisions.get(pk=decision, withdrawn_on=None)


@organisation_view(Permission.READ)
@require_safe
def decision_list(request, organisation):
    """List the decisions by board's year; each shows who took part, or that nobody did."""
    context = {
        "years": board_years(request.viewer),
        "withdrawn": withdrawn_decisions(request.viewer),
        "most": decisions.A_YEAR,
    }
    return render_page(request, "decisions/list.html", context)


@organisation_view(Permission.DECISION_LIST)
def decision_new(request, organisation):
    """Put a decision on the list, then ask who took part."""
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            decision = decisions.list_decision(
                organisation=organisation, by=request.user, key=form.cleaned_data["request_key"], **form.words()
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The decision is on the list. Who took part in it?"))
            return redirect("decision-took-part", organisation.slug, decision.pk)
    return render_page(request, "decisions/form.html", {"form": form, "decision": None})


@organisation_view(Permission.DECISION_LIST, load=load_decision)
def decision_edit(request, organisation, decision):
    """Change the words of a decision."""
    form = DecisionForm(request.POST or None, decision=decision)
    context = {"form": form, "decision": decision}
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"] or 0
        try:
            decisions.edit_decision(decision=decision, by=request.user, version=version, **form.words())
        except Refused as refused:
            form.refuse(refused)
        except Conflict as conflict:
            return render_conflict(request, form, conflict, context)
        else:
            messages.success(request, _("Your changes are saved"))
            return redirect("decision-list", organisation.slug)
    return render_page(request, "decisions/form.html", context)


@organisation_view(Permission.DECISION_LIST, load=load_decision)
def decision_took_part(request, organisation, decision):
    """Say through which activities people took part: those named already, and those that ``?q=`` finds."""
    q = request.GET.get("q", "").replace("\x00", "")[:200]
    named, others = activities_to_choose(request.viewer, decision, q)
    form = TookPartForm(
        request.POST or None, organisation=organisation, decision=decision, named=named, others=others
    )
    context = {"form": form, "find": FindForm(request.GET), "decision": decision, "found": len(others), "q": q}
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"] or 0
        try:
            decisions.say_who_took_part(
                decision=decision, by=request.user, version=version, activities=form.chosen()
            )
        except Refused as refused:
            form.refuse(refused)
        except Conflict as conflict:
            theirs = {"activities": [str(each.activity.pk) for each in named]}
            return render_conflict(request, form, conflict, context, theirs=theirs)
        else:
            messages.success(request, _("Who took part is saved."))
            return redirect("decision-list", organisation.slug)
    return render_page(request, "decisions/took_part.html", context)


@organisation_view(Permission.DECISION_LIST, load=load_decision)
def decision_withdraw(request, organisation, decision):
    """Take a decision off the list, with a reason that stays readable."""
    form = WithdrawForm(request.POST or None, decision=decision)
    context = {"form": form, "decision": decision}
    if request.method == "POST" and form.is_valid():
        said = {"version": form.cleaned_data["version"] or 0, "reason": form.cleaned_data["reason"]}
        try:
            decisions.withdraw_decision(decision=decision, by=request.user, **said)
        except Refused as refused:
            form.refuse(refused)
        except Conflict as conflict:
            return render_conflict(request, form, conflict, context)
        else:
            messages.success(request, _("The decision is off the list. It stays on record with your reason."))
            return redirect("decision-list", organisation.slug)
    return render_page(request, "decisions/withdraw.html", context)
