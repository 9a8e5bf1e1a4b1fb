"""The invented trust: rich enough to show everything, built by the actions, made once, never in production."""

import io
import json
from collections import Counter

import pytest
from django.core.management import CommandError, call_command

from framework.catalogue import NOT_INVOLVEMENT, catalogue
from framework.coverage import Status
from involvement import demo
from involvement.access import Role, viewer_for
from involvement.actions.base import today
from involvement.maps import build_map
from involvement.models import Activity, Classification, Organisation, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def northfield():
    return demo.make().organisation


@pytest.fixture
def shown(northfield):
    """The map of the example as its lead sees it today."""
    lead = User.objects.get(email="lead@northfield.example")
    return build_map(viewer_for(lead, northfield.slug), as_at=today())


def _command(name, *arguments):
    out = io.StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


def test_the_command_makes_it_once_and_says_how_to_sign_in(settings, client):
    settings.DEBUG = True
    first = _command("demo")
    assert "invented" in first and "/o/northfield/" in first and demo.PASSWORD in first
    emails = [line.split()[0] for line in first.splitlines() if "@northfield.example" in line]
    assert len(emails) == 8
    assert all(client.login(email=email, password=demo.PASSWORD) for email in emails)
    before = _everything()
    assert "Nothing was changed" in _command("demo")
    assert _everything() == before


def _everything():
    organisation = Organisation.objects.get()
    rows = ("activities", "classifications", "changes", "evidence", "responses", "complete_statements", "memberships")
    counts = [getattr(organisation, name).count() for name in rows]
    return organisation.version, User.objects.count(), Activity.history.count(), counts


def test_it_is_refused_where_debug_is_off(settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="production"):
        _command("demo")
    assert not Organisation.objects.exists() and not User.objects.exists()


def test_an_account_that_is_there_keeps_its_password(settings):
    settings.DEBUG = True
    User.objects.create_user("lead@northfield.example", "their own", name="Somebody")
    _command("demo")
    assert User.objects.get(email="lead@northfield.example").check_password("their own")


def test_it_is_fictional_and_everybody_has_the_role_of_their_name(northfield):
    assert northfield.fictional and northfield.name == "Northfield Hospitals NHS Trust"
    roles = set(northfield.memberships.values_list("user__email", "role"))
    assert roles == {
        (f"{role.value.replace('-member', '').replace('-', '.')}@northfield.example", role.value) for role in Role
    } | {(f"{which}.leader@northfield.example", "patient-leader") for which in ("second", "third")}


def test_all_seven_statuses_show_today(shown):
    assert {cell.status for cell in shown.cells} == set(Status)


def test_the_map_command_shows_them_too(northfield):
    printed = json.loads(_command("map", northfield.slug))
    assert {cell["status"] for cell in printed["cells"]} == {status.value for status in Status}
    assert printed["coproduction"]["whole"] == 1


def test_it_shows_what_a_board_has_to_see(shown):
    by_facet = {cell.facet: cell for cell in shown.cells}
    assert any(cell.refused_only for cell in shown.cells), "a refusal with its reasons, and nothing changed"
    assert any(cell.still_effect for cell in shown.cells), "something that lapsed and still has effect"
    assert any(cell.confirmed for cell in shown.cells), "people confirm it"
    assert any(cell.not_recorded for cell in shown.cells), "a part that is not recorded"
    assert any(cell.not_needed_reason for cell in shown.cells)
    assert any(cell.status is Status.MISSING and cell.not_recorded for cell in by_facet.values())
    assert shown.coproduction.whole == 1 < shown.coproduction.any_stage < shown.coproduction.called
    assert shown.complete and len(shown.complete) < len(catalogue().places)
    assert shown.aims and shown.responses
    assert shown.corrections == 0, "a correction made when the example was made is nothing to tell of today"


