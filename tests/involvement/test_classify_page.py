"""The guided page: what it asks, the panel, three facts, two acts, nothing lost, nothing written twice."""

import re
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse

from involvement.actions import classification as actions
from involvement.actions.activities import add_activity
from involvement.actions.base import today
from involvement.models import Ruling

pytestmark = pytest.mark.django_db

VOICE = {
    "purpose": "say",
    "about": "service",
    "part": "asked",
    "decided": "staff-heard",
    "ways-users": ["users/experience"],
    "heard": "yes",
}
SHARED = {
    "purpose": "work",
    "about": "shared-problem",
    "stages_co-decide": "asked",
    "stages_co-design": "equal",
    "decided": "staff-heard",
}


@pytest.fixture
def panel(world):
    """An activity of Ashdown without a place."""
    return world.ashdown.panel


@pytest.fixture
def ed(client, world):
    client.force_login(world.people["ed"])
    return client


@pytest.fixture
def address(panel):
    return reverse("activity-classify", args=["ashdown", panel.pk])


def text_of(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def points(response) -> str:
    """Return the words of the panel's live part."""
    found = re.search(r'id="points"[^>]*>(.*?)</div>', response.content.decode(), re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found.group(1))).strip()


def test_page_opens_with_four_questions_and_nothing_chosen(ed, address):
    page = ed.get(address)
    assert page.status_code == 200
    assert " checked" not in text_of(page)
    assert re.findall(r'name="shown" value="([a-z-]+)', text_of(page)) == [
        "purpose",
        "about",
        "part",
        "decided",
        "power",
    ]
    assert points(page) == "No place yet"
    assert "be told, or help with something already settled" in text_of(page).lower()


def test_look_shows_the_suggestion_and_writes_nothing(ed, address, panel):
    page = ed.post(address, VOICE | {"look": "1"})
    assert page.status_code == 200
    assert points(page) == "As users"
    assert "so this is users’ voice" in text_of(page)
    assert "There is a problem" not in text_of(page)
    assert not panel.classifications.exists()


def test_the_fragment_equals_the_same_parts_of_the_page(ed, address):
    data = SHARED | {"look": "1", "shown": ["purpose", "about", "part", "decided", "power"]}
    page, fragment = ed.post(address, data), ed.post(address, data, headers={"HX-Request": "true"})

    brought = fragment.content.decode()
    assert "<html" not in brought
    assert "As coproducers" in brought.partition("hx-swap-oob")[0]
    parts = dict(
        re.findall(
            r'<div hx-swap-oob="innerHTML:#(\w+)">(.*?)</div>(?=<div hx-swap-oob|<div class="app-ask")', brought, re.S
        )
    )
    assert set(parts) == {"why", "facts", "disputes"}
    for name, inside in parts.items():
        here = re.search(rf'<div id="{name}">(.*)', page.content.decode(), re.S).group(1)
        assert re.sub(r"\s+", " ", here).startswith(re.sub(r"\s+", " ", inside)), name
    assert 'id="ask-stages" hx-swap-oob="true"' in brought
    assert 'id="ask-purpose"' not in brought


def test_a_question_that_is_no_longer_asked_keeps_its_answer_hidden(ed, address):
    page = ed.post(address, SHARED | {"part": "equal", "look": "1"})
    assert '<input type="hidden" name="part" value="equal">' in text_of(page)
    back = ed.post(address, VOICE | {"stages_co-design": "equal", "look": "1"})
    assert '<input type="hidden" name="stages_co-design" value="equal">' in text_of(back)


def test_saving_writes_three_facts_and_goes_to_the_activity(ed, address, panel):
    response = ed.post(address, VOICE | {"claim": "coproducers", "power": "nowhere", "save": "1"})
    assert response.status_code == 302
    assert response["Location"] == reverse("activity-detail", args=["ashdown", panel.pk])
    row = panel.classifications.get()
    assert (row.claim, row.suggested_place, row.primary_place, row.power) == (
        "coproducers",
        "users",
        "users",
        "nowhere",
    )
    assert [(each.facet, each.part, each.heard) for each in row.placements.all()] == [
        ("users/experience", "asked", True)
    ]


