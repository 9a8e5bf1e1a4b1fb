"""What somebody in a room sees and does with a phone: the code, coming in, cards, places, votes, what became of it.

Every phone asks every second whether something has changed (``room_board``). Where nothing has, that costs one query
for all phones that ask within a few hundredths of a second (access.room_now); what everybody sees is made once for
each version of the room and kept in the process.
"""

from __future__ import annotations

import gzip
import json
import secrets
from collections import OrderedDict

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from involvement import facilitation
from involvement.access import (
    Guest,
    count_wrong_code,
    guessed_too_often,
    may_enter,
    participant_view,
    public_view,
    remember,
    room_now,
    spelled,
)
from involvement.actions import taking_part
from involvement.actions.base import Refused
from involvement.forms.workshops import CodeForm, JoinForm, OwnCardForm
from involvement.keeping import page
from involvement.models import Card, Participant, Workshop
from involvement.results import results_page
from involvement.tenancy import inside
from involvement.workshops import board_of, choices, mine_of, place_title

ANYBODY = secrets.token_hex(32)  # lies where a page that is kept says as whom somebody is here
KEPT = 64  # rooms whose present version is kept in this process
_boards: OrderedDict[str, tuple[int, bytes, bytes]] = OrderedDict()  # version, as it is, compressed


@public_view
@require_http_methods(["GET", "HEAD", "POST"])
def join(request):
    """Ask for the code, and lead to its room."""
    if not request.POST:
        return _not_stored(page(request, _seen("join", request), lambda: _ask_code(request, CodeForm())))
    form = CodeForm(request.POST)
    if form.is_valid():
        if guessed_too_often(request):
            return render(request, "429.html", status=429)
        room = room_now(spelled(form.cleaned_data["code"]))
        if room is not None and may_enter(room):
            return redirect("room", room.code)
        if room is None:
            count_wrong_code(request)
        form.add_error("code", _wrong(form.cleaned_data["code"]))
    return _not_stored(_ask_code(request, form))


def _ask_code(request, form: CodeForm):
    return render(request, "rooms/join.html", {"form": form}, status=422 if form.is_bound else 200)


def _not_stored(response):
    response["Cache-Control"] = "no-store, private"
    return response


def _seen(what: str, request) -> str:
    """Return all that decides how a page of ``what`` looks: one who is signed in sends a token along (base.html)."""
    return f"{what}:{request.user.is_authenticated}"


def _seen_of(guest: Guest, request) -> str:
    """Return all that decides what the page of a room says to somebody who has done nothing in it."""
    room = guest.room
    return _seen(f"room:{room.pk}:{room.version}:{room.stage}:{room.state}:{room.organisation.version}", request)


def _wrong(typed: str) -> str:
    if not spelled(typed):
        return _("A code has eight letters and numbers, without A, E, I, L, O, U, 0 and 1. Look at the screen again")
    return _("There is no open room with this code. Look at the screen again, or ask the facilitator")


@participant_view(alone=True)
@require_http_methods(["GET", "HEAD", "POST"])
def room(request, guest: Guest):
    """Let somebody in; then what there is to do at this step; at the end what became of it."""

    def draw():
        with inside(guest.room.organisation):
            return _room(request, guest)

    if guest.participant_id is None and not (guest.is_over or request.POST):
        return page(request, _seen_of(guest, request) + ":door", draw)
    return draw()


def _room(request, guest: Guest):
    if guest.is_over:
        return _over(request, guest)
    if guest.participant is None or request.method == "POST" or "who" in request.GET:
        return _at_the_door(request, guest)

    def draw(who: str = ""):
        return render(request, _template(request), _page(guest, who=who))

    if guest.room.step in (facilitation.WELCOME, facilitation.GATHER) and not guest.participant.has_written:
        own = {ANYBODY: _who(guest)}  # but for this line it is as everybody sees it who has just come in
        return page(request, _seen_of(guest, request) + ":inside", lambda: draw(ANYBODY), own)
    return draw()


