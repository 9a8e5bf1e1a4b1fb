"""What is to be done: setting, closing with evidence, reopening, and what lapses again after it was done."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from involvement.actions import activities, board
from involvement.actions.base import Conflict, Refused, today
from involvement.board_actions import ActionState, action_rows
from involvement.maps import build_map
from involvement.models import ActionStep, RunningConfirmation
from tests.world import classify_as, rewrite

pytestmark = pytest.mark.django_db
LIST = "/o/ashdown/actions/"
DAY = timedelta(days=1)


@pytest.fixture
def action(world):
    """An action of a board member on the users' place, due in a week."""
    return board.set_action(
        organisation=world.ashdown.organisation, by=world.people["bob"], place="users", facet="users/experience",
        what="Ask people on the wards again", owner="Director of nursing", due_on=today() + 7 * DAY,
    )  # fmt: skip


def row_of(world, action, on=None, with_map=False):
    viewer, on = world.viewer("vi"), on or today()
    shown = build_map(viewer, as_at=on) if with_map else None
    found = action_rows(viewer, on=on, organisation_map=shown, pk=action.pk)
    return found[0] if found else None


def close(world, action, **words):
    said = {"note": "We asked 40 people", "reference": "Board minutes, item 7"} | words
    return board.close_action(action=action, by=world.people["ed"], version=action.version, **said)


def test_a_board_member_sets_one_on_its_page(client, world):
    client.force_login(world.people["bob"])
    due = today() + 30 * DAY
    page = client.get(f"{LIST}new/?place=owners&facet=owners/strategy&response={world.ashdown.response.pk}")
    assert "Ashdown will ask people" in page.content.decode()
    said = {
        "about": "owners/strategy", "service": "", "what": "Hold a citizens’ jury", "owner": "The chair",
        "owner_user": str(world.people["ed"].pk), "due_on_day": due.day, "due_on_month": due.month,
        "due_on_year": due.year, "request_key": page.context["form"]["request_key"].value(),
    }  # fmt: skip
    for _twice in range(2):
        shown = client.post(f"{LIST}new/?response={world.ashdown.response.pk}", said, follow=True).content.decode()
    assert "Hold a citizens’ jury" in shown and "Ed is reminded by e-mail" in shown
    made = world.ashdown.organisation.actions.get(what="Hold a citizens’ jury")
    assert (made.facet, made.response_id, made.steps.count()) == ("owners/strategy", world.ashdown.response.pk, 1)
    assert "Hold a citizens’ jury" in client.get(LIST).content.decode()
    gap = client.get("/o/ashdown/gaps/respond/?place=owners&facet=owners/strategy").content.decode()
    assert "Hold a citizens’ jury" in gap


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"what": " "}, "what"), ({"owner": ""}, "owner"), ({"due_on": None}, "due_on"),
        ({"due_on": today() - DAY}, "due_on"), ({"place": "kings"}, "place"), ({"facet": "owners/strategy"}, "facet"),
        ({"what": "x" * 301}, "what"), ({"on": today() + DAY}, "on"),
    ],
)  # fmt: skip
def test_what_an_action_needs(world, wrong, field):
    said = {"place": "users", "what": "Ask", "owner": "Somebody", "due_on": today()} | wrong
    with pytest.raises(Refused) as refused:
        board.set_action(organisation=world.ashdown.organisation, by=world.people["bob"], **said)
    assert field in refused.value.messages


def test_strangers_own_and_remind_nobody_here(world):
    with pytest.raises(Refused) as refused:
        board.set_action(
            organisation=world.ashdown.organisation, by=world.people["bob"], place="users", what="Ask", owner="x",
            due_on=today(), owner_user=world.people["bo"], service=world.birchwood.services[0],
        )  # fmt: skip
    assert set(refused.value.messages) == {"service"}
    with pytest.raises(Refused) as refused:
        board.set_action(
            organisation=world.ashdown.organisation, by=world.people["bob"], place="users", what="Ask", owner="x",
            due_on=today(), owner_user=world.people["bo"],
        )  # fmt: skip
    assert set(refused.value.messages) == {"owner_user"}


