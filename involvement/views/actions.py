"""What was agreed to be done: the list, one action with its history, and the steps that it takes."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from involvement import drawing
from involvement.access import Permission, organisation_view
from involvement.actions import board
from involvement.actions.base import Conflict, Refused, today
from involvement.board_actions import action_rows
from involvement.forms.actions import STEP_FORMS, ActionForm
from involvement.http import render_conflict, render_page
from involvement.maps import build_map
from involvement.models import ActionStep

SHOWN = {
    "open": gettext_lazy("Open"),
    "overdue": gettext_lazy("Overdue"),
    "done": gettext_lazy("Done or dropped"),
    "all": gettext_lazy("All"),
}
STEPS = {
    ActionStep.Kind.DONE: (board.close_action, gettext_lazy("It is done"), gettext_lazy("The action is closed.")),
    ActionStep.Kind.MOVED: (
        board.move_action, gettext_lazy("Give it another day or owner"), gettext_lazy("The action is changed."),
    ),
    ActionStep.Kind.DROPPED: (
        board.drop_action, gettext_lazy("It will not be done"), gettext_lazy("The action is dropped."),
    ),
    ActionStep.Kind.REOPENED: (
        board.reopen_action, gettext_lazy("Reopen it"), gettext_lazy("The action is open again."),
    ),
}  # fmt: skip


def load_action(organisation, action):
    """Return the organisation's action with the id ``action``."""
    return organisation.actions.select_related("service", "owner_user", "response").get(pk=action)


@organisation_view(Permission.READ, blind=True)
@require_safe
def action_list(request, organisation):
    """List the actions: those that are open, overdue, done, or all (``?show=``)."""
    rows = _rows(request)
    found = {
        "open": [row for row in rows if row.is_open],
        "overdue": [row for row in rows if row.overdue],
        "done": [row for row in rows if not row.is_open],
        "all": rows,
    }
    chosen = request.GET.get("show", "open")
    if chosen not in found:
        raise Http404
    context = {
        "rows": found[chosen],
        "chosen": chosen,
        "filters": [(slug, title, len(found[slug])) for slug, title in SHOWN.items()],
        "lapsed": [row for row in rows if row.lapsed_again],
    }
    return render_page(request, "actions/list.html", context)


@organisation_view(Permission.ACTION_SET)
def action_new(request, organisation):
    """Set an action on the place or way that the address names (``?service=&place=&facet=``), or on any."""
    asked = {
        "service": request.GET.get("service", ""),
        "about": request.GET.get("facet", "") or request.GET.get("place", ""),
    }
    form = ActionForm(request.POST or None, organisation=organisation, initial=asked)
    response = _answered(organisation, request.GET.get("response", ""))
    if request.method == "POST" and form.is_valid():
        try:
            action = board.set_action(
                organisation=organisation, by=request.user, response=response,
                key=form.cleaned_data["request_key"], **form.words(),
            )  # fmt: skip
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The action is set."))
            return redirect("action-detail", organisation.slug, action.pk)
    return render_page(request, "actions/new.html", {"form": form, "response": response})


@organisation_view(Permission.READ, load=load_action, blind=True)
@require_safe
def action_detail(request, organisation, action):
    """Show one action: what, who, by when, and every step since it was set."""
    [row] = _rows(request, action.pk)
    context = {
        "row": row,
        "steps": _steps(request, row),
        "gap": drawing.cell_address(
            organisation, "gap-respond", service=action.service, place=action.place, facet=action.facet
        ),
    }
    return render_page(request, "actions/detail.html", context)


@organisation_view(Permission.READ, post=Permission.ACTION_SET, load=load_action, blind=True)
def action_step(request, organisation, action):
    """Take one step (``?kind=``): done, moved, dropped or reopened, where action and roles allow it."""
    [row] = _rows(request, action.pk)
    kind = request.GET.get("kind", "")
    if kind not in STEPS:
        raise Http404
    deed, title, said = STEPS[kind]
    form = STEP_FORMS[kind](request.POST or None, request.FILES or None, organisation=organisation, action=action)
    context = {"form": form, "row": row, "title": title, "allowed": kind in dict(_steps(request, row))}
    if request.method == "POST" and not context["allowed"]:
        raise PermissionDenied
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"] or 0
        try:
            if row.lapsed_again and version == action.version and board.reopen_lapsed(action=action):
                version += 1  # what the page already showed is now written down
            deed(action=action, by=request.user, version=version, **form.words())
        except Refused as refused:
            form.refuse(refused)
        except Conflict as conflict:
            return render_conflict(request, form, conflict, context)
        else:
            messages.success(request, said)
            return redirect("action-detail", organisation.slug, action.pk)
    return render_page(request, "actions/step.html", context)


def _answered(organisation, pk: str):
    """Return the answer to a gap that an action is to carry out; None for none, Http404 for one that is not ours."""
    if not pk:
        return None
    found = organisation.responses.filter(pk=int(pk)).first() if pk.isdecimal() and len(pk) < 19 else None
    if found is None:
        raise Http404
    return found


def _rows(request, pk=None):
    shown = build_map(request.viewer, as_at=today())
    return action_rows(request.viewer, on=today(), organisation_map=shown, pk=pk)


def _steps(request, row):
    """Return (kind, title) of the steps that the viewer may take with this action now."""
    viewer, kinds = request.viewer, ActionStep.Kind
    if row.is_open:
        offered = {
            kinds.DONE: viewer.may(Permission.ACTION_CLOSE),
            kinds.MOVED: viewer.may(Permission.ACTION_SET),
            kinds.DROPPED: board.may_drop(row.action, request.user),
        }
    else:
        offered = {kinds.REOPENED: viewer.may(Permission.ACTION_REOPEN)}
    return [(kind.value, STEPS[kind][1]) for kind, may in offered.items() if may]
