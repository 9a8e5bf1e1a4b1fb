"""Workshops from the organisation's side: plan, lay cards, run the room, show it on a screen, read what came out."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from involvement import facilitation
from involvement.access import Permission, organisation_view
from involvement.actions import hosting
from involvement.actions.base import Conflict, Refused, today
from involvement.forms.workshops import (
    AgreeForm,
    CardTextForm,
    HandOverForm,
    LinesForm,
    MergeForm,
    TableForm,
    WorkshopForm,
)
from involvement.http import render_conflict, render_page
from involvement.maps import build_map
from involvement.models import Card, PaperCount, PaperTable, Participant, Workshop
from involvement.papers import FILES, HANDOUTS, without_scheme
from involvement.practising import cases_of_set
from involvement.results import results_of, results_page
from involvement.workshops import (
    board_of,
    cards_waiting,
    choices,
    desk_of,
    load_card,
    load_workshop,
    missing_ways,
    place_title,
    workshop_rows,
)

CASES = {45: 4, 90: 8, 150: 12}  # worked cases that fit in so many minutes


@organisation_view(Permission.READ)
@require_safe
def workshop_list(request, organisation):
    """List the workshops, newest first, with how many cards wait for a decision."""
    waiting = cards_waiting(organisation)
    rows = [{"workshop": each, "waiting": waiting.get(each.pk, 0)} for each in workshop_rows(request.viewer)]
    context = {"workshops": rows}
    return render_page(request, "workshops/list.html", context)


@organisation_view(Permission.WORKSHOP_RUN)
def workshop_new(request, organisation):
    """Plan a workshop."""
    form = WorkshopForm(request.POST or None, organisation=organisation)
    if request.method == "POST" and form.is_valid():
        facts = form.facts
        cases = [case.slug for case in cases_of_set(0)][: CASES[facts["length"]]]
        try:
            workshop = hosting.plan_workshop(
                organisation=organisation, by=request.user, key=form.cleaned_data["request_key"], cases=cases, **facts
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The workshop is planned. Its door stays shut until you open it."))
            return redirect("workshop-detail", organisation.slug, workshop.pk)
    return render_page(request, "workshops/form.html", {"form": form, "workshop": None})


@organisation_view(Permission.READ, load=load_workshop)
@require_safe
def workshop_detail(request, organisation, workshop):
    """Show the plan of a workshop, what is ready, and the ways on."""
    context = {
        "workshop": workshop, "room": workshop.room, "cards": workshop.cards.filter(organisation=organisation),
        "steps": [
            {"step": step, "minutes": workshop.minutes.get(step.slug)} for step in facilitation.steps_of(workshop.mode)
        ],
        "begins_by_placing": facilitation.first_work(workshop.mode).slug == facilitation.PLACE,
        "handouts": HANDOUTS.values(),
    }  # fmt: skip
    return render_page(request, "workshops/detail.html", context)


@organisation_view(Permission.WORKSHOP_RUN, load=load_workshop)
def workshop_edit(request, organisation, workshop):
    """Change the plan."""
    form = WorkshopForm(request.POST or None, organisation=organisation, workshop=workshop)
    if request.method == "POST" and form.is_valid():
        try:
            hosting.change_workshop(
                workshop=workshop, by=request.user, version=form.cleaned_data["version"] or 0, **form.facts
            )
        except Refused as refused:
            form.refuse(refused)
        except Conflict as conflict:
            return render_conflict(request, form, conflict, {"workshop": workshop})
        else:
            messages.success(request, _("Saved."))
            return redirect("workshop-detail", organisation.slug, workshop.pk)
    return render_page(request, "workshops/form.html", {"form": form, "workshop": workshop})


SHOWN = 200  # activities that the page offers at once


@organisation_view(Permission.WORKSHOP_RUN, load=load_workshop)
def workshop_cards(request, organisation, workshop):
    """Lay cards: typed from paper, or activities of the register; take one away before the start."""
    form = LinesForm(request.POST if "lines" in request.POST else None, workshop=workshop)
    searching = request.method == "POST" and "search" in request.POST
    if request.method == "POST" and not searching:
        try:
            if _laid(request, organisation, workshop, form):
                return redirect("workshop-cards", organisation.slug, workshop.pk)
        except Refused as refused:
            form.refuse(refused) if form.is_bound else messages.error(request, str(refused))
    cards = workshop.cards.filter(organisation=organisation).select_related("activity")
    said = request.POST if searching else request.GET
    asked = " ".join(said.get("q", "").replace("\0", "").split())  # no database takes that sign in a text
    ticked = set(_keys(request.POST.getlist("activity"))) if searching else set()
    there = {card.activity_id for card in cards}
    listed = organisation.activities.listed().order_by("title", "pk")
    kept = [each for each in listed.filter(pk__in=ticked) if each.pk not in there] if ticked else []
    if asked:
        listed = listed.matching(asked, organisation)
    others = listed.exclude(pk__in=ticked) if ticked else listed
    context = {
        "workshop": workshop, "room": workshop.room, "form": form, "cards": cards, "asked": asked, "ticked": kept,
        "activities": [each for each in others[: SHOWN + len(there)] if each.pk not in there][:SHOWN],
        "more": listed.count() > SHOWN,
    }  # fmt: skip
    return render_page(request, "workshops/cards.html", context)


def _laid(request, organisation, workshop, form) -> bool:
    """Do what one of the page's forms asks; return whether it was done."""
    if "away" in request.POST:
        hosting.take_away(workshop=workshop, by=request.user, card=_card(workshop, request.POST["away"]))
        return True
    if form.is_bound:
        if not form.is_valid():
            return False
        said = form.cleaned_data
        cards = hosting.add_lines(
            workshop=workshop, by=request.user, lines=said["lines"], cell=said.get("cell", "")
        )
    else:
        picked = organisation.activities.listed().filter(pk__in=_keys(request.POST.getlist("activity")))
        cards = hosting.choose_activities(workshop=workshop, by=request.user, activities=picked)
    _count_again(request, workshop)
    words = ngettext("%(n)d card was added.", "%(n)d cards were added.", len(cards)) % {"n": len(cards)}
    messages.success(request, words)
    return True


