"""Settings, services coming and going, and how the organisation counts what people disagree about."""

from datetime import timedelta

import pytest
from django.utils.html import strip_tags

from framework.catalogue import catalogue
from involvement.actions import challenging, organisations, rulings
from involvement.actions.base import Refused, today
from involvement.models import Organisation, SecurityEvent
from tests.world import classify_as

pytestmark = pytest.mark.django_db

SETTINGS, RULINGS, HISTORY = "/o/ashdown/settings/", "/o/ashdown/rulings/", "/o/ashdown/history/"


def words(answer) -> str:
    return " ".join(strip_tags(answer.content.decode().replace("<", " <")).split())


@pytest.fixture
def lea(client, world):
    client.force_login(world.people["lea"])
    return client


def filled(client, **changes) -> dict:
    """Return what the page's form would send, changed so."""
    form = client.get(SETTINGS).context["form"]
    said = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in (said | changes).items() if value not in (False, None)}


def test_a_lead_changes_the_settings_and_the_history_says_what(lea, world):
    sent = filled(lea, name=" Ashdown  Care ", ods_code="rxx", kind="foundation-trust", second_factor_required="on")
    assert "The settings are saved" in words(lea.post(SETTINGS, sent, follow=True))
    organisation = Organisation.objects.get(slug="ashdown")
    assert (organisation.name, organisation.ods_code, organisation.kind) == ("Ashdown Care", "RXX", "foundation-trust")
    assert organisation.second_factor_required and organisation.nation == "england"
    assert lea.get(SETTINGS).url.startswith("/accounts/second-step/needed/"), "whoever asks for it needs it first"
    lea.force_login(world.people["vi"])
    said = words(lea.get(HISTORY))
    assert "Lea changed the name from “Ashdown Hospitals” to “Ashdown Care”" in said
    assert "filled in the ODS code: “RXX”" in said
    assert "changed the kind from “NHS trust” to “NHS foundation trust”" in said
    assert "made leads and board members sign in with a second step" in said
    assert "nation" not in said


def test_a_reply_can_be_owed_sooner_than_in_28_days(lea, world):
    lea.post(SETTINGS, filled(lea, reply_days="10"))
    organisation = Organisation.objects.get(slug="ashdown")
    challenge = challenging.make_challenge(
        organisation=organisation, by=world.people["pat"], kind="missing", place="owners", words="The youth forum"
    )
    due = challenge.dues.get()
    assert (due.due_on - due.from_on).days == organisation.reply_days == 10
    said = words(lea.get(HISTORY))
    assert "now replies to challenges within 10 days, before it was within 28" in said