def test_owners_route_goes_through_the_boxes_of_the_day(ed, address, panel):
    data = {
        "purpose": "steer",
        "about": "direction",
        "part": "asked",
        "decided": "staff-heard",
        "reached": "yes",
        "question": "What comes first?",
        "decider": "The board",
        "received_day": "3",
        "received_month": "5",
        "received_year": "2026",
        "ways-owners": ["owners/priorities"],
        "save": "1",
    }
    assert ed.post(address, data).status_code == 302
    assert str(panel.classifications.get().placements.get().received_on) == "2026-05-03"


def test_stages_go_through_the_table(ed, address, panel):
    assert ed.post(address, SHARED | {"save": "1"}).status_code == 302
    row = panel.classifications.get()
    assert row.primary_place == "coproducers"
    assert {(each.facet, each.part, each.as_group) for each in row.placements.all()} == {
        ("coproducers/co-decide", "asked", True),
        ("coproducers/co-design", "equal", True),
    }


def test_sent_twice_writes_once(ed, address, panel):
    data = VOICE | {"save": "1", "request_key": str(uuid.uuid4())}
    assert ed.post(address, data).status_code == 302
    again = ed.post(address, data | {"act": ""})
    assert panel.classifications.count() == 1
    assert again.status_code == 302


def test_no_place_yet_is_an_error_and_keeps_every_answer(ed, address, panel):
    long = "Because " + "we listened " * 200
    page = ed.post(address, {"purpose": "work", "reason": long, "save": "1"})
    assert page.status_code == 200
    assert "There is a problem" in text_of(page)
    assert "<title>Error:" in text_of(page)
    assert long.strip() in text_of(page)
    assert 'name="purpose" type="radio" value="work" checked' in text_of(page)
    assert not panel.classifications.exists()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (VOICE | {"about": "everything"}, "Choose one of the answers in the list"),
        (SHARED | {"stages_co-design": "boss"}, "Choose one of the answers in the table"),
        (VOICE | {"ways-users": ["users/soul"]}, "Choose one of the answers in the list"),
        (VOICE | {"claim": "kings"}, "Choose one of the places in the list"),
        (VOICE | {"place": "kings"}, "Choose one of the places in the list"),
        (VOICE | {"place": "owners"}, "Say why it belongs there"),
        (
            {
                "purpose": "steer",
                "about": "direction",
                "reached": "yes",
                "received_day": "31",
                "received_month": "2",
                "received_year": "2026",
            },
            "Enter a date that exists in the calendar",
        ),
        (
            {"purpose": "steer", "about": "direction", "reached": "yes", "question": "x" * 301},
            "Use 300 characters or fewer",
        ),
        (VOICE | {"purpose": ["say", "told"], "about": "\x00"}, "Choose one of the answers in the list"),
    ],
)
def test_bad_input_is_an_error_beside_the_field(ed, address, panel, data, message):
    page = ed.post(address, data | {"save": "1"})
    assert page.status_code == 200
    assert f"</span>{message}</span>" in text_of(page), "beside the field"
    assert "There is a problem" in text_of(page)
    assert not panel.classifications.exists()


def test_a_bad_request_key_is_not_a_server_error(ed, address):
    assert ed.post(address, VOICE | {"save": "1", "request_key": "rubbish"}).status_code == 200
    assert ed.post(address, VOICE | {"look": "1", "request_key": "rubbish"}).status_code == 200


def test_another_place_with_its_reason(ed, address, panel):
    page = ed.post(address, VOICE | {"place": "owners", "look": "1"})
    assert 'id="ask-reached"' in text_of(page) and "your own judgement" in text_of(page)
    assert (
        ed.post(address, VOICE | {"place": "owners", "reason": "It set what comes first", "save": "1"}).status_code
        == 302
    )
    row = panel.classifications.get()
    assert (row.suggested_place, row.primary_place, row.reason) == ("users", "owners", "It set what comes first")


