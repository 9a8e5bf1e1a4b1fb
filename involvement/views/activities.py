"""The register: the list, one activity, and the acts upon it."""

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from involvement import drawing
from involvement.access import KEEPERS, Permission, closed_to_reviewers, organisation_view
from involvement.actions import activities
from involvement.actions.base import Conflict, Refused
from involvement.assessments import assessed_for
from involvement.challenges import challenge_rows
from involvement.chronicle import chronicle
from involvement.duplicates import merges_of
from involvement.forms.activities import ActivityForm, RunningForm, WithdrawForm, said_by
from involvement.http import render_conflict, render_page
from involvement.maps import rulings_at
from involvement.particulars import activity_detail as detail_of
from involvement.particulars import unread_dates
from involvement.registers import list_page


def load_activity(organisation, activity):
    """Return the organisation's activity with the id ``activity``."""
    return organisation.activities.select_related("service", "piece", "recorded_by").get(pk=activity)


@organisation_view(Permission.READ, blind=True, kept=True)
def activity_list(request, organisation):
    """List the activities: searched, filtered, sorted, 50 a page."""
    page = list_page(request.viewer, request.GET)
    disputed = any(row.contested for row in page.rows)
    rulings = drawing.ruling_rows(rulings_at(organisation, page.filters.as_at)) if disputed else ()
    context = {"page": page, "ticked": request.GET.get("tick") == "page", "rulings": rulings}
    return render_page(request, "activities/list.html", context)


@organisation_view(Permission.ACTIVITY_EDIT)
def activity_new(request, organisation):
    """Add an activity."""
    form = ActivityForm(request.POST or None, organisation=organisation)
    if request.method == "POST" and form.is_valid():
        key = form.cleaned_data["request_key"]
        try:
            activity = activities.add_activity(organisation=organisation, by=request.user, facts=form.facts(), key=key)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The activity is in the list"))
            _say_unread(request, activity)
            return redirect("activity-detail", organisation.slug, activity.pk)
    return render_page(request, "activities/form.html", {"form": form})


@organisation_view(Permission.READ, load=load_activity, blind=True, kept=True)
def activity_detail(request, organisation, activity):
    """Show one activity with all that is known of it."""
    detail = detail_of(request.viewer, activity)
    merged, into = merges_of(request.viewer, activity)
    context = {"activity": activity, "detail": detail, "changes": detail.changes, "running_form": RunningForm()}
    context |= {"merged": merged, "merged_into": into}
    challenges = challenge_rows(request.viewer, activity=activity.pk)
    context |= {
        "assessed": assessed_for(request.viewer, activity),
        "challenges": challenges,
        "settled": [row for row in challenges if not row.is_open],
        "may_challenge": request.viewer.may(Permission.CHALLENGE) and not request.viewer.roles & KEEPERS,
    }
    return render_page(request, "activities/detail.html", context)


@organisation_view(Permission.ACTIVITY_EDIT, load=load_activity)
def activity_edit(request, organisation, activity):
    """Change an activity; a second writer is told what changed, and loses nothing."""
    if activity.withdrawn_on:
        messages.warning(request, _("This activity was withdrawn, so it cannot be changed"))
        return redirect("activity-detail", organisation.slug, activity.pk)
    form = ActivityForm(request.POST or None, organisation=organisation, activity=activity)
    context = {"form": form, "activity": activity}
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"] or 0
        try:
            saved = activities.edit_activity(activity=activity, by=request.user, facts=form.facts(), version=version)
        except Refused as refused:
            form.refuse(refused)
        except Conflict as conflict:
            theirs = said_by(conflict.current)
            return render_conflict(request, form, conflict, context, theirs=theirs)
        else:
            messages.success(request, _("Your changes are saved"))
            _say_unread(request, saved)
            return redirect("activity-detail", organisation.slug, activity.pk)
    return render_page(request, "activities/form.html", context)


@organisation_view(Permission.ACTIVITY_EDIT, load=load_activity)
def activity_withdraw(request, organisation, activity):
    """Take back an activity that was entered by mistake, with a reason."""
    if activity.withdrawn_on:
        messages.warning(request, _("This activity is withdrawn already"))
        return redirect("activity-detail", organisation.slug, activity.pk)
    form = WithdrawForm(request.POST or None, initial={"version": activity.version})
    context = {"form": form, "activity": activity}
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            activities.withdraw_activity(
                activity=activity, by=request.user, reason=said["reason"], version=said["version"]
            )
        except Refused as refused:
            form.refuse(refused)
        except Conflict as conflict:
            return render_conflict(request, form, conflict, context)
        else:
            messages.success(request, _("The activity is withdrawn. It is out of the map at every date."))
            return redirect("activity-detail", organisation.slug, activity.pk)
    return render_page(request, "activities/withdraw.html", context)


@organisation_view(Permission.ACTIVITY_EDIT, load=load_activity)
def activity_running(request, organisation, activity):
    """Answer "is it running today?"; the question also stands on the activity's own page."""
    form = RunningForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        running = form.cleaned_data["running"]
        try:
            activities.confirm_running(activity=activity, by=request.user, running=running)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Your answer is saved"))
            return redirect("activity-detail", organisation.slug, activity.pk)
    context = {"form": form, "activity": activity, "detail": detail_of(request.viewer, activity)}
    return render_page(request, "activities/running.html", context)


@organisation_view(Permission.READ, load=load_activity, blind=True)
def activity_history(request, organisation, activity):
    """Tell what happened to an activity's record, newest first; not to whoever is still to review it blind."""
    if activity.pk in request.viewer.hidden:
        return closed_to_reviewers(request)
    context = {"activity": activity, "events": chronicle(request.viewer, activity)}
    return render_page(request, "activities/history.html", context)


def _say_unread(request, activity) -> None:
    """Tell which of the dates that were written could not be read: no error, but they do not count yet."""
    for words in unread_dates(activity):
        messages.info(
            request, _("We could not read this date, so it does not count yet: “%(words)s”") % {"words": words}
        )
