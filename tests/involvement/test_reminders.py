"""The letters that remind: at most one a person a day, of everything, and nothing twice."""

import io
from datetime import datetime, time, timedelta

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone

from involvement.actions import board, organisations, responses
from involvement.actions.base import today
from involvement.models import ActionStep, Complete, Organisation, ReminderSent, Response
from tests.involvement.test_actions import close, lapsed, row_of  # noqa: F401  lapsed is a fixture
from tests.post_office import mailers
from tests.world import rewrite

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def on(monkeypatch):
    """Let it be another day, counted from the one on which the test began."""
    first = today()

    def go(days: int):
        then = timezone.make_aware(datetime.combine(first + days * DAY, time(9)))
        monkeypatch.setattr(timezone, "now", lambda: then)
        assert today() == first + days * DAY

    return go


@pytest.fixture
def action(world):
    return set_one(world, "Ask people on the wards again", 10)


def set_one(world, what, days, owner="ed", side=None):
    organisation = (side or world.ashdown).organisation
    return board.set_action(
        organisation=organisation, by=world.people["bob" if side is None else "bo"], place="users", what=what,
        owner="Somebody", owner_user=world.people[owner], due_on=today() + days * DAY,
    )  # fmt: skip


def remind(*arguments) -> str:
    out = io.StringIO()
    call_command("remind", *arguments, stdout=out)
    return out.getvalue()


def letters_to(name: str) -> list:
    return [letter for letter in mail.outbox if letter.to == [f"{name}@example.org"]]


def test_twice_in_a_row_sends_once(world, action, on):
    on(2)
    remind()
    assert mail.outbox == [], "eight days before"
    on(3)
    assert "sent 1" in remind()
    assert "sent 0" in remind()
    [letter] = letters_to("ed")
    assert letter.subject == "Involvement Map: 1 thing waits for you"
    assert action.what in letter.body and f"/o/ashdown/actions/{action.pk}/" in letter.body
    on(4)
    remind()
    assert len(mail.outbox) == 1, "told of already"


def test_an_overdue_one_comes_again_each_week(world, action, on):
    sent = []
    for day in range(30):
        on(day)
        before = len(mail.outbox)
        remind()
        sent += [day] * (len(mail.outbox) - before)
    assert sent == [3, 11, 18, 25]
    assert "Overdue since" in mail.outbox[-1].body


def test_what_is_done_or_dropped_reminds_nobody(world, action, on):
    close(world, action)
    other = set_one(world, "Another", 5)
    board.drop_action(action=other, by=world.people["bob"], version=1, note="Not now")
    on(9)
    remind()
    assert mail.outbox == []


def test_one_letter_a_day_lists_all_of_every_organisation(world, action, on):
    organisations.give_role(
        organisation=world.birchwood.organisation, user=world.people["ed"], role="editor", by=world.people["bo"]
    )
    set_one(world, "Another one", 10)
    set_one(world, "Theirs", 10, side=world.birchwood)
    on(5)
    assert "sent 1" in remind()
    [letter] = letters_to("ed")
    assert letter.subject == "Involvement Map: 3 things wait for you"
    assert letter.body.count("/o/ashdown/actions/") == 2 and letter.body.count("/o/birchwood/actions/") == 1
    late = set_one(world, "A late one", 1)
    remind()
    assert len(letters_to("ed")) == 1, "not twice on one day"
    on(6)
    remind()
    assert late.what in letters_to("ed")[1].body and action.what not in letters_to("ed")[1].body


def test_a_dry_run_says_what_it_would_send_and_writes_nothing(world, action, on):
    on(5)
    due = action.due_on
    said = remind("--dry-run")
    assert action.what in said and "Would reopen 0 and send 1." in said and "example.org" not in said
    assert f"  ashdown: Due by {due.day} {due:%B} {due.year}: {action.what}\n" in said
    assert mail.outbox == [] and not ReminderSent.objects.exists()


def test_who_left_or_has_a_closed_account_gets_nothing(world, action, on):
    membership = world.ashdown.organisation.memberships.get(user=world.people["ed"], until=None)
    organisations.end_role(membership=membership, by=world.people["lea"])
    set_one(world, "For a closed account", 10, owner="fay")
    rewrite(type(world.people["fay"]).objects.filter(pk=world.people["fay"].pk), is_active=False)
    on(9)
    remind()
    assert letters_to("ed") == letters_to("fay") == []


def test_a_suspended_organisation_sends_nothing(world, action, on):
    rewrite(Organisation.objects.filter(slug="ashdown"), suspended_on=today(), suspended_because="Nobody pays")
    on(9)
    remind()
    assert mail.outbox == []


def test_a_not_needed_comes_back_to_the_board_before_it_lapses(world, on):
    responses.respond(
        organisation=world.ashdown.organisation, by=world.people["bob"], place="choosers", facet="choosers/provider",
        kind="not-needed", reason="One hospital", review_on=today() + 100 * DAY,
    )  # fmt: skip
    on(69)
    remind()
    assert letters_to("bob") == []
    on(70)
    remind()
    on(99)
    remind()
    [letter] = letters_to("bob")
    assert "Judged as not needed" in letter.body and "facet=choosers%2Fprovider" in letter.body
    assert letters_to("lea") == letters_to("ed") == []


def test_a_list_that_ends_comes_back_to_whoever_said_it(world, on):
    rewrite(Response.objects.all(), due_on=None)
    rewrite(Complete.objects.filter(pk=world.ashdown.statement.pk), recorded_by=world.people["ed"])
    on(340)
    remind()
    assert "“This list is complete” for users ends on" in letters_to("ed")[0].body
    assert letters_to("lea") == []


def test_a_list_of_somebody_who_left_comes_back_to_the_leads(world, on):
    rewrite(Complete.objects.filter(pk=world.ashdown.statement.pk), recorded_by=world.people["sam"])
    on(340)
    remind()
    assert "“This list is complete”" in letters_to("lea")[0].body


def test_a_letter_that_does_not_leave_is_tried_again(world, action, on, settings):
    on(5)
    works = settings.MAILERS
    settings.MAILERS = mailers(1)  # nobody listens there
    with pytest.raises(CommandError, match="1 could not be sent"):
        remind()
    assert not ReminderSent.objects.exists()
    settings.MAILERS = works
    assert "sent 1" in remind()


def test_what_lapsed_again_is_reopened_and_written_down_once(world, lapsed):  # noqa: F811
    assert "Would reopen 1" in remind("--dry-run")
    assert row_of(world, lapsed).steps[-1].kind == "done"
    assert "Reopened 1" in remind()
    assert "Reopened 0" in remind()
    row = row_of(world, lapsed)
    assert [step.kind for step in row.steps] == ["set", "done", "reopened"]
    assert "lapsed again" in row.steps[-1].note and row.steps[-1].recorded_by is None
    assert ActionStep.objects.filter(kind="reopened").count() == 1