def test_saving_stops_once_when_answers_bring_up_questions_that_the_page_did_not_show(ed, address, panel):
    """Without a script, somebody who never pressed "see what this points to" still meets the further questions."""
    data = {"purpose": "say", "about": "service", "part": "asked", "decided": "staff", "save": "1"}
    page = ed.post(address, data | {"shown": ["purpose", "about", "part", "decided", "power"]})
    assert "Your answers bring up 2 more questions." in text_of(page)
    assert not panel.classifications.exists()
    shown = re.findall(r'name="shown" value="([^"]+)"', text_of(page))
    assert {"ways-users", "heard"} <= set(shown)
    assert ed.post(address, data | {"shown": shown}).status_code == 302


def test_both_arguments_and_our_own_ruling_stand_beside_a_dispute(ed, address, world):
    Ruling.objects.create(
        organisation=world.ashdown.organisation,
        contested_kind="shared-decision-making",
        place="users",
        reason="Our patients asked for it",
        author="The board",
        from_on=today() - timedelta(days=10),
    )
    data = {
        "purpose": "choose",
        "about": "own",
        "decided": "together",
        "contested": ["shared-decision-making"],
        "look": "1",
    }
    text = text_of(ed.post(address, data))
    assert "it is always coproduction" in text and "deciding on their own treatment" in text
    assert "Our patients asked for it" in text and "How we count this here" in text


def test_a_ruling_of_before_is_not_shown(ed, address, world):
    Ruling.objects.create(
        organisation=world.ashdown.organisation,
        contested_kind="shared-decision-making",
        place="users",
        reason="Our patients asked for it",
        author="The board",
        from_on=today() - timedelta(days=10),
        until=today(),
    )
    data = {"purpose": "choose", "about": "own", "contested": ["shared-decision-making"], "look": "1"}
    assert "Our patients asked for it" not in text_of(ed.post(address, data))


# --- an activity that has a place --------------------------------------------------------------------------------


@pytest.fixture
def placed(panel, world):
    """The panel, placed as users two months ago."""
    return actions.classify(
        activity=panel,
        by=world.people["ed"],
        answers={**VOICE},
        claim="owners",
        from_on=today() - timedelta(days=60),
    )


def boxes(day) -> dict:
    return {"from_on_day": day.day, "from_on_month": day.month, "from_on_year": day.year}


def test_a_placed_activity_first_asks_which_of_two_acts(ed, address, placed):
    text = text_of(ed.get(address))
    assert "It changed: place it anew from a date" in text and "It was wrong: correct it" in text
    assert "As users" in text
    assert "What were people there to do?" not in text
    assert "Choose whether it changed or was wrong" in text_of(ed.get(address, {"act": "both"}))
    assert "What were people there to do?" in text_of(ed.get(address, {"act": "wrong"}))


def test_neither_act_starts_with_answers_unless_asked(ed, address, placed):
    assert " checked" not in text_of(ed.get(address, {"act": "changed"}))
    again = text_of(ed.get(address, {"act": "changed", "again": "1"}))
    assert 'name="purpose" type="radio" value="say" checked' in again


def test_placing_anew_from_a_day(ed, address, panel, placed):
    day = today() - timedelta(days=5)
    data = SHARED | boxes(day) | {"act": "changed", "what_changed": "They plan it now", "save": "1"}
    assert ed.post(address, data).status_code == 302
    placed.refresh_from_db()
    new = actions.current_classification(panel)
    assert (placed.until, placed.void_at) == (day, None)
    assert (new.from_on, new.primary_place, new.reason) == (day, "coproducers", "They plan it now")


@pytest.mark.parametrize("days", [60, 61])
def test_placing_anew_needs_a_later_day(ed, address, panel, placed, days):
    page = ed.post(address, SHARED | boxes(today() - timedelta(days=days)) | {"act": "changed", "save": "1"})
    assert page.status_code == 200
    assert "The day must be after the one from which the present place holds" in text_of(page)
    assert panel.classifications.count() == 1


