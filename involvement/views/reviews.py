"""Review rounds: the list and my queue, opening, one round, one activity before a reviewer, taking out, closing."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from involvement.access import Permission, organisation_view
from involvement.actions import reviewing
from involvement.actions.base import Conflict, Refused
from involvement.agreement import AGAIN, FEW, level
from involvement.forms.classify import disputes, points
from involvement.forms.reviews import ANSWER, CANNOT, DRAFT, RemoveForm, ReviewForm, RoundForm
from involvement.http import render_page
from involvement.particulars import reading_of
from involvement.registers import place_title
from involvement.reviews import facts, progress, queues, results, rounds, waits_blind


def load_round(organisation, round):
    """Return the organisation's review round with the id ``round``."""
    rows = organisation.review_rounds.select_related("organisation", "service", "recorded_by", "closed_by")
    return rows.get(pk=round)


def load_reviewer(organisation, round, reviewer):
    """Return somebody who is in one of the organisation's rounds."""
    rows = organisation.round_reviewers.select_related("organisation", "round", "person")
    return rows.get(pk=reviewer, round=round)


def load_task(organisation, task):
    """Return a review that somebody was asked for, with the activity; nothing of what the organisation says of it."""
    rows = organisation.review_tasks.select_related(
        "organisation", "round__organisation", "reviewer__person", "activity__organisation", "activity__service"
    )
    return rows.get(pk=task)


@organisation_view(Permission.READ, blind=True)
@require_safe
def review_list(request, organisation):
    """Show what waits for a reviewer first, then every round with how far it is."""
    context = {"queues": queues(request.viewer), "rounds": rounds(request.viewer)}
    return render_page(request, "reviews/list.html", context)


@organisation_view(Permission.ROUND_OPEN)
def review_new(request, organisation):
    """Open a round: what can be drawn, how many, who reviews, until when."""
    people = reviewing.possible_reviewers(organisation)
    form = RoundForm(request.POST or None, organisation=organisation, people=people)
    if request.method == "POST" and form.is_valid():
        try:
            round_ = reviewing.open_round(organisation=organisation, by=request.user, **form.facts)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The round is open. Those who review find it on their front page."))
            return redirect("review-round", organisation.slug, round_.pk)
    return render_page(request, "reviews/new.html", {"form": form, "people": people})


@organisation_view(Permission.READ, load=load_round, blind=True)
@require_safe
def review_round(request, organisation, round_):
    """Show how far a round is; once it is closed, what came out, except to whom it would tell what they review."""
    closed, blind = round_.closed_on is not None, waits_blind(request.viewer, round_)
    context = {
        "round": round_, "progress": progress(request.viewer, round_), "blind": closed and blind, "results": None,
        "few": FEW, "again": AGAIN,
    }  # fmt: skip
    if closed and not blind:
        found = results(request.viewer, round_)
        context["results"] = found
        context["measures"] = [
            (_("Patient leaders with one another"), found.among, _level(found.among)),
            (_("Patient leaders with the organisation"), found.with_us, _level(found.with_us)),
        ]
    return render_page(request, "reviews/round.html", context)


def _level(found) -> str:
    """Return in words what an alpha allows to say, or why there is none."""
    if found.alpha is None:
        return {
            "few": _("Too few activities to measure. Read them one by one below."),
            "one-each": _("No activity has two answers to compare."),
            "all-same": _("All answers name the same place, so there is nothing to measure."),
        }[found.why]
    return {
        "good": _("Strong: they read the activities alike."),
        "fair": _("Fair: enough for a first conclusion, not for a firm one."),
        "poor": _("Weak: do not conclude much from the totals. Read where they differ."),
    }[level(found.alpha)]


@organisation_view(Permission.ROUND_OPEN, load=load_round)
def review_close(request, organisation, round_):
    """Close a round: when all have answered, or after its day."""
    refused = ""
    if request.method == "POST":
        try:
            reviewing.close_round(round_=round_, by=request.user)
        except Refused as why:
            refused = str(why)
        else:
            messages.success(request, _("The round is closed. Every member can read what came out."))
            return redirect("review-round", organisation.slug, round_.pk)
    context = {"round": round_, "progress": progress(request.viewer, round_), "refused": refused}
    return render_page(request, "reviews/close.html", context, status=422 if refused else 200)


@organisation_view(Permission.ROUND_OPEN, load=load_reviewer)
def review_remove(request, organisation, reviewer):
    """Take somebody out of an open round, with a reason that is printed."""
    form = RemoveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            reviewing.remove_reviewer(reviewer=reviewer, by=request.user, reason=form.cleaned_data["reason"])
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("They are out of the round. Your reason is printed with it."))
            return redirect("review-round", organisation.slug, reviewer.round_id)
    return render_page(request, "reviews/remove.html", {"form": form, "reviewer": reviewer, "round": reviewer.round})


