"""What looks alike: say that it is different, or make one record of two."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from involvement.access import Permission, organisation_view
from involvement.actions import merging
from involvement.actions.base import Conflict, Refused
from involvement.duplicates import alike_page, choices_between, side_by_side
from involvement.forms.merging import MergeForm, OtherForm
from involvement.http import render_page


def load_activity(organisation, activity):
    """Return the organisation's activity with the id ``activity``, ready to be compared."""
    found = side_by_side(organisation, [activity])
    if activity not in found:
        raise Http404
    return found[activity]


@organisation_view(Permission.ACTIVITY_EDIT)
def activity_duplicates(request, organisation):
    """Offer what looks alike, side by side; remember what is said to be different."""
    if request.method == "POST":
        try:
            _say(request, organisation)
        except Refused as refused:
            messages.warning(request, str(refused))
        return redirect(request.get_full_path())
    page = request.GET.get("page", "")
    number = int(page) if page.isascii() and page.isdecimal() and len(page) < 8 else 1
    return render_page(request, "activities/duplicates.html", {"alike": alike_page(request.viewer, number)})


def _say(request, organisation) -> None:
    again = request.POST.get("again", "")
    if again:
        saying = organisation.not_the_same.filter(pk=int(again) if again.isdecimal() and len(again) < 16 else 0).first()
        if saying:
            merging.take_back_not_the_same(saying=saying, by=request.user)
            messages.success(request, _("They are offered again"))
        return
    said = [int(each) for each in request.POST.getlist("different") if each.isdecimal() and len(each) < 16]
    one = request.POST.get("one", "")
    pairs = [[int(one), each] for each in said if each != int(one)] if one.isdecimal() and len(one) < 16 else [said]
    for pks in pairs:
        merging.say_not_the_same(organisation=organisation, by=request.user, activities=pks)
    messages.success(request, _("We remember that they are different. Both stay, and they are not offered again."))


@organisation_view(Permission.ACTIVITY_EDIT, load=load_activity)
def activity_merge(request, organisation, activity):
    """Make one record of this activity and the one that ``?with=`` names; without it, ask which one."""
    if "undo" in request.POST:
        return _undo(request, organisation, activity)
    other = request.GET.get("with", "")
    if activity.withdrawn_on:
        messages.warning(request, _("This activity was withdrawn, so it cannot be merged"))
        return redirect("activity-detail", organisation.slug, activity.pk)
    if not other:
        return _ask(request, organisation, activity)
    gone = load_activity(organisation, int(other) if other.isdecimal() and len(other) < 16 else 0)
    if activity.merges.filter(organisation=organisation, gone=gone, undone_at=None).exists():  # the form sent twice
        return redirect("activity-detail", organisation.slug, activity.pk)
    if gone.pk == activity.pk or gone.withdrawn_on:
        messages.warning(request, _("That one was withdrawn, or is this very activity. Choose another"))
        return redirect("activity-merge", organisation.slug, activity.pk)
    return _merge(request, organisation, activity, gone)


def _merge(request, organisation, kept, gone):
    versions = {"version": kept.version, "gone_version": gone.version}
    between, status, moved = choices_between(kept, gone), 200, False
    form = MergeForm(request.POST or None, between=between, initial=versions)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            merging.merge(
                kept=kept, gone=gone, by=request.user, choices=form.chosen(), key=said["request_key"],
                version=said["version"], gone_version=said["gone_version"],
            )  # fmt: skip
        except Refused as refused:
            form.refuse(refused)
        except Conflict:
            form = MergeForm(between=between, initial=versions | form.chosen())
            status, moved = 409, True
        else:
            messages.success(request, _("They are one activity now"))
            return redirect("activity-detail", organisation.slug, kept.pk)
    context = {"form": form, "activity": kept, "gone": gone, "moved": moved}
    return render_page(request, "activities/merge.html", context, status=status)


def _ask(request, organisation, activity):
    form = OtherForm(request.POST or None, organisation=organisation, apart_from=activity.pk)
    found = form.found if request.method == "POST" and form.is_valid() else []
    return render_page(request, "activities/merge_which.html", {"form": form, "activity": activity, "found": found})


def _undo(request, organisation, activity):
    number = request.POST["undo"]
    merge = activity.merges.filter(
        organisation=organisation, pk=int(number) if number.isdecimal() and len(number) < 16 else 0
    ).first()
    if merge is None:
        raise Http404
    try:
        merging.undo_merge(merge=merge, by=request.user)
    except Refused as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, _("The merge is undone: both are in the list again"))
    return redirect("activity-detail", organisation.slug, activity.pk)
