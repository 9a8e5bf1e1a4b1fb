"""Pieces of work, from outside."""

import pytest

from involvement.actions import pieces
from involvement.actions.base import Conflict, Refused
from involvement.coproduction import stages_of_piece
from tests.world import classify_as

pytestmark = pytest.mark.django_db


def sign_in(client, world, name):
    client.force_login(world.people[name])
    return client


def test_an_editor_adds_a_piece_and_sees_it(client, world):
    sign_in(client, world, "ed")
    page = client.get("/o/ashdown/pieces/new/")
    key = page.context["form"]["request_key"].value()
    words = {"title": "Falls", "problem_statement": "People fall at night", "request_key": key}
    for _sending in range(2):  # a double click writes once
        answer = client.post("/o/ashdown/pieces/new/", words, follow=True)
    assert "People fall at night" in answer.content.decode()
    assert world.ashdown.organisation.pieces.filter(title="Falls").count() == 1


def test_a_title_is_needed_and_used_once(client, world):
    sign_in(client, world, "ed")
    empty = client.post("/o/ashdown/pieces/new/", {"title": "", "problem_statement": "kept words"})
    assert "Give the piece of work a title" in empty.content.decode()
    assert "kept words" in empty.content.decode()
    again = client.post("/o/ashdown/pieces/new/", {"title": world.ashdown.piece.title})
    assert "You already have a piece of work" in again.content.decode()


def test_a_viewer_reads_but_does_not_write(client, world):
    sign_in(client, world, "vi")
    address = f"/o/ashdown/pieces/{world.ashdown.piece.pk}/"
    assert client.get(address).status_code == 200
    assert client.get(address + "edit/").status_code == 403
    assert client.post(address + "whole/", {"version": 1}).status_code == 403


def test_anothers_piece_does_not_exist(client, world):
    sign_in(client, world, "ed")
    assert client.get(f"/o/ashdown/pieces/{world.birchwood.piece.pk}/").status_code == 404


def test_the_second_writer_is_told_and_keeps_their_words(client, world):
    piece = world.ashdown.piece
    sign_in(client, world, "ed")
    pieces.edit_piece(piece=piece, by=world.people["lea"], version=1, title="Lea’s title", problem_statement="x")
    answer = client.post(
        f"/o/ashdown/pieces/{piece.pk}/edit/", {"title": "Ed’s title", "problem_statement": "y", "version": 1}
    )
    assert answer.status_code == 409
    assert "Ed’s title" in answer.content.decode() and "Lea’s title" in answer.content.decode()
    piece.refresh_from_db()
    assert piece.title == "Lea’s title"


def test_new_words_for_the_problem_take_the_confirmation_away(world):
    piece, lea = world.ashdown.piece, world.people["lea"]
    piece = pieces.confirm_whole(piece=piece, by=lea, version=piece.version)
    assert piece.whole_confirmed_on is not None
    piece = pieces.edit_piece(
        piece=piece, by=lea, version=piece.version, title="New", problem_statement=piece.problem_statement
    )
    assert piece.whole_confirmed_on is not None
    piece = pieces.edit_piece(piece=piece, by=lea, version=piece.version, title="New", problem_statement="Other words")
    assert piece.whole_confirmed_on is None and piece.whole_confirmed_by is None


def test_a_whole_needs_its_problem_written(world):
    piece = pieces.add_piece(organisation=world.ashdown.organisation, by=world.people["ed"], title="Nothing written")
    with pytest.raises(Refused):
        pieces.confirm_whole(piece=piece, by=world.people["ed"], version=piece.version)
    with pytest.raises(Conflict):
        pieces.confirm_whole(piece=world.ashdown.piece, by=world.people["ed"], version=99)


def test_stages_count_only_joint_work_of_a_group(world):
    lea = world.people["lea"]
    world.ashdown.panel.piece = world.ashdown.piece
    world.ashdown.panel.save()
    classify_as(
        world.ashdown.panel,
        lea,
        "coproducers",
        {"facet": "coproducers/co-decide", "part": "asked", "as_group": True},
        {"facet": "coproducers/co-design", "part": "equal", "as_group": True},
        {"facet": "coproducers/co-deliver", "part": "lead", "as_group": False},
    )
    stages = {s.facet.slug: (s.part, s.counts) for s in stages_of_piece(world.viewer("vi"), world.ashdown.piece)}
    assert stages == {
        "co-decide": ("asked", False),
        "co-design": ("equal", True),
        "co-deliver": ("lead", False),
        "co-evaluate": ("", False),
    }