def test_an_editor_closes_it_with_evidence_only(client, world, action):
    client.force_login(world.people["ed"])
    where = f"{LIST}{action.pk}/step/?kind=done"
    page = client.post(where, {"note": "We asked 40 people", "version": action.version}).content.decode()
    assert "Give a web address, a file or a reference" in page and "We asked 40 people" in page
    assert "Say what was done." in client.post(where, {"reference": "x", "version": 1}).content.decode()
    assert row_of(world, action).state is ActionState.OPEN
    scan = SimpleUploadedFile("report.pdf", b"%PDF-1.7 x")
    said = {"note": "We asked 40 people", "version": action.version, "upload": scan}
    shown = client.post(where, said, follow=True).content.decode()
    assert "The action is closed." in shown and "Download report.pdf" in shown
    row = row_of(world, action)
    assert (row.state, row.closed_on, row.is_open) == (ActionState.DONE, today(), False)
    assert b"".join(client.get(f"/files/{row.evidence.file_id}/").streaming_content) == b"%PDF-1.7 x"
    assert action.what not in client.get(LIST).content.decode()
    assert action.what in client.get(f"{LIST}?show=done").content.decode()


def test_a_file_of_an_unknown_kind_is_not_taken(client, world, action):
    client.force_login(world.people["ed"])
    said = {"note": "Done", "version": 1, "upload": SimpleUploadedFile("a.pdf", b"<html>")}
    page = client.post(f"{LIST}{action.pk}/step/?kind=done", said).content.decode()
    assert "The file must be a PDF" in page