def test_every_activity_is_counted_once(shown, northfield):
    counts = shown.activities
    assert 45 <= counts.listed == northfield.activities.count()
    assert counts.listed == counts.live + counts.not_dated + counts.planned + counts.lapsed
    assert counts.listed == counts.classified + counts.unclassified
    assert all((counts.not_dated, counts.planned, counts.lapsed, counts.unclassified, counts.not_involvement))
    assert all(counts.by_place.values())


def test_every_contested_kind_is_there(northfield):
    found = Counter(kind for kinds in _current(northfield).values_list("contested_kinds", flat=True) for kind in kinds)
    assert set(found) == set(catalogue().contested_kinds)


def _current(northfield):
    return Classification.objects.filter(organisation=northfield, until=None, void_at=None)


def test_answers_lead_to_the_place_that_is_shown_or_a_reason_says_why_not(northfield):
    unlike = [row for row in _current(northfield) if row.suggested_place not in ("", row.primary_place)]
    assert unlike and all(row.reason for row in unlike)
    places = set(_current(northfield).values_list("primary_place", flat=True))
    assert places == {*catalogue().places, NOT_INVOLVEMENT}
    claims = [row for row in _current(northfield) if row.claim and row.claim != row.primary_place]
    assert len(claims) >= 10, "claim and place are different facts, and the example shows it"


def test_a_reading_was_corrected_and_another_replaced(northfield):
    readings = Classification.objects.filter(organisation=northfield)
    assert readings.filter(void_at__isnull=False).count() == 1
    assert readings.filter(void_at=None, until__isnull=False).count() == 1


def test_it_has_no_date_to_come_but_plans(northfield):
    for activity in northfield.activities.exclude(stated_status="planned"):
        assert activity.started_on is None or activity.started_on <= today(), activity
    for change in northfield.changes.all():
        assert change.decided_on <= today()


@pytest.mark.parametrize("day", ["2024-02-29", "2025-01-01", "2025-03-31", "2026-06-30", "2026-12-31", "2027-08-15"])
def test_it_never_ages(monkeypatch, day):
    """Made on any day, it shows all seven statuses on that day."""
    import datetime

    from django.utils import timezone

    then = datetime.datetime.fromisoformat(f"{day}T12:00:00+00:00")
    monkeypatch.setattr(timezone, "now", lambda: then)
    organisation = demo.make().organisation
    assert today().isoformat() == day
    lead = User.objects.get(email="lead@northfield.example")
    shown = build_map(viewer_for(lead, organisation.slug), as_at=today())
    assert {cell.status for cell in shown.cells} == set(Status)
    assert shown.coproduction.whole == 1


def test_every_page_of_the_example_opens(northfield, client):
    client.force_login(User.objects.get(email="lead@northfield.example"))
    opened = 0
    for activity in northfield.activities.all():
        page = client.get(f"/o/northfield/activities/{activity.pk}/")
        assert page.status_code == 200 and activity.title in page.content.decode().replace("&#x27;", "'")
        opened += 1
    assert opened >= 50
    for address in ("", "map/", "activities/", "gaps/", "pieces/", "complete/", "aims/", "services/"):
        assert client.get(f"/o/northfield/{address}").status_code == 200
    for piece in northfield.pieces.all():
        assert client.get(f"/o/northfield/pieces/{piece.pk}/").status_code == 200


def test_the_history_tells_what_is_done_about_the_map(northfield, client):
    """Actions, answers, decisions, aims, statements and challenges, in sentences that somebody can read aloud."""
    client.force_login(User.objects.get(email="board@northfield.example"))
    told = " ".join(
        client.get(f"/o/northfield/history/?page={number}").content.decode() for number in range(1, 6)
    )
    for words in (
        "set the action “", "said that the action “", "judged the gap “", "listed the decision “",
        "recorded the aim for", "said that the list is complete for", "challenged “", "answered the challenge of",
        "let the challenge about",
    ):  # fmt: skip
        assert words in told, words