def test_placing_anew_needs_a_day(ed, address, panel, placed):
    page = ed.post(address, SHARED | {"act": "changed", "save": "1"})
    assert "Enter the day from which it changed" in text_of(page)
    assert panel.classifications.count() == 1


def test_correcting_needs_a_reason_and_keeps_the_old_reading(ed, address, panel, placed):
    page = ed.post(address, SHARED | {"act": "wrong", "save": "1"})
    assert "Say what was wrong" in text_of(page)
    assert ed.post(address, SHARED | {"act": "wrong", "why_wrong": "We misread it", "save": "1"}).status_code == 302
    placed.refresh_from_db()
    assert (placed.void_reason, placed.primary_place) == ("We misread it", "users")
    assert actions.current_classification(panel).from_on == placed.from_on


def test_who_comes_second_is_told_and_loses_nothing(ed, address, panel, placed):
    """Somebody placed it while the page was open: the answers stay, and the page asks which act this is."""
    page = ed.post(address, SHARED | {"save": "1", "claim": "coproducers"})
    text = text_of(page)
    assert "This activity has a place already" in text
    assert 'name="stages_co-design" value="equal" checked' in text
    assert 'name="act" type="radio" value="changed"' in text
    assert panel.classifications.count() == 1


# --- who may ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "status"),
    [("lea", 200), ("ed", 200), ("vi", 403), ("pat", 403), ("bob", 403), ("fay", 403), ("bo", 404), ("sam", 404)],
)
def test_who_may_classify(client, world, address, who, status):
    client.force_login(world.people[who])
    assert client.get(address).status_code == status
    assert client.post(address, VOICE | {"look": "1"}).status_code == status


def test_another_organisation_s_activity_is_not_found(ed, world):
    address = reverse("activity-classify", args=["ashdown", world.birchwood.survey.pk])
    assert ed.get(address).status_code == 404
    assert ed.post(address, VOICE | {"save": "1"}).status_code == 404


def test_a_withdrawn_activity_is_not_found(ed, address, panel):
    panel.withdrawn_on, panel.withdrawn_reason = today(), "Entered twice"
    panel.save()
    assert ed.get(address).status_code == 404


@pytest.mark.parametrize("look", [True, False])
def test_a_constant_number_of_queries(ed, address, django_assert_num_queries, look):
    data = VOICE | {"look": "1"}
    ed.post(address, data)
    with django_assert_num_queries(5):  # session, account, membership, activity, its present reading
        ed.post(address, data) if look else ed.get(address)


def test_i_do_not_know_is_an_answer_that_records_nothing(ed, address, panel):
    assert text_of(ed.get(address)).count("I do not know") >= 4
    ed.post(address, {**VOICE, "decided": "unknown", "power": "unknown", "save": "1"})
    kept = actions.current_classification(panel)
    assert kept.primary_place == "users" and not {"decided", "power"} & set(kept.answers)
    assert kept.power == ""


def test_answers_that_point_nowhere_name_the_open_question(ed, address):
    page = text_of(ed.post(address, {"purpose": "say", "save": "1"}))
    said = "Your answers do not point to one place yet. Answer “What was it about?”"
    assert f'<a href="#id_about_0">{said}</a>' in page


def test_the_answers_behind_a_place_can_be_read_afterwards(ed, address, panel):
    ed.post(address, {**VOICE, "save": "1"})
    for act in ("", "history/"):
        page = text_of(ed.get(address.replace("classify/", act)))
        assert "<dt>What were people there to do?</dt><dd class=\"app-break\">Say what care is like" in page


def test_after_saving_the_next_activity_is_one_press_away(ed, address, panel, world):
    organisation, by = world.ashdown.organisation, world.people["ed"]
    other = add_activity(organisation=organisation, by=by, facts={"title": "<b>Another</b>"})
    page = text_of(ed.post(address, {**VOICE, "save": "1"}, follow=True))
    following = reverse("activity-classify", args=["ashdown", other.pk])
    assert f'1 activity waits: <a href="{following}">Place the next one</a>' in page
    assert "waits:" not in text_of(ed.post(following, {**VOICE, "save": "1"}, follow=True))