def _keys(typed: list[str]) -> list[int]:
    return [int(each) for each in typed[:SHOWN] if each.isascii() and each.isdigit() and len(each) < 16]


def _card(workshop: Workshop, key) -> Card:
    """Return a card of this workshop; 404 for any other."""
    try:
        return workshop.cards.filter(organisation_id=workshop.organisation_id).get(pk=key)
    except (Card.DoesNotExist, ValidationError, ValueError) as missing:
        raise Http404 from missing


# -- In the room ------------------------------------------------------------------------------------------------------


@organisation_view(Permission.WORKSHOP_RUN, load=load_workshop)
def workshop_run(request, organisation, workshop):
    """The facilitator's one screen: the step and the next, the clock, how far people are, the cards, the people."""
    if request.method == "POST":
        try:
            _deed(request, workshop)
        except Refused as refused:
            messages.error(request, str(refused))
        return redirect("workshop-run", organisation.slug, workshop.pk)
    room = workshop.room
    if request.GET.get("seen") == f"{room.version}-{room.tally}" and request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204)
    context = {
        "workshop": workshop, "room": room, "desk": desk_of(workshop, room), "address": _join_address(request),
        "room_address": request.build_absolute_uri(reverse("room", args=[room.code])),
    }  # fmt: skip
    return render_page(request, "workshops/run.html", context, part="live")


@organisation_view(Permission.WORKSHOP_RUN, load=load_workshop)
def workshop_people(request, organisation, workshop):
    """Take a phone out or let it in again, and hand the workshop over."""
    form = HandOverForm(
        request.POST if "to" in request.POST else None, organisation=organisation,
        initial={"to": workshop.facilitator_id},
    )  # fmt: skip
    if request.method == "POST":
        if form.is_bound and form.is_valid():
            to = form.people[form.cleaned_data["to"]]
            hosting.hand_over(workshop=workshop, by=request.user, to=to)
            messages.success(request, _("%(name)s goes on with it.") % {"name": to.get_full_name()})
        elif "out" in request.POST or "in" in request.POST:
            person = _participant(workshop, request.POST.get("out") or request.POST.get("in"))
            hosting.ban(participant=person, by=request.user, banned="out" in request.POST)
        if not form.errors:
            return redirect("workshop-people", organisation.slug, workshop.pk)
    phones = list(workshop.participants.filter(organisation=organisation))
    phones.sort(key=lambda each: (each.banned, "" if each.banned else each.nickname.lower(), each.sign))
    context = {"workshop": workshop, "phones": phones, "hand_over": form}
    return render_page(request, "workshops/people.html", context, status=422 if form.errors else 200)


def _deed(request, workshop) -> None:
    """Do what one button of the screen asks."""
    said, words = request.POST, {"workshop": workshop, "by": request.user}
    if "open" in said:
        hosting.open_door(**words, gaps=_gaps(request, workshop))
    elif "step" in said:
        hosting.move(**words, step=said["step"])
    elif "close" in said:
        hosting.close_room(**words, results=results_of(workshop))
        messages.success(request, _("The workshop is over. What came out is kept, and people can read it."))
    else:
        for deed, do in CARD_DEEDS.items():
            if deed in said:
                do(_card(workshop, said[deed]), request.user)


