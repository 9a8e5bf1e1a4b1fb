"""Many suggestions confirmed at once: the page, the short step that asks what places need, and the way back.

The same step supplies what nobody has said yet of activities that have their place.
"""

from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from involvement.access import Permission, organisation_view
from involvement.actions.answering import answer_missing, take_back_answers
from involvement.actions.base import Refused
from involvement.actions.confirming import confirm_many, take_back
from involvement.forms.confirm import AskForm, SentRows
from involvement.http import render_page
from involvement.lacking import lacking_page
from involvement.models import ConfirmedBatch
from involvement.selections import how_many, read_selection
from involvement.suggestions import as_before, batch_page, choices, confirm_page, row_names, ways_to_choose

LEFT = "left-for-later"  # in the session: organisation's id -> ids of activities; it ends when the person signs out


def load_batch(organisation, batch):
    """Return the organisation's batch with the id ``batch``."""
    return organisation.confirmed_batches.select_related("organisation", "recorded_by", "undone_by").get(pk=batch)


@organisation_view(Permission.ACTIVITY_CLASSIFY)
def confirm(request, organisation):
    """List what waits with what its words suggest, 20 a page; take the ticked ones in."""
    if request.method != "POST":
        return _list(request)
    sent = SentRows.read(request.POST).judged()
    if "back" in request.POST or sent.wrong or not sent.ticked:
        return _list(request, sent, refused="" if "back" in request.POST else _wrong(sent))
    _leave(request, sent.left, add=True)
    if not sent.confirmed:
        return redirect(_onward(request) + "#rows")
    form = AskForm(request.POST if "do" in request.POST else None, rows=sent.confirmed)
    if form.places and not (form.is_bound and form.is_valid()):
        return _ask(request, sent, form)
    try:
        batch = confirm_many(
            organisation=organisation, by=request.user, rows=sent.confirmed,
            answers=form.answers if form.places else {}, key=sent.key(_key(request)),
        )  # fmt: skip
    except Refused as refused:
        if form.is_bound and set(refused.messages) <= set(form.fields):
            form.refuse(refused)
            return _ask(request, sent, form)
        return _list(request, sent, refused=" ".join(refused.messages.values()))
    _leave(request, [row.activity for row in sent.confirmed], add=False)
    return redirect(f"{_onward(request, done=batch.pk)}#done")


@organisation_view(Permission.READ, post=Permission.ACTIVITY_CLASSIFY, load=load_batch)
def confirmed(request, organisation, batch):
    """Show what one press decided and on which words; take it back as a whole."""
    if request.method == "POST":
        answered = batch.kind == ConfirmedBatch.Kind.ANSWERED
        try:
            batch = (take_back_answers if answered else take_back)(batch=batch, by=request.user)
        except Refused as refused:
            messages.warning(request, " ".join(refused.messages.values()))
        else:
            if answered:
                messages.success(request, _("Undone. What was recorded before stands again."))
                return redirect(reverse("activity-confirmed", args=[organisation.slug, batch.pk]))
            messages.success(request, _("Undone. These activities wait for a place again, ticked as you had them."))
            kept = {name: request.GET[name] for name in ("place", "service") if name in request.GET}
            asked = kept | {"again": batch.pk}
            return redirect(f"{reverse('activity-confirm', args=[organisation.slug])}?{urlencode(asked)}")
    return render_page(request, "confirm/batch.html", {"page": batch_page(request.viewer, batch)})


@organisation_view(Permission.ACTIVITY_CLASSIFY)
def answer(request, organisation):
    """Ask what nobody has said yet of the activities that the address selects, and put it on record for all of them."""
    selection = read_selection(request.viewer, request.GET)
    page = lacking_page(request.viewer, selection.pks)
    form = AskForm(request.POST or None, rows=page.rows, open_to=page.open_to)
    ways = ways_to_choose(request.viewer, page.rows)
    if request.method == "POST" and page.rows and form.is_valid():
        try:
            batch = answer_missing(
                organisation=organisation, by=request.user, activities=[row.activity for row in page.rows],
                answers=form.answers, ways={pk: request.POST.getlist(f"way-{pk}") for pk, _title, _ways in ways},
                key=_key(request),
            )  # fmt: skip
        except Refused as refused:
            form.refuse(refused)
        else:
            words = _("What was missing is on record for %(activities)s.") % {"activities": how_many(batch.number)}
            messages.success(request, words)
            if page.only:
                return redirect("activity-detail", organisation.slug, page.only.activity.pk)
            return redirect("activity-confirmed", organisation.slug, batch.pk)
    context = {
        "page": page, "form": form, "ways": ways, "here": request.get_full_path(), "selection": selection,
        "request_key": _key(request) or uuid4(),
    }  # fmt: skip
    return render_page(request, "confirm/answer.html", context)


def _list(request, sent=None, *, refused=""):
    """Show the page; after a press with what it did, after a form that was wrong with its rows as they were set."""
    organisation = request.viewer.organisation
    batch = _batch(organisation, request.GET.get("done", ""))
    undone = _batch(organisation, request.GET.get("again", ""))
    before = as_before(request.viewer, undone) if undone else None
    page = confirm_page(
        request.viewer,
        request.GET,
        later=_left(request),
        said=sent.rows if sent else before or None,
        all_ticked="all" in request.GET,
        onward=batch is not None,
    )
    context = {
        "page": page,
        "done": batch_page(request.viewer, batch) if batch else None,
        "refused": refused,
        "choices": choices(),
        "request_key": uuid4(),
    }
    return render_page(request, "confirm/page.html", context, part="tabs")


def _batch(organisation, asked: str):
    if not asked.isdecimal() or len(asked) > 15:
        return None
    return organisation.confirmed_batches.filter(pk=int(asked)).first()


def _ask(request, sent, form):
    """Ask once what the places in the selection need, before anything is written."""
    context = {
        "form": form,
        "sent": sent,
        "number": len(sent.confirmed),
        "ways": ways_to_choose(request.viewer, sent.confirmed),
        "request_key": _key(request) or uuid4(),
        "here": request.get_full_path(),
        "names": row_names(request.viewer, sent.confirmed),
    }
    return render_page(request, "confirm/ask.html", context)


def _wrong(sent) -> str:
    if not sent.ticked:
        return _("Tick the activities that you want to place")
    return ngettext(
        "Choose a place for the activity that you ticked",
        "Choose a place for %(n)d of the activities that you ticked",
        len(sent.wrong),
    ) % {"n": len(sent.wrong)}


def _key(request) -> UUID | None:
    try:
        return UUID(request.POST.get("request_key", ""))
    except ValueError:
        return None


def _onward(request, **more) -> str:
    """Return the address of the same page, with what was done."""
    query = request.GET.copy()
    for name in ("done", "all", "again"):
        query.pop(name, None)
    for name, value in more.items():
        query[name] = value
    return f"{request.path}?{query.urlencode()}" if query else request.path


def _left(request) -> set[int]:
    return set(request.session.get(LEFT, {}).get(str(request.viewer.organisation.pk), ()))


def _leave(request, activities: list[int], *, add: bool) -> None:
    """Put activities on this person's list of what is left for later, or take them from it."""
    before = _left(request)
    after = before | set(activities) if add else before - set(activities)
    if after != before:
        kept = request.session.get(LEFT, {})
        request.session[LEFT] = kept | {str(request.viewer.organisation.pk): sorted(after)}
