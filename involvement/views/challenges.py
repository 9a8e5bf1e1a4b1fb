"""Formal disagreement: the list, one exchange, making a challenge, replying to it, going on with it."""

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from framework.catalogue import catalogue
from involvement.access import KEEPERS, Permission, closed_to_reviewers, organisation_view
from involvement.actions import challenging
from involvement.actions.base import Refused
from involvement.challenges import ChallengeState, challenge_rows
from involvement.forms.challenges import ChallengeForm, GoOnForm, ReplyForm
from involvement.http import render_page
from involvement.models import Challenge, ChallengeStep
from involvement.registers import day

Kind, Step = Challenge.Kind, ChallengeStep.Kind
SHOWN = {
    "open": gettext_lazy("Open"),
    "owed": gettext_lazy("A reply is owed"),
    "settled": gettext_lazy("Accepted or closed"),
}
REPLIES = {
    Step.ACCEPT: gettext_lazy("Accept it"),
    Step.EXPLAIN: gettext_lazy("Explain why not"),
    Step.ASK: gettext_lazy("Ask something first"),
}
GO_ON = {
    Step.ANSWER: gettext_lazy("Answer the question"),
    Step.CLOSE: gettext_lazy("It is settled: close it"),
    Step.STAND: gettext_lazy("Let it stand"),
}


def load_challenge(organisation, challenge):
    """Return the organisation's challenge with the id ``challenge``."""
    return organisation.challenges.select_related("activity", "response", "organisation").get(pk=challenge)


@organisation_view(Permission.READ, blind=True)
@require_safe
def challenge_list(request, organisation):
    """List the challenges: open, those whose reply is owed, settled (``?show=``)."""
    rows = challenge_rows(request.viewer)
    found = {
        "open": [row for row in rows if row.is_open],
        "owed": [row for row in rows if row.owed],
        "settled": [row for row in rows if not row.is_open],
    }
    chosen = request.GET.get("show", "open")
    if chosen not in found:
        raise Http404
    context = {
        "rows": found[chosen],
        "chosen": chosen,
        "filters": [(slug, title, len(found[slug])) for slug, title in SHOWN.items()],
        "days": organisation.reply_days,
        "places": catalogue().places.values(),
        "may": _may_challenge(request),
    }
    return render_page(request, "challenges/list.html", context)


@organisation_view(Permission.CHALLENGE, blind=True)
def challenge_new(request, organisation):
    """Make a challenge of what the address names: an activity, an answer "not needed", a cell where one is missing."""
    about = _about(request, organisation)
    form = ChallengeForm(request.POST or None, kinds=about.pop("kinds"), changes=about.pop("changes"))
    if not _may_challenge(request):
        raise PermissionDenied
    if about.get("activity") and about["activity"].pk in request.viewer.hidden:
        return closed_to_reviewers(request)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        chosen = {}
        if said.get("change") and said["kind"] == Kind.GRADE:
            chosen["change"] = organisation.changes.get(pk=int(said["change"]), activity=about["activity"])
        try:
            row = challenging.make_challenge(
                organisation=organisation, by=request.user, kind=said["kind"], words=said["words"],
                key=said["request_key"], **about, **chosen,
            )  # fmt: skip
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Your challenge is on record. A reply is owed to you."))
            return redirect("challenge-detail", organisation.slug, row.pk)
    context = {"form": form, "days": organisation.reply_days, **about}
    if about.get("place"):
        context["cell"] = challenging.cell_words(about["place"], about["facet"])
    return render_page(request, "challenges/new.html", context)


@organisation_view(Permission.READ, load=load_challenge, blind=True)
@require_safe
def challenge_detail(request, organisation, challenge):
    """Show one exchange, with the next thing that the viewer can do."""
    if challenge.activity_id in request.viewer.hidden:
        return closed_to_reviewers(request)
    (row,) = challenge_rows(request.viewer, pk=challenge.pk)
    mine = challenge.recorded_by_id == request.user.pk and _may_challenge(request)
    context = {
        "row": row,
        "replies": REPLIES.items() if row.owed and request.viewer.may(Permission.CHALLENGE_REPLY) else (),
        "accept": not row.owed and row.is_open and request.viewer.may(Permission.CHALLENGE_REPLY),
        "go_on": [(kind, GO_ON[kind]) for kind in _steps(row)] if mine else (),
    }
    return render_page(request, "challenges/detail.html", context)


