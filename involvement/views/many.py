"""Change many activities at once: choose what to change, look at what would happen, do it, undo it. One address."""

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import ngettext

from involvement.access import Permission, organisation_view
from involvement.actions.base import Refused
from involvement.actions.many import Moved, edit_many, plan_many, undo_many
from involvement.forms.many import WHY_LEFT_OUT, ManyForm
from involvement.http import render_page
from involvement.selections import done, foreseen, latest_edits, read_selection, titles


@organisation_view(Permission.ACTIVITY_EDIT)
def activity_change_many(request, organisation):
    """Send each step to its page: ``?done=`` what was done, else the form, its preview, and the act."""
    if "done" in request.GET:
        return _done(request, organisation, request.GET["done"])
    selection = read_selection(request.viewer, request.GET)
    form = ManyForm(request.POST or None, organisation=organisation)
    if request.method == "POST" and form.is_valid():
        try:
            return _act(request, organisation, selection, form)
        except Refused as refused:
            form.refuse(refused)
    return render_page(request, "activities/many.html", _context(request, selection, form))


def _act(request, organisation, selection, form):
    """Do it when the preview was seen; show the preview otherwise, also when something moved meanwhile."""
    said, chosen = form.cleaned_data, {"organisation": organisation, "changes": form.changes()}
    moved = False
    if "do" in request.POST:
        try:
            edit = edit_many(
                **chosen, by=request.user, activities=selection.pks, key=said["request_key"], seen=said["seen"] or "-"
            )
            where = reverse("activity-change-many", args=[organisation.slug])
            return redirect(f"{where}?done={edit.pk}")
        except Moved:
            moved = True
    plan = plan_many(**chosen, activities=selection.pks)
    form.data = form.data.copy()
    form.data["seen"] = plan.seen
    shown = foreseen(plan, chosen["changes"], WHY_LEFT_OUT)
    context = _context(request, selection, form) | {"preview": shown, "moved": moved}
    return render_page(request, "activities/many.html", context, status=409 if moved else 200)


def _context(request, selection, form) -> dict:
    context = {"selection": selection, "form": form, "some": titles(request.viewer.organisation, selection.pks)}
    return context | {"latest": [] if selection.number else latest_edits(request.viewer)}


def _done(request, organisation, number):
    try:
        edit = organisation.many_edits.select_related("recorded_by", "undone_by").get(pk=int(number[:12]))
    except (ObjectDoesNotExist, ValueError) as missing:
        raise Http404 from missing
    if request.method == "POST":
        try:
            edit = undo_many(edit=edit, by=request.user)
        except Refused as refused:
            messages.warning(request, str(refused))
        else:
            words = ngettext("%(n)d activity is as it was", "%(n)d activities are as they were", edit.put_back)
            messages.success(request, words % {"n": edit.put_back})
        return redirect(request.get_full_path())
    return render_page(request, "activities/many_done.html", {"done": done(request.viewer, edit, WHY_LEFT_OUT)})