@organisation_view(Permission.REVIEW, load=load_task, blind=True)
def review_task(request, organisation, task):
    """Show the facts and ask the questions, blind; after the answer show it beside what the organisation says."""
    if task.reviewer.person_id != request.user.pk:
        raise Http404
    if reviewing.keeps_the_register(organisation, request.user):
        raise PermissionDenied
    if task.answered_at is not None:
        if request.method == "POST":
            return redirect("review-task", organisation.slug, task.pk)
        return _answered(request, organisation, task)
    if task.reviewer.removed_on is not None or task.round.closed_on is not None:
        messages.info(request, _("You can no longer answer this one. The round’s page says why."))
        return redirect("review-round", organisation.slug, task.round_id)
    if reviewing.must_practise(task.round, request.user):
        messages.info(request, _("Practise first: twelve cases, about 20 minutes. Then your reviews open."))
        return redirect("practise", organisation.slug)
    if request.method == "POST":
        return _answering(request, organisation, task)
    return render_page(request, "reviews/task.html", _page(request, ReviewForm(task=task)))


def _answering(request, organisation, task):
    """Save a draft, look where the answers point, or take the answer."""
    shown = request.POST.getlist("shown")
    doing = next((each for each in (DRAFT, CANNOT) if each in request.POST), ANSWER)
    if "look" in request.POST or doing == DRAFT:
        form = ReviewForm.looking(request.POST, task=task)
        if doing != DRAFT:
            context = _page(request, form, redrawn=form.redrawn(shown))
            return render_page(request, "reviews/task.html", context, part="update")
        try:
            reviewing.save_draft(task=task, by=request.user, version=_version(request), draft=form.draft)
        except Refused as refused:
            messages.error(request, str(refused))
            return render_page(request, "reviews/task.html", _page(request, form), status=422)
        except Conflict as conflict:
            return _overtaken(request, form, conflict)
        messages.success(request, _("Your answers so far are kept. Nobody else sees them."))
        return redirect("review-list", organisation.slug)
    form = ReviewForm(request.POST, task=task, doing=doing)
    unseen = form.unseen(shown) if doing == ANSWER else []
    if form.is_valid() and not unseen:
        try:
            form.save(by=request.user)
        except Refused as refused:
            form.refuse(refused)
        except Conflict as conflict:
            return _overtaken(request, form, conflict)
        else:
            return redirect("review-task", organisation.slug, task.pk)
    return render_page(request, "reviews/task.html", _page(request, form, unseen=unseen))


def _version(request) -> int:
    typed = request.POST.get("version", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0


def _overtaken(request, form, conflict):
    """The same person saved in another window: keep these words on the page, and let them save over the others."""
    again = ReviewForm.looking(request.POST, task=form.task)
    again.initial["version"] = conflict.current.version
    return render_page(request, "reviews/task.html", {**_page(request, again), "overtaken": True}, status=409)


def _page(request, form: ReviewForm, *, redrawn=(), unseen=()) -> dict:
    """Return the facts and the questions. No query here meets a classification, nor the ways of a change."""
    [queue] = [each for each in queues(request.viewer) if each.round == form.task.round]
    return points(form) | {
        "form": form,
        "task": form.task,
        "facts": facts(request.viewer, form.task.activity),
        "queue": queue,
        "number": next(at for at, each in enumerate(queue.tasks, 1) if each == form.task),
        "redrawn": redrawn,
        "unseen": unseen,
        "overtaken": False,
        "disputes": disputes(form, {}),
    }


def _answered(request, organisation, task):
    """Show my answer, then what the organisation said on the day the round was opened."""
    ways = Prefetch("placements", organisation.placements.all())
    readings = organisation.classifications.prefetch_related(ways).select_related("recorded_by")
    drawn = task.round.drawn.get(organisation=organisation, activity=task.activity_id)
    theirs = reading_of(readings.get(pk=drawn.classification_id))
    mine = reading_of(readings.get(pk=task.classification_id)) if task.classification_id else None
    queue = next((each for each in queues(request.viewer) if each.round == task.round), None)
    left = queue.left if queue else 0
    context = {
        "task": task,
        "mine": mine,
        "theirs": theirs,
        "mine_title": place_title(mine.agreed_place) if mine else "",
        "theirs_title": place_title(theirs.agreed_place),
        "same": mine is not None and mine.agreed_place == theirs.agreed_place,
        "following": queue.next if queue else None,
        "left": ngettext("%(n)d is left", "%(n)d are left", left) % {"n": left} if left else "",
        "address": reverse("review-list", args=[organisation.slug]),
    }
    return render_page(request, "reviews/answered.html", context)