@organisation_view(Permission.CHALLENGE_REPLY, load=load_challenge)
def challenge_reply(request, organisation, challenge):
    """Accept, explain or ask (``?kind=``)."""
    kind = request.GET.get("kind", "")
    if kind not in REPLIES:
        raise Http404
    added = None
    if kind == Step.ACCEPT and challenge.kind == Kind.MISSING:
        since = organisation.activities.listed().filter(recorded_at__gte=challenge.recorded_at).order_by("-pk")[:100]
        added = list(since.values_list("pk", "title"))
    form = ReplyForm(request.POST or None, kind=kind, activities=added)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        activity = organisation.activities.get(pk=int(said["activity"])) if said.get("activity") else None
        try:
            challenging.reply(
                challenge=challenge, by=request.user, kind=kind, words=said["words"], activity=activity,
                key=said["request_key"],
            )  # fmt: skip
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Your reply is on record."))
            return redirect("challenge-detail", organisation.slug, challenge.pk)
    (row,) = challenge_rows(request.viewer, pk=challenge.pk)
    context = {"row": row, "form": form, "title": REPLIES[Step(kind)], "kind": kind}
    return render_page(request, "challenges/step.html", context)


@organisation_view(Permission.CHALLENGE, load=load_challenge, blind=True)
def challenge_go_on(request, organisation, challenge):
    """Answer, close or let stand (``?kind=``): only for whoever made the challenge."""
    kind = request.GET.get("kind", "")
    if kind not in GO_ON:
        raise Http404
    if challenge.activity_id in request.viewer.hidden:
        return closed_to_reviewers(request)
    form = GoOnForm(request.POST or None, kind=kind)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            challenging.follow_up(
                challenge=challenge, by=request.user, kind=kind, words=said["words"], key=said["request_key"]
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("It is on record."))
            return redirect("challenge-detail", organisation.slug, challenge.pk)
    (row,) = challenge_rows(request.viewer, pk=challenge.pk)
    context = {"row": row, "form": form, "title": GO_ON[Step(kind)], "kind": kind}
    return render_page(request, "challenges/step.html", context)


def _may_challenge(request) -> bool:
    """Return whether the viewer is a patient leader who does not keep the register too."""
    return request.viewer.may(Permission.CHALLENGE) and not request.viewer.roles & KEEPERS


def _steps(row) -> list[str]:
    """Return what the challenger can do with their challenge as it stands, the likeliest first."""
    if not row.is_open:
        return []
    if row.state is ChallengeState.ASKED:
        return [Step.ANSWER, Step.CLOSE]
    return [Step.STAND, Step.CLOSE] if row.state is ChallengeState.ANSWERED else [Step.CLOSE]


def _about(request, organisation) -> dict:
    """Return what the address names, as arguments of make_challenge, with the kinds that fit. Http404 for nothing."""
    asked = request.GET
    task = _one(organisation.review_tasks, asked.get("task", ""), person=request.user)
    try:
        if task is not None or asked.get("activity"):
            pk = task.activity_id if task else int(asked["activity"][:15])
            activity = organisation.activities.listed().get(pk=pk)
            rows = organisation.changes.filter(activity=activity).order_by("-decided_on", "-id")
            changes = [(each.pk, f"{each.get_outcome_display()}, {day(each.decided_on)}") for each in rows]
            kinds = [Kind.PLACE, Kind.HAPPENED, *([Kind.GRADE] if changes else [])]
            return {"activity": activity, "task": task, "kinds": kinds, "changes": changes}
        if asked.get("response"):
            response = organisation.responses.select_related("service").get(pk=int(asked["response"][:15]))
            return {"response": response, "kinds": [Kind.NOT_NEEDED], "changes": ()}
        if asked.get("place"):
            slug = asked.get("service", "")
            service = organisation.services.get(slug=slug) if slug else None
            facet = asked.get("facet", "")
            if asked["place"] not in catalogue().places or (facet and facet not in catalogue().facets):
                raise Http404
            cell = {"service": service, "place": asked["place"], "facet": facet}
            return cell | {"kinds": [Kind.MISSING], "changes": ()}
    except (ObjectDoesNotExist, ValueError) as missing:
        raise Http404 from missing
    raise Http404


def _one(tasks, pk: str, *, person):
    """Return the reviewer's own answered task with this id; None where none is named. Http404 for another."""
    if not pk:
        return None
    try:
        return tasks.get(pk=pk, reviewer__person=person, answered_at__isnull=False)
    except (ObjectDoesNotExist, ValidationError) as missing:
        raise Http404 from missing
