"""Pieces of work: the list, one of them with its activities and stages, and the confirmation of a whole."""

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from framework.catalogue import catalogue
from involvement.access import Permission, organisation_view
from involvement.actions import pieces
from involvement.actions.base import Conflict, Refused
from involvement.coproduction import pieces_with_counts, stages_of_piece
from involvement.forms.pieces import PieceForm, VersionForm
from involvement.http import render_conflict, render_page


def load_piece(organisation, piece):
    """Return the organisation's piece of work with the id ``piece``."""
    return organisation.pieces.select_related("whole_confirmed_by").get(pk=piece)


@organisation_view(Permission.READ)
def piece_list(request, organisation):
    """List the pieces of work with how many activities each has."""
    return render_page(request, "pieces/list.html", {"pieces": pieces_with_counts(request.viewer)})


@organisation_view(Permission.ACTIVITY_EDIT)
def piece_new(request, organisation):
    """Add a piece of work."""
    form = PieceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            piece = pieces.add_piece(
                organisation=organisation,
                by=request.user,
                title=form.cleaned_data["title"],
                problem_statement=form.cleaned_data["problem_statement"],
                key=form.cleaned_data["request_key"],
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The piece of work is added"))
            return redirect("piece-detail", organisation.slug, piece.pk)
    return render_page(request, "pieces/form.html", {"form": form})


@organisation_view(Permission.READ, load=load_piece)
def piece_detail(request, organisation, piece):
    """Show one piece of work: its problem, its activities, its four stages."""
    context = {
        "piece": piece,
        "activities": piece.activities.filter(withdrawn_on=None).order_by("started_on", "id"),
        "stages": stages_of_piece(request.viewer, piece),
        "places": catalogue().places,
    }
    return render_page(request, "pieces/detail.html", context)


@organisation_view(Permission.ACTIVITY_EDIT, load=load_piece)
def piece_edit(request, organisation, piece):
    """Change the words of a piece of work; a second writer is told what changed."""
    initial = {"title": piece.title, "problem_statement": piece.problem_statement, "version": piece.version}
    form = PieceForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            pieces.edit_piece(
                piece=piece,
                by=request.user,
                version=data["version"] or 0,
                title=data["title"],
                problem_statement=data["problem_statement"],
            )
        except Refused as refused:
            form.refuse(refused)
        except Conflict as conflict:
            return render_conflict(request, form, conflict, {"piece": piece})
        else:
            messages.success(request, _("Your changes are saved"))
            return redirect("piece-detail", organisation.slug, piece.pk)
    return render_page(request, "pieces/form.html", {"form": form, "piece": piece})


@organisation_view(Permission.ACTIVITY_EDIT, load=load_piece)
def piece_whole(request, organisation, piece):
    """Confirm, or no longer confirm, that people and staff did the whole of it together."""
    form = VersionForm(request.POST or None, initial={"version": piece.version})
    if request.method == "POST" and form.is_valid():
        act = pieces.unconfirm_whole if piece.whole_confirmed_on else pieces.confirm_whole
        try:
            act(piece=piece, by=request.user, version=form.cleaned_data["version"])
        except Refused as refused:
            form.refuse(refused)
        except Conflict as conflict:
            return render_conflict(request, form, conflict, {"piece": piece})
        else:
            messages.success(request, _("Your answer is saved"))
            return redirect("piece-detail", organisation.slug, piece.pk)
    context = {"form": form, "piece": piece, "stages": stages_of_piece(request.viewer, piece)}
    return render_page(request, "pieces/whole.html", context)
