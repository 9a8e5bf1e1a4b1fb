"""What a workshop came to, card by card: an editor takes it into the register or declines it with a reason."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from involvement.access import Permission, organisation_view
from involvement.actions import harvesting
from involvement.actions.base import Refused
from involvement.duplicates import like_words
from involvement.forms.workshops import DeclineForm, IdeaForm, TakeCardForm, TakeForm
from involvement.http import render_page
from involvement.models import Card, Room, Workshop
from involvement.results import results_page
from involvement.workshops import load_card, load_workshop, place_title

LIKE_SHOWN = 5  # activities that a card may be already


@organisation_view(Permission.WORKSHOP_TAKE, load=load_workshop)
@require_safe
def workshop_take(request, organisation, workshop):
    """List the cards that wait for a decision, and those that have one. Practice leaves none."""
    if workshop.mode == Workshop.Mode.CALIBRATE:
        raise Http404
    rows = results_page(workshop, beside=True).ranked
    context = {
        "workshop": workshop, "room": workshop.room, "over": workshop.room.state == Room.State.CLOSED,
        "waiting": [row for row in rows if row.outcome is None], "decided": [row for row in rows if row.outcome],
    }  # fmt: skip
    return render_page(request, "workshops/take.html", context)


@organisation_view(Permission.WORKSHOP_TAKE, load=load_card)
def workshop_take_card(request, organisation, card):
    """Take one card, or decline it; afterwards change what the room reads, or decide again about what was not taken."""
    if card.workshop.mode == Workshop.Mode.CALIBRATE:
        raise Http404
    outcome = organisation.card_outcomes.select_related("activity", "action").filter(card=card).first()
    if outcome is not None:
        return _decided(request, organisation, card, outcome)
    idea = card.workshop.mode == Workshop.Mode.IMAGINE
    declining = "decline" in request.POST
    said = request.POST if request.method == "POST" else None
    take = _take_form(organisation, card, idea, None if declining else said)
    no = DeclineForm(said if declining else None, auto_id="no_%s")
    form = no if declining else take
    if request.method == "POST" and form.is_valid():
        try:
            _decide(card, request.user, form, idea, declining)
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("Your decision is on record. The people who were there can read it."))
            return redirect("workshop-take", organisation.slug, card.workshop_id)
    context = {
        "workshop": card.workshop, "card": card, "take": take, "no": no, "form": form, "idea": idea,
        "agreed": place_title(card.agreed), "outcome": None,
        "over": card.workshop.room.state == Room.State.CLOSED,
        "nothing": bool(card.activity_id) and card.agreed in ("", Card.OPEN),
    }  # fmt: skip
    return render_page(request, "workshops/take_card.html", context, status=422 if form.errors else 200)


def _decided(request, organisation, card, outcome):
    """Show the decision about a card, with what can still be changed."""
    taken = outcome.kind == outcome.Kind.TAKEN
    said = request.POST if "words" in request.POST else None
    words = (TakeForm if taken else DeclineForm)(said, initial={"words": outcome.words})
    if request.method == "POST":
        try:
            if "again" in request.POST:
                harvesting.decide_again(card=card, by=request.user)
                return redirect("workshop-take-card", organisation.slug, card.workshop_id, card.pk)
            if words.is_valid():
                harvesting.change_words(card=card, by=request.user, words=words.cleaned_data["words"])
                messages.success(request, _("The people who were there now read this."))
                return redirect("workshop-take", organisation.slug, card.workshop_id)
        except Refused as refused:
            words.refuse(refused) if said else messages.error(request, str(refused))
    context = {
        "workshop": card.workshop, "card": card, "outcome": outcome, "words": words, "form": words, "taken": taken,
    }  # fmt: skip
    return render_page(request, "workshops/take_card.html", context, status=422 if words.errors else 200)


def _take_form(organisation, card, idea: bool, said):
    if idea:
        return IdeaForm(said, organisation=organisation, card=card)
    if card.activity_id:
        return TakeForm(said)
    return TakeCardForm(said, organisation=organisation, like=like_words(organisation, card.text)[:LIKE_SHOWN])


def _decide(card, by, form, idea: bool, declining: bool) -> None:
    said = {name: value for name, value in form.cleaned_data.items() if name != "request_key"}
    if declining:
        harvesting.decline(card=card, by=by, **said)
    elif idea:
        harvesting.take_idea(card=card, by=by, **said)
    else:
        harvesting.take_placement(card=card, by=by, **(said if card.activity_id else form.facts))
