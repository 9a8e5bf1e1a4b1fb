"""The guided classification of one activity."""

from django.contrib import messages
from django.db.models import Count, Exists, OuterRef, Q, Window
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from framework.catalogue import catalogue
from involvement.access import Permission, organisation_view
from involvement.actions.base import Refused, today
from involvement.actions.classification import current_classification
from involvement.forms.classify import ActForm, ClassifyForm, disputes, initial_from, place_title, points
from involvement.http import render_page
from involvement.models import Ruling


def load_activity(organisation, activity):
    """Return the organisation's activity with the id ``activity``, unless it was withdrawn."""
    return organisation.activities.select_related("organisation", "service", "piece").get(
        pk=activity, withdrawn_on=None
    )


@organisation_view(Permission.ACTIVITY_CLASSIFY, load=load_activity)
def classify(request, organisation, activity):
    """Ask the questions, show what the answers point to, write the reading that a person agrees to."""
    current = current_classification(activity)
    if request.method != "POST":
        return _open_page(request, activity, current)
    about = {"activity": activity, "current": current, "act": request.POST.get("act") or request.GET.get("act", "")}
    shown = request.POST.getlist("shown")
    if "look" in request.POST:
        form = ClassifyForm.looking(request.POST, **about)
        return render_page(
            request, "classify/page.html", _page(request, form, redrawn=form.redrawn(shown)), part="update"
        )
    form = ClassifyForm(request.POST, **about)
    if current is not None and form.is_sent_again(by=request.user):
        return redirect("activity-detail", organisation.slug, activity.pk)
    unseen = form.unseen(shown)
    if form.is_valid() and not unseen:
        try:
            form.save(by=request.user)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The place is saved"))
            if current is None and (waiting := _waiting(organisation)):
                messages.info(request, waiting)
            return redirect("activity-detail", organisation.slug, activity.pk)
    return render_page(request, "classify/page.html", _page(request, form, unseen=unseen))


def _waiting(organisation) -> str:
    """Return a link to the next activity that nobody has placed, "" when none is left."""
    left = organisation.activities.listed().exclude(
        Exists(organisation.classifications.filter(activity=OuterRef("pk"), kind="leader", until=None, void_at=None))
    )
    following = left.order_by("-pk").annotate(waiting=Window(Count("*"))).values_list("pk", "waiting").first()
    if following is None:
        return ""
    pk, number = following
    words = ngettext("%(n)d activity waits:", "%(n)d activities wait:", number) % {"n": number}
    address = reverse("activity-classify", args=[organisation.slug, pk])
    return format_html('{} <a href="{}">{}</a>', words, address, _("Place the next one"))


def _open_page(request, activity, current):
    """Show the questions; first ask which act it is when the activity has a place already."""
    act = request.GET.get("act")
    if current is not None:
        form = ActForm(request.GET if "act" in request.GET else None)
        if not form.is_valid():
            context = {"form": form, "activity": activity, "current": current, "now": _reading(current)}
            return render_page(request, "classify/act.html", context)
    initial = initial_from(current) if current is not None and "again" in request.GET else None
    form = ClassifyForm(activity=activity, current=current, act=act or "", initial=initial)
    return render_page(request, "classify/page.html", _page(request, form))


def _reading(classification) -> dict:
    """Return the three facts of a reading in words, with the ways it names."""
    facets = catalogue().facets
    return {
        "place": place_title(classification.primary_place),
        "suggested": place_title(classification.suggested_place),
        "claim": place_title(classification.claim),
        "ways": [facets[row.facet].title for row in classification.placements.all() if row.facet in facets],
    }


def _page(request, form: ClassifyForm, *, redrawn=(), unseen=()) -> dict:
    """Return what the page shows beside the form: the suggestion in words, disputes, cases, the three facts."""
    shown = points(form)
    shown["titles"]["claim"] = place_title(form.said("claim") or "")
    return shown | {
        "form": form,
        "activity": form.activity,
        "current": form.current,
        "now": _reading(form.current) if form.current is not None else None,
        "redrawn": redrawn,
        "unseen": unseen,
        "elsewhere": bool(form.placed and form.placed != form.suggestion.place),
        "disputes": disputes(form, _rulings(form)),
    }


def _rulings(form: ClassifyForm) -> dict[str, Ruling]:
    """Return how this organisation counts the contested kinds that were ticked, by kind."""
    kinds = form.suggestion.contested_kinds
    if not kinds:
        return {}
    day = today()
    standing = form.activity.organisation.rulings.filter(
        Q(until=None) | Q(until__gt=day), contested_kind__in=kinds, from_on__lte=day
    )
    return {ruling.contested_kind: ruling for ruling in standing.order_by("from_on", "id")}