def test_what_is_the_same_is_no_change(lea):
    before = SecurityEvent.objects.count()
    assert lea.post(SETTINGS, filled(lea)).status_code == 302
    assert SecurityEvent.objects.count() == before


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": "  "}, "Enter the name of the organisation"),
        ({"name": "x" * 201}, "200 characters or fewer"),
        ({"ods_code": "RX"}, "Enter an ODS code, such as RXX"),
        ({"ods_code": "R-X"}, "Enter an ODS code, such as RXX"),
        ({"kind": "circus"}, "circus"),
        ({"nation": "mars"}, "mars"),
        ({"reply_days": "29"}, "Enter a number from 1 to 28"),
        ({"reply_days": "0"}, "Enter a number from 1 to 28"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_saved(lea, world, change, told):
    version = Organisation.objects.get(slug="ashdown").version
    answer = lea.post(SETTINGS, filled(lea) | change)
    assert told in words(answer) and "<title>Error:" in answer.content.decode()
    assert Organisation.objects.get(slug="ashdown").version == version


@pytest.mark.parametrize("code", ["RXX", "7A1", "A81001", "G6V2S", "SA1234567"[:9], ""])
def test_codes_that_the_nhs_gives(world, code):
    organisation = world.ashdown.organisation
    said = {name: getattr(organisation, name) for name in organisations.SETTINGS} | {"ods_code": code}
    seen = organisations.settings_seen(organisation)
    changed = organisations.change_settings(organisation=organisation, by=world.people["lea"], seen=seen, **said)
    assert changed.ods_code == code


def test_who_saves_second_sees_what_the_first_saved_and_keeps_their_words(lea, world):
    mine = filled(lea, name="Mine")
    lea.post(SETTINGS, filled(lea, name="Theirs"))
    refused = lea.post(SETTINGS, mine)
    assert refused.status_code == 409
    assert "Somebody else changed the settings" in words(refused)
    assert "What is saved now: Name of the organisation Theirs" in words(refused)
    assert 'value="Mine"' in refused.content.decode()
    assert Organisation.objects.get(slug="ashdown").name == "Theirs"
    again = mine | {"seen": refused.context["form"]["seen"].value()}
    lea.post(SETTINGS, again)
    assert Organisation.objects.get(slug="ashdown").name == "Mine"


def test_an_editors_work_in_between_does_not_stop_the_settings(lea, world):
    sent = filled(lea, name="Mine")
    organisations.add_service(organisation=world.ashdown.organisation, by=world.people["lea"], name="Another")
    assert lea.post(SETTINGS, sent).status_code == 302


def test_a_lead_finds_everything_from_the_menu(lea, client, world):
    front = lea.get("/o/ashdown/").content.decode()
    assert 'href="/o/ashdown/members/"' in front
    page = lea.get("/o/ashdown/members/").content.decode()
    for where in ("services", "rulings", "settings", "history"):
        assert f'href="/o/ashdown/{where}/"' in page
        assert 'aria-current="page"' in lea.get(f"/o/ashdown/{where}/").content.decode().partition("app-own-pages")[2]
    client.force_login(world.people["vi"])
    page = client.get("/o/ashdown/members/").content.decode()
    assert 'href="/o/ashdown/settings/"' not in page and 'href="/o/ashdown/services/"' in page


def test_a_service_is_renamed_closed_and_brought_back_and_its_page_tells_it(lea, world):
    service = world.ashdown.services[1]
    where = f"/o/ashdown/services/{service.pk}/edit/"
    lea.post(where, {"name-name": "Cancer care", "act": "rename"})
    lea.post(where, {"act": "retire"})
    assert "Bring it back" in words(lea.get(where))
    lea.post(where, {"act": "reopen"})
    service.refresh_from_db()
    assert (service.name, service.retired_on) == ("Cancer care", None)
    for page in (where, HISTORY):
        said = words(lea.get(page))
        for sentence in (
            "Lea added the service “Cancer”",
            "Lea renamed the service “Cancer” to “Cancer care”",
            "Lea closed the service “Cancer care” from",
            "Lea brought the service “Cancer care” back",
        ):
            assert sentence in said


# -- How we count


def rule(world, **changes):
    given = {
        "organisation": world.ashdown.organisation, "by": world.people["lea"], "place": "users",
        "contested_kind": "shared-decision-making",
        "reason": "We asked the patients’ council", "author": "the board", "from_on": today(),
    }  # fmt: skip
    return rulings.record_ruling(**(given | changes))


def test_a_lead_records_how_a_kind_is_counted(lea, world):
    where = f"{RULINGS}new/?kind=shared-decision-making"
    assert catalogue().contested_kinds["shared-decision-making"].rule in words(lea.get(where))
    day = {f"from_on_{part}": getattr(today(), part) for part in ("day", "month", "year")}
    sent = {"place": "users", "reason": "We asked the council", "author": "the board", **day}
    lea.post(where, sent)
    ruling = world.ashdown.organisation.rulings.get(contested_kind="shared-decision-making")
    assert (ruling.place, ruling.author, ruling.from_on, ruling.recorded_by) == (
        "users", "the board", today(), world.people["lea"],
    )  # fmt: skip
    lea.force_login(world.people["bob"])
    said = words(lea.get(RULINGS))
    assert "How we count this here: Users. We asked the council Decided by the board, from" in said
    assert "Say how we count this" not in said
    told = words(lea.get(HISTORY))
    assert "Lea recorded how “Shared decisions about one person’s care” is counted from" in told
    assert "Users, because “We asked the council” (the board)" in told


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"place": "owners"}, "place"),
        ({"place": "nowhere"}, "place"),
        ({"reason": "  "}, "reason"),
        ({"author": ""}, "author"),
        ({"from_on": today() + timedelta(days=2)}, "from_on"),
        ({"contested_kind": "no-such-kind"}, ""),
    ],
)
def test_a_ruling_needs_a_side_a_reason_and_an_author(world, changes, field):
    with pytest.raises(Refused) as refused:
        rule(world, **changes)
    assert list(refused.value.messages) == [field]


def test_an_unknown_kind_has_no_page(lea):
    assert lea.get(f"{RULINGS}new/").status_code == 404
    assert lea.post(f"{RULINGS}new/?kind=x", {"place": "users"}).status_code == 404


def test_a_new_ruling_follows_the_old_one(world):
    first = rule(world, from_on=today() - timedelta(days=30))
    second = rule(world, place="choosers", from_on=today() - timedelta(days=3))
    first.refresh_from_db()
    assert (first.until, second.until) == (today() - timedelta(days=3), None)
    with pytest.raises(Refused, match="began later"):
        rule(world, from_on=today() - timedelta(days=9))


def test_it_stands_where_such_an_activity_is_shown_until_it_ends(lea, world):
    activity = world.ashdown.panel
    classify_as(
        activity, world.people["ed"], "choosers", contested=True, contested_kinds=["shared-decision-making"]
    )
    ruling = rule(world)
    page = f"/o/ashdown/activities/{activity.pk}/"
    assert "We asked the patients’ council" in words(lea.get(page))
    assert "We asked the patients’ council" in words(lea.get("/o/ashdown/map/"))
    end = f"{RULINGS}{ruling.pk}/end/"
    assert "Go back to the rule?" in words(lea.get(end))
    ruling.refresh_from_db()
    assert ruling.until is None, "looking ends nothing"
    lea.post(end, {})
    ruling.refresh_from_db()
    assert ruling.until == today()
    assert "We asked the patients’ council" not in words(lea.get(page))
    assert "We asked the patients’ council" not in words(lea.get("/o/ashdown/map/"))
    assert "How we counted it before" in words(lea.get(RULINGS))
    assert "Lea ended the ruling on “Shared decisions" in words(lea.get(HISTORY))