def _over(request, guest: Guest, refused: str = ""):
    """Show what came out; say what came too late (409)."""
    workshop = _workshop(guest)
    own = []
    if guest.participant is not None:
        own = list(
            workshop.cards.filter(organisation_id=workshop.organisation_id, author=guest.participant)
            .select_related("merged_into")
        )
    context = {
        "workshop": workshop, "results": results_page(workshop), "refused": refused,
        "own": [str(card.pk) for card in own],
        "gone": [card for card in own if card.hidden or card.merged_into or not card.approved],
    }  # fmt: skip
    return render(request, _template(request, "rooms/over.html"), context, status=409 if refused else 200)


def _at_the_door(request, guest: Guest):
    """Ask as what somebody is here; whoever was shut out reads so."""
    if guest.participant_id is not None and _is_banned(guest):
        context = {"workshop": _workshop(guest), "sign": Participant(pk=guest.participant_id).sign}
        return render(request, _template(request, "rooms/out.html"), context, status=403)
    known = guest.participant
    initial = {"perspective": known.perspective, "nickname": known.nickname} if known else None
    form = JoinForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            participant = taking_part.join(
                room=guest.room, perspective=said["perspective"], nickname=said["nickname"],
                participant=guest.participant_id,
            )  # fmt: skip
        except Refused as refused:
            form.refuse(refused)
        else:
            response = redirect("room", guest.room.code)
            remember(response, guest, participant)
            return response
    context = {"form": form, "workshop": _workshop(guest), "known": known}
    return render(request, _template(request, "rooms/door.html"), context, status=422 if form.is_bound else 200)


def _is_banned(guest: Guest) -> bool:
    workshop = guest.room.workshop_id
    rows = guest.room.organisation.participants.filter(workshop_id=workshop, pk=guest.participant_id, banned=True)
    return rows.exists()


@participant_view(light=True)
@require_safe
def room_board(request, guest: Guest):
    """Answer a phone's question whether anything has changed: 204, or what everybody sees now.

    A header tells the page when what there is to do has changed too (``moved``); it then fetches its own part.
    """
    if guest.participant_id is None:
        raise PermissionDenied
    if request.GET.get("v") == str(guest.room.version):
        return HttpResponse(status=204)
    _version, plain, zipped = _board(guest)
    if "gzip" in request.headers.get("Accept-Encoding", ""):  # once for all phones, where the middleware would for each
        response = HttpResponse(zipped, headers={"Content-Encoding": "gzip", "Vary": "Accept-Encoding"})
    else:
        response = HttpResponse(plain)
    if request.GET.get("stage") != str(guest.room.stage):
        response["HX-Trigger"] = json.dumps({"moved": None})
    return response


def _board(guest: Guest) -> tuple[int, bytes, bytes]:
    """Return what everybody sees, as it was made for this version of the room: the version, plain, compressed."""
    kept = _boards.get(guest.room.code)
    if kept is not None and kept[0] == guest.room.version:
        return kept
    with inside(guest.room.organisation):
        context = {"board": board_of(_workshop(guest), guest.room), "room": guest.room}
        made = render_to_string("rooms/room.html#board", context).encode()
    _boards[guest.room.code] = kept = (guest.room.version, made, gzip.compress(made))
    while len(_boards) > KEPT:
        _boards.popitem(last=False)
    return kept


@participant_view
@require_POST
def room_card(request, guest: Guest):
    """Take a card that somebody wrote."""
    if guest.is_over:
        return _over(request, guest, taking_part.lost_card(" ".join(request.POST.get("text", "").split())))
    participant, workshop = _in(guest), _workshop(guest)
    form = OwnCardForm(request.POST, workshop=workshop)
    if not form.is_valid():
        return render(request, _template(request), _page(guest, form=form), status=422)
    said = form.cleaned_data
    return _done(request, guest, "own-card", lambda: taking_part.write_card(
        room=guest.room, participant=participant, text=said["text"], cell=said.get("cell", ""), key=said["request_key"],
    ))  # fmt: skip


@participant_view
@require_POST
def room_card_back(request, guest: Guest, card):
    """Take one's own card back; its words lie in the box again, to be put right."""
    if guest.is_over:
        return _over(request, guest, _("The workshop is over, so your card stays"))
    participant = _in(guest)
    _card(guest, card)
    try:
        known = taking_part.take_back(room=guest.room, participant=participant, card=Card(pk=card))
    except Refused as refused:
        return _refused(request, guest, refused)
    form = OwnCardForm(workshop=_workshop(guest), initial={"text": known.text, "cell": known.cell})
    guest.room.refresh_from_db()
    return render(request, _template(request), _page(guest, form=form, taken_back=True))


