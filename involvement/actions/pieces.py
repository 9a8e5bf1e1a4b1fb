"""Pieces of work: the larger things that several activities serve."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from involvement.actions.base import Refused, once, take, today, writing
from involvement.models import Organisation, PieceOfWork, User


def _checked_title(organisation: Organisation, title: str, apart_from: int | None = None) -> str:
    title = " ".join(title.split())
    if not title:
        raise Refused({"title": _("Give the piece of work a title")})
    if organisation.pieces.filter(title=title).exclude(pk=apart_from).exists():
        raise Refused({"title": _("You already have a piece of work called “%(title)s”") % {"title": title}})
    return title


def add_piece(
    *, organisation: Organisation, by: User, title: str, problem_statement: str = "", key: UUID | None = None
) -> PieceOfWork:
    """Add a piece of work. Raises Refused when the title is empty or already used in the organisation."""

    def write() -> dict:
        with writing(organisation):
            piece = PieceOfWork(
                organisation=organisation,
                recorded_by=by,
                title=_checked_title(organisation, title),
                problem_statement=problem_statement.strip(),
            )
            piece._history_user = by
            piece.save()
        return {"piece": piece.pk}

    return organisation.pieces.get(pk=once(organisation=organisation, by=by, key=key, write=write)["piece"])


def edit_piece(*, piece: PieceOfWork, by: User, version: int, title: str, problem_statement: str) -> PieceOfWork:
    """Change the words of a piece of work.

    A new problem statement takes the confirmation of the whole away: people confirmed the old words. Raises Conflict
    when ``version`` is not the current one, Refused as add_piece does.
    """
    with writing(piece.organisation):
        current = take(piece, version)
        current.title = _checked_title(piece.organisation, title, apart_from=piece.pk)
        if problem_statement.strip() != current.problem_statement:
            current.problem_statement = problem_statement.strip()
            current.whole_confirmed_by = current.whole_confirmed_on = None
        current._history_user = by
        current.save()
    return current


def confirm_whole(*, piece: PieceOfWork, by: User, version: int) -> PieceOfWork:
    """Confirm, as a person, that this work was coproduced from start to finish (one shared problem, all four stages).

    The map counts it as whole only when the four stages are there too. Raises Refused while no problem is written.
    """
    with writing(piece.organisation):
        current = take(piece, version)
        if not current.problem_statement:
            raise Refused({"": _("Write the problem that everyone agreed on first")})
        current.whole_confirmed_by, current.whole_confirmed_on = by, today()
        current._history_user = by
        current.save()
    return current


def unconfirm_whole(*, piece: PieceOfWork, by: User, version: int) -> PieceOfWork:
    """Take the confirmation back. Raises Conflict when ``version`` is not the current one."""
    with writing(piece.organisation):
        current = take(piece, version)
        current.whole_confirmed_by = current.whole_confirmed_on = None
        current._history_user = by
        current.save()
    return current