def _gaps(request, workshop: Workshop) -> list[tuple[str, str]]:
    """Return what is missing most in the organisation, for a room that looks for ideas: way and sentence."""
    return missing_ways(build_map(request.viewer, as_at=today()).gaps) if workshop.mode == Workshop.Mode.IMAGINE else []


CARD_DEEDS = {
    "approve": lambda card, by: hosting.approve(card=card, by=by),
    "hide": lambda card, by: hosting.hide(card=card, by=by),
    "show": lambda card, by: hosting.hide(card=card, by=by, hidden=False),
}


def _participant(workshop: Workshop, key) -> Participant:
    try:
        return workshop.participants.filter(organisation_id=workshop.organisation_id).get(pk=key)
    except (Participant.DoesNotExist, ValidationError, ValueError) as missing:
        raise Http404 from missing


def _join_address(request) -> str:
    """Return where people type the code, as the screen shows it: without "https://"."""
    return without_scheme(request.build_absolute_uri(reverse("join")))


@organisation_view(Permission.WORKSHOP_RUN, load=load_card)
def workshop_card(request, organisation, card):
    """Look after one card: its words, what it is merged with, and what the room agreed on."""
    workshop = card.workshop
    cards = list(workshop.cards.filter(organisation=organisation, merged_into=None))
    said = request.POST
    text = CardTextForm(said if "text" in said else None, initial={"text": card.text})
    agree = AgreeForm(said if "note" in said else None, card=card)
    merge = MergeForm(said if "into" in said else None, card=card, cards=cards)
    if "author-out" in said:
        try:
            hosting.ban_author(card=card, by=request.user)
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("The card is off the wall, and the phone that wrote it is out of the room."))
        return redirect("workshop-run", organisation.slug, workshop.pk)
    if request.method == "POST":
        for form, deed in ((text, _put_right), (agree, _agreed), (merge, _merged)):
            if form.is_bound and form.is_valid():
                try:
                    deed(card, request.user, form)
                except Refused as refused:
                    for message in refused.messages.values():
                        form.add_error(None, message)
                else:
                    return redirect(_after(request, organisation, workshop, card))
    board = board_of(workshop, workshop.room)
    context = {
        "workshop": workshop, "room": workshop.room, "card": card, "text": text, "agree": agree, "merge": merge,
        "form": next((form for form in (text, agree, merge) if form.is_bound), text),
        "row": next((row for row in board.cards if row.card.pk == card.pk), None),
        "gap": dict(workshop.gaps).get(card.cell, ""),
    }  # fmt: skip
    return render_page(request, "workshops/card.html", context, status=422 if request.method == "POST" else 200)


def _put_right(card, by, form) -> None:
    hosting.change_card(card=card, by=by, text=form.cleaned_data["text"])


def _agreed(card, by, form) -> None:
    said = form.cleaned_data
    hosting.agree(
        card=card, by=by, agreed=said.get("agreed", ""), note=said["note"], first_step=said.get("first_step", "")
    )


def _merged(card, by, form) -> None:
    hosting.merge_cards(card=card, by=by, into=form.cards[form.cleaned_data["into"]])


def _after(request, organisation, workshop, card) -> str:
    """Return where to go on: the next card in the order in which the room goes through them, else the screen."""
    if "next" in request.POST:
        order = [row.card.pk for row in board_of(workshop, workshop.room).ranked]
        following = order[order.index(card.pk) + 1 :] if card.pk in order else []
        if following:
            return reverse("workshop-card", args=[organisation.slug, workshop.pk, following[0]])
    return reverse("workshop-run", args=[organisation.slug, workshop.pk])