@participant_view
@require_POST
def room_place(request, guest: Guest, card):
    """Put a card under a place."""
    known = _card(guest, card)
    if guest.is_over:
        return _over(request, guest, taking_part.lost_choice(known))
    participant, place = _in(guest), request.POST.get("place", "")
    return _done(request, guest, f"card-{known.number}", lambda: taking_part.place(
        room=guest.room, participant=participant, card=known, place=place
    ))  # fmt: skip


@participant_view
@require_POST
def room_vote(request, guest: Guest, card):
    """Give a card so many of one's votes."""
    known = _card(guest, card)
    if guest.is_over:
        return _over(request, guest, taking_part.lost_vote(known))
    participant, typed = _in(guest), request.POST.get("number", "")
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else -1
    return _done(request, guest, f"card-{known.number}", lambda: taking_part.vote(
        room=guest.room, participant=participant, card=known, number=number
    ))  # fmt: skip


def _done(request, guest: Guest, where: str, deed):
    """Do it and show the person's own part again; what was refused, or came too late, is said there (409)."""
    try:
        deed()
    except Refused as refused:
        return _refused(request, guest, refused)
    if request.headers.get("HX-Request") == "true":
        return render(request, _template(request), _page(guest, saved=True))
    return redirect(f"{reverse('room', args=[guest.room.code])}#{where}")


def _refused(request, guest: Guest, refused: Refused):
    late = isinstance(refused, taking_part.MovedOn)
    guest.room.refresh_from_db()
    words = " ".join(map(str, refused.messages.values()))
    if guest.is_over:
        return _over(request, guest, words)
    return render(request, _template(request), _page(guest, refused=words), status=409 if late else 422)


def _in(guest: Guest):
    """Return who they are in the room; whoever is not in it is refused (403)."""
    if guest.participant is None:
        raise PermissionDenied
    return guest.participant


def _card(guest: Guest, card) -> Card:
    """Return a card of this room, the one above it where it was laid under another.

    What is said of a hidden card is kept, and counts when it is shown again.
    """
    cards = _workshop(guest).cards.filter(organisation_id=guest.room.organisation_id)
    known = cards.select_related("merged_into").filter(pk=card).first()
    if known is None:
        raise Http404
    return known.merged_into or known


def _who(guest: Guest) -> str:
    """Return as whom somebody is here, in HTML: what only their own page says."""
    return render_to_string("rooms/_who.html", {"participant": guest.participant, "room": guest.room})


def _workshop(guest: Guest) -> Workshop:
    """Return the workshop of the room (read once), with this very room in it."""
    workshop = guest.room.workshop
    workshop.room, workshop.organisation = guest.room, guest.room.organisation
    return workshop


def _template(request, name: str = "rooms/room.html") -> str:
    """Return the page, or its part ``mine`` where the page itself asks for it."""
    return f"{name}#mine" if request.headers.get("HX-Request") == "true" else name


def _page(
    guest: Guest, *, form=None, refused: str = "", saved: bool = False, taken_back: bool = False, who: str = ""
) -> dict:
    workshop, room = _workshop(guest), guest.room
    board, mine = board_of(workshop, room), mine_of(workshop, guest.participant)
    step = room.step
    if form is None and step == facilitation.GATHER:
        form = OwnCardForm(workshop=workshop)
    cards = [
        {
            "card": row.card, "answer": row.answer, "place": mine.placed.get(row.card.pk, ""),
            "votes": mine.voted.get(row.card.pk, 0),
        }
        for row in board.cards
    ]
    return {
        "board": board, "room": room, "workshop": workshop, "mine": mine, "form": form, "refused": refused,
        "saved": saved, "cards": cards, "placed": sum(bool(each["place"]) for each in cards),
        "next": next((each["card"].pk for each in cards if not each["place"]), None),
        "choices": [(slug, place_title(slug)) for slug in choices()], "participant": guest.participant,
        "who": who or _who(guest), "taken_back": taken_back,
        "words": facilitation.PLACE_WORDS,
    }  # fmt: skip