def test_the_database_refuses_a_closing_without_evidence(world, action):
    for words in ({"note": "Done"}, {"reference": "Minutes"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ActionStep.objects.create(
                organisation=action.organisation, action=action, kind="done", on=today(), **words
            )


def test_who_may_take_which_step(client, world, action):
    def offered(name):
        client.force_login(world.people[name])
        page = client.get(f"{LIST}{action.pk}/").content.decode()
        return {kind for kind in ("done", "moved", "dropped", "reopened") if f"?kind={kind}" in page}

    assert offered("bob") == {"moved", "dropped"}
    assert offered("ed") == offered("lea") == {"done", "moved"}
    assert offered("vi") == offered("pat") == set()
    closed = close(world, action)
    assert offered("bob") == {"reopened"} and offered("ed") == set()
    assert client.post(f"{LIST}{action.pk}/step/?kind=moved", {}).status_code == 403
    for name, deed, words in (
        ("bob", board.close_action, {"note": "x", "reference": "y"}),
        ("ed", board.reopen_action, {"note": "x"}),
        ("ed", board.drop_action, {"note": "x"}),
        ("vi", board.move_action, {"note": "x", "due_on": today(), "owner": "y"}),
    ):
        with pytest.raises(PermissionDenied):
            deed(action=closed, by=world.people[name], version=closed.version, **words)


def test_whoever_set_one_may_drop_it(world):
    own = board.set_action(
        organisation=world.ashdown.organisation, by=world.people["ed"], place="users", what="Ask", owner="x",
        due_on=today(),
    )  # fmt: skip
    board.drop_action(action=own, by=world.people["ed"], version=1, note="Entered by mistake")
    assert row_of(world, own).state is ActionState.DROPPED


def test_the_board_reopens_with_a_reason(world, action):
    closed = close(world, action)
    with pytest.raises(Refused):
        board.reopen_action(action=closed, by=world.people["bob"], version=closed.version, note=" ")
    again = board.reopen_action(action=closed, by=world.people["bob"], version=closed.version, note="Only one ward")
    row = row_of(world, action)
    assert row.state is ActionState.REOPENED and row.is_open
    assert [step.kind for step in row.steps] == ["set", "done", "reopened"]
    with pytest.raises(Refused):
        board.reopen_action(action=again, by=world.people["bob"], version=again.version, note="Again")


def test_the_first_of_two_wins(client, world, action):
    close(world, action)
    with pytest.raises(Conflict):
        close(world, action)
    action.refresh_from_db()
    with pytest.raises(Refused):
        close(world, action)
    client.force_login(world.people["bob"])
    stale = {"note": "Not enough", "version": 1}
    assert client.post(f"{LIST}{action.pk}/step/?kind=reopened", stale).status_code == 409


def test_another_day_keeps_the_day_before(world, action):
    with pytest.raises(Refused):
        board.move_action(
            action=action, by=world.people["bob"], version=1, note="", due_on=today(), owner=action.owner
        )
    moved = board.move_action(
        action=action, by=world.people["bob"], version=1, note="Winter", due_on=today() + 60 * DAY, owner="The chair",
        owner_user=world.people["bob"],
    )  # fmt: skip
    row = row_of(world, moved)
    assert (row.due_on, row.state) == (today() + 60 * DAY, ActionState.OPEN)
    assert [step.due_on for step in row.steps] == [today() + 7 * DAY, today() + 60 * DAY]
    rewrite(ActionStep.objects.filter(action=action, kind="set"), on=today() - 5 * DAY)
    assert row_of(world, moved, on=today() - DAY).due_on == today() + 7 * DAY, "as the board saw it then"
    assert row_of(world, moved, on=today() - 6 * DAY) is None


def test_overdue_is_shown(client, world, action):
    rewrite(ActionStep.objects.filter(action=action), due_on=today() - DAY)
    client.force_login(world.people["vi"])
    page = client.get(f"{LIST}?show=overdue").content.decode()
    assert action.what in page and "Overdue" in page
    assert not row_of(world, world.ashdown.action).overdue, "due today is not overdue"


def test_steps_are_written_once(world, action):
    step = action.steps.get()
    for deed in (step.save, step.delete, action.steps.all().delete, lambda: action.steps.update(note="x")):
        with pytest.raises(TypeError):
            deed()


@pytest.fixture
def lapsed(world):
    """An action on the choosers' place, done eight months ago while it was live; what was live there ended long ago."""
    org, lea = world.ashdown.organisation, world.people["lea"]
    gone = activities.add_activity(
        organisation=org, by=lea,
        facts={"title": "Choice of ward", "start_written": "2020", "end_written": str(today() - 400 * DAY)},
    )  # fmt: skip
    classify_as(
        gone, lea, "choosers", {"facet": "choosers/provider", "options": 2, "free_to_refuse": True}, claim="choosers"
    )
    action = board.set_action(
        organisation=org, by=world.people["bob"], place="choosers", facet="choosers/provider", what="Keep the choice",
        owner="x", due_on=today(), on=today() - 260 * DAY,
    )  # fmt: skip
    return close(world, action, on=today() - 240 * DAY)


def test_what_is_done_comes_back_when_its_cell_lapses_again(client, world, lapsed):
    row = row_of(world, lapsed, with_map=True)
    assert row.lapsed_again and row.state is ActionState.REOPENED and row.is_open
    assert row_of(world, lapsed).state is ActionState.DONE, "nobody has written it down"
    earlier = row_of(world, lapsed, on=today() - 200 * DAY, with_map=True)
    assert earlier.state is ActionState.DONE, "it had not lapsed then"
    client.force_login(world.people["ed"])
    assert "lapsed again since" in client.get(LIST).content.decode()
    said = {"note": "The choice is back", "reference": "Minutes", "version": lapsed.version}
    page = client.post(f"{LIST}{lapsed.pk}/step/?kind=done", said, follow=True)
    assert page.status_code == 200
    kinds = [step.kind for step in row_of(world, lapsed).steps]
    assert kinds == ["set", "done", "reopened", "done"], "what the page showed is written down first"
    assert row_of(world, lapsed).steps[2].recorded_by is None


def test_what_had_lapsed_before_it_was_done_is_not_reopened(world, lapsed):
    rewrite(ActionStep.objects.filter(action=lapsed, kind="done"), on=today() - 2 * DAY)
    assert row_of(world, lapsed, with_map=True).state is ActionState.DONE


def test_what_runs_again_is_not_reopened(world, lapsed):
    activity = world.ashdown.organisation.activities.get(title="Choice of ward")
    rewrite(type(activity).objects.filter(pk=activity.pk), ended_on=None)
    RunningConfirmation.objects.create(
        organisation=activity.organisation, activity=activity, on=today(), running=True
    )
    assert row_of(world, lapsed, with_map=True).state is ActionState.DONE


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_takes_as_many_queries_for_one_as_for_three(world, number, django_assert_num_queries):
    for n in range(number):
        board.set_action(
            organisation=world.ashdown.organisation, by=world.people["bob"], place="users", what=f"Ask {n}", owner="x",
            due_on=today(),
        )  # fmt: skip
    viewer = world.viewer("vi")
    with django_assert_num_queries(2):
        assert len(action_rows(viewer, on=today())) == number + 1