@organisation_view(Permission.WORKSHOP_RUN, load=load_workshop)
def workshop_paper(request, organisation, workshop):
    """Write down what people without a phone said, table by table: who sits there, where they put each card, votes."""
    tables = list(workshop.paper_tables.filter(organisation=organisation))
    table = next((each for each in tables if str(each.pk) == request.GET.get("table")), None)
    if table is None and "table" in request.GET:
        raise Http404
    said = request.POST if "people" in request.POST else None
    form = TableForm(said, initial={"perspective": table.perspective, "people": table.people} if table else None)
    refused: list[str] = []
    if request.method == "POST":
        try:
            asked = _counted(request, workshop, form, table)
        except Refused as why:
            if form.is_bound:
                form.refuse(why)
            refused = [] if form.is_bound else [str(each) for each in why.messages.values()]
        else:
            if asked is not None:
                _count_again(request, workshop)
                messages.success(request, _("Saved."))
                here = reverse("workshop-paper", args=[organisation.slug, workshop.pk])
                return redirect(f"{here}?table={asked.pk}" if asked.pk else here)
    step = workshop.room.step
    context = {
        "workshop": workshop, "room": workshop.room, "form": form, "refused": refused, "table": table,
        "tables": tables, "rows": _paper_rows(request, workshop, table) if table else [],
        "places": [place_title(slug) for slug in choices()],
        "votes": facilitation.has_reached(workshop.mode, step, facilitation.VOTE),
        "placing": facilitation.has_reached(workshop.mode, step, facilitation.PLACE),
    }  # fmt: skip
    return render_page(request, "workshops/paper.html", context, status=422 if request.method == "POST" else 200)


def _counted(request, workshop, form, table: PaperTable | None) -> PaperTable | None:
    """Save one of the page's forms; return the table (without a key where it was taken away), None for a wrong form."""
    if "clear" in request.POST and table is not None:
        hosting.clear_table(table=table, by=request.user)
        return PaperTable(pk=None)
    if form.is_bound:
        if not form.is_valid():
            return None
        said = {"perspective": form.cleaned_data["perspective"], "people": form.cleaned_data["people"]}
        if table is None:
            key = form.cleaned_data["request_key"]
            return hosting.seat_table(workshop=workshop, by=request.user, key=key, **said)
        return hosting.change_table(table=table, by=request.user, **said)
    if table is None:
        raise Refused(_("Choose a table first"))
    chose, votes = {}, {}
    for card in hosting.standing(workshop):
        typed = {slug: request.POST.get(f"c-{card.number}-{slug}", "").strip() for slug in choices()}
        if any(f"c-{card.number}-{slug}" in request.POST for slug in choices()):
            chose[card] = {slug: _number(value) for slug, value in typed.items() if value}
        if f"v-{card.number}" in request.POST:
            votes[card] = _number(request.POST[f"v-{card.number}"].strip() or "0")
    hosting.count_table(table=table, by=request.user, chose=chose, votes=votes)
    return table


def _count_again(request, workshop: Workshop) -> None:
    """Take what was written down after the end into what came out."""
    if workshop.room.state == workshop.room.State.CLOSED:
        hosting.keep_results(workshop=workshop, by=request.user, results=results_of(workshop))


def _number(typed: str) -> int:
    if not (typed.isascii() and typed.isdigit() and len(typed) < 5):
        raise Refused(_("Write numbers only, such as 3"))
    return int(typed)


def _paper_rows(request, workshop, table: PaperTable) -> list[dict]:
    """Return each card with what was counted, or what was just typed."""
    counted = {(row.card_id, row.kind, row.place): row.number for row in table.counts.all()}
    now, votes = PaperCount.Kind.NOW, PaperCount.Kind.VOTES
    return [
        {
            "card": card,
            "boxes": [
                {
                    "name": f"c-{card.number}-{slug}", "title": place_title(slug),
                    "value": request.POST.get(f"c-{card.number}-{slug}", counted.get((card.pk, now, slug), "")),
                }
                for slug in choices()
            ],
            "votes": request.POST.get(f"v-{card.number}", counted.get((card.pk, votes, ""), "")),
        }
        for card in hosting.standing(workshop)
    ]  # fmt: skip


@organisation_view(Permission.WORKSHOP_RUN, load=load_workshop)
@require_safe
def workshop_projector(request, organisation, workshop):
    """What the room sees on the wall: never a name, and nobody's choice before its step."""
    room = workshop.room
    if request.GET.get("seen") == f"{room.version}-{room.tally}" and request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204)
    desk = desk_of(workshop, room)
    context = {
        "workshop": workshop, "room": room, "board": desk.board, "desk": desk, "address": _join_address(request),
        "room_address": request.build_absolute_uri(reverse("room", args=[room.code])),
    }  # fmt: skip
    return render_page(request, "workshops/projector.html", context, part="wall")


@organisation_view(Permission.READ, load=load_workshop)
@require_safe
def workshop_results(request, organisation, workshop):
    """Read what came out: before and after the talk, what was agreed, the votes, and what was done with it."""
    results = results_page(workshop, beside=True)
    context = {"workshop": workshop, "room": workshop.room, "results": results, "files": FILES.items()}
    return render_page(request, "workshops/results.html", context)

