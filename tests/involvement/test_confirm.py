"""Many suggestions confirmed at once: what the page shows, what one press writes and never writes, and the way back."""

import html
import re
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from framework.coverage import Status
from involvement import suggestions
from involvement.actions import activities, organisations
from involvement.actions.base import Refused, today
from involvement.actions.classification import classify, correct
from involvement.actions.confirming import (
    AT_ONCE,
    CHANGED,
    PLACED,
    WITHDRAWN,
    ConfirmedRow,
    confirm_many,
    placement_of,
    take_back,
)
from involvement.forms.activities import said_by
from involvement.maps import build_map
from tests.application_role import counted
from tests.world import rewrite

WORDS = {  # what happened, so told that the words say where it belongs
    "owners": "A citizens' jury of residents weighed the trust's priorities and told the board what to fund",
    "users": "Patients answered a survey about what their stay on the ward was like, and told staff what to improve",
    "choosers": "Each person weighed two treatments with a decision aid and picked the one that was right for them",
    "coproducers": "Patients and staff as equal partners designed the clinic together and ran it together",
    "not-involvement": "A newsletter was posted to members",
    "": "Quarterly meeting, room 4",
}
WAY = {"owners": "owners/priorities", "users": "users/experience", "choosers": "choosers/treatment",
       "coproducers": "coproducers/co-design"}  # fmt: skip


@pytest.fixture
def home(world):
    return world.ashdown.organisation


@pytest.fixture
def waiting(world, home):
    """One activity for each place and the rest, running today; the world's own panel is withdrawn. slug -> activity."""
    by = world.people["lea"]
    activities.withdraw_activity(activity=world.ashdown.panel, by=by, reason="not needed here", version=1)
    return {slug: add(world, f"The {slug or 'unsure'} one", words) for slug, words in WORDS.items()}


def add(world, title, words, **facts):
    organisation, by = world.ashdown.organisation, world.people["lea"]
    facts = {"title": title, "description": words, "stated_status": "running", **facts}
    return activities.add_activity(organisation=organisation, by=by, facts=facts)


def row(activity, place, *ways):
    activity.refresh_from_db()
    return ConfirmedRow(activity.pk, activity.version, place, ways)


def client_of(world, name="ed"):
    client = Client()
    client.force_login(world.people[name])
    return client


def text(response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", response.content.decode())).split())


def form_of(*rows, ticked=None, key=None, **more):
    """Return what the page's form sends for these ConfirmedRows."""
    data = {"request_key": str(key or uuid4()), "tick": [], **more}
    for each in rows:
        data[f"version-{each.activity}"] = each.version
        data[f"place-{each.activity}"] = each.place
        data[f"way-{each.activity}"] = list(each.ways)
        if ticked is None or each.activity in ticked:
            data["tick"].append(each.activity)
    return data


PAGE = "/o/ashdown/activities/confirm/"


def live_cells(world):
    """Return the ways of the map in which something counts."""
    home = world.ashdown.organisation
    home.refresh_from_db()
    cells = build_map(world.viewer("ed"), as_at=today()).cells
    return {cell.facet for cell in cells if cell.status in (Status.IN_PLACE, Status.UNPROVEN)}


# What the page shows ----------------------------------------------------------------------------------------------


def test_the_page_groups_by_what_the_words_suggest_and_marks_them(world, waiting):
    said = text(client_of(world).get(f"{PAGE}?place=all"))
    for tab in ("Owners 1", "Users 1", "Choosers 1", "Coproducers 1", "Not involvement 1", "Unsure 1", "All 6"):
        assert tab in said, tab
    assert "1 of 7 placed" in said
    page = suggestions.confirm_page(world.viewer("ed"), {"place": "all"}, later=())
    assert {each.suggested for each in page.rows} == set(WORDS)
    for each in page.rows:
        marked = [one.text for _label, shown, _rest in each.texts for one in shown if one.marked]
        marked += [one.text for one in each.title_words if one.marked]
        assert bool(marked) == bool(each.whys)
        assert all(any(why.text == " ".join(one.split()) for one in marked) for why in each.whys)
        assert "".join(one.text for one in each.texts[0][1]) == WORDS[each.suggested]
        assert all(why.because.endswith(".") for why in each.whys)


def test_nothing_is_ticked_and_unsure_has_no_place(world, waiting):
    page = client_of(world).get(f"{PAGE}?place=all").content.decode()
    assert not re.search(r'name="tick"[^>]*checked', page)
    chosen = re.findall(r'name="place-(\d+)" value="([\w-]+)" checked', page)
    assert {int(pk): place for pk, place in chosen} == {each.pk: slug for slug, each in waiting.items() if slug}
    assert suggestions.UNSURE not in dict(chosen).values()


def test_the_most_certain_come_first_and_the_largest_group_opens(world, waiting):
    add(world, "Another survey", "A survey of patients")
    page = suggestions.confirm_page(world.viewer("ed"), {}, later=())
    assert page.group == "users"
    known = {each.pk: each.confidence for each in suggestions.waiting(world.viewer("ed"))}
    sure = [known[each.pk] for each in page.rows]
    assert sure == sorted(sure, reverse=True) and len(sure) == 2


def test_tick_all_ticks_what_has_a_place(world, waiting):
    page = suggestions.confirm_page(world.viewer("ed"), {"place": "all"}, later=(), all_ticked=True)
    assert {each.pk for each in page.rows if each.ticked} == {each.pk for slug, each in waiting.items() if slug}
    assert client_of(world).get(f"{PAGE}?place=all&all=1").content.decode().count('data-app-tick') == 6


def test_the_service_narrows_and_counts(world, waiting):
    service = world.ashdown.services[1]
    here = add(world, "Cancer survey", WORDS["users"], service=service)
    page = suggestions.confirm_page(world.viewer("ed"), {"service": service.slug, "place": "all"}, later=())
    assert [each.pk for each in page.rows] == [here.pk]
    assert {tab.slug: tab.number for tab in page.tabs if tab.number} == {"users": 1, "all": 1}
    wide = suggestions.confirm_page(world.viewer("ed"), {"service": "trust-wide", "place": "all"}, later=())
    assert here.pk not in [each.pk for each in wide.rows] and len(wide.rows) == 6


@pytest.mark.parametrize(
    "query", ["?place=nowhere", "?service=nowhere", "?page=99999999", "?page=0", "?done=x", "?page=٣"]
)
def test_what_an_address_cannot_mean_is_left_out(world, waiting, query):
    assert client_of(world).get(PAGE + query).status_code == 200


def test_a_long_text_is_cut_between_words_and_loses_none(world, home):
    words = " ".join(["Patients answered a survey about their stay."] * 40)
    each = add(world, "Long", words)
    page = suggestions.confirm_page(world.viewer("ed"), {"place": "all"}, later=())
    [shown] = [one for one in page.rows if one.pk == each.pk]
    _label, first, rest = shown.texts[0]
    assert "".join(one.text for one in (*first, *rest)) == words
    assert 0 < sum(len(one.text) for one in first) < 700 and rest[0].text.startswith(" ")


def test_the_page_takes_as_many_queries_whatever_waits(world, waiting, django_assert_num_queries):
    client = client_of(world)

    def count():
        client.get(f"{PAGE}?place=all")  # reads the words
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as queries:
            client.get(f"{PAGE}?place=all")
        return len(counted(queries))

    few = count()
    for number in range(30):
        add(world, f"Survey {number}", WORDS["users"], groups=[{"group": "carers"}])
    assert count() == few <= 12


def test_words_are_read_once_and_again_when_they_change(world, waiting, monkeypatch):
    read = []
    monkeypatch.setattr(suggestions, "hint", lambda words: read.append(words["title"]) or real(words))
    viewer = world.viewer("ed")
    suggestions.waiting(viewer)
    assert len(read) == 6
    suggestions.waiting(viewer)
    assert len(read) == 6
    each = waiting["users"]
    facts = said_by(each) | {"description": WORDS["not-involvement"], "title": "The users one"}
    changed = {"title": facts["title"], "description": facts["description"], "stated_status": "running"}
    activities.edit_activity(activity=each, by=world.people["lea"], facts=changed, version=each.version)
    found = {one.pk: one for one in suggestions.waiting(viewer)}
    assert read[6:] == ["The users one"]
    assert found[each.pk].place == "not-involvement"


real = suggestions.hint


def test_one_request_reads_a_part_and_the_next_reads_on(world, waiting, monkeypatch):
    monkeypatch.setattr(suggestions, "READ_AT_ONCE", 4)
    client = client_of(world)
    first = client.get(f"{PAGE}?place=all")
    assert "The words of 2 more activities are still to be read" in text(first)
    part = client.get(f"{PAGE}?place=all", headers={"HX-Request": "true"}).content.decode()
    assert part.startswith('<div id="tabs"') and "data-hx-get" not in part
    assert "still to be read" not in text(client.get(f"{PAGE}?place=all"))


# What one press writes --------------------------------------------------------------------------------------------


def test_a_press_asks_once_before_anything_is_written(world, home, waiting):
    rows = [row(waiting[place], place, way) for place, way in WAY.items()]
    client = client_of(world)
    asked = client.post(PAGE, form_of(*rows))
    said = text(asked)
    assert "Before you place 4 activities" in said
    for question in (
        "What question were people asked?",
        "Did the team responsible hear it?",
        "How many real options did each person have?",
        "Who were the citizens in this work?",
    ):
        assert said.count(question) == 1
    assert not home.classifications.filter(activity__in=[each.pk for each in waiting.values()]).exists()
    chosen = re.findall(r'type="radio"[^>]*value="([^"]*)"[^>]*checked', asked.content.decode())
    assert len(chosen) == 10 and set(chosen) == {""}, "not recorded, until somebody says more"


def test_without_answers_nothing_counts_anywhere(world, home, waiting):
    before = live_cells(world)
    rows = [row(waiting[place], place, way) for place, way in WAY.items()]
    answer = client_of(world).post(PAGE, form_of(*rows, do="1"))
    assert answer.status_code == 302
    readings = home.classifications.filter(batch__number=4)
    assert sorted(readings.values_list("primary_place", flat=True)) == sorted(WAY)
    for placement in home.placements.filter(classification__in=readings):
        assert placement.part == "not-recorded"
        assert (placement.question, placement.decider, placement.received_on) == ("", "", None)
        assert (placement.heard, placement.options, placement.free_to_refuse, placement.as_group) == (None,) * 4
    assert live_cells(world) == before
    done = text(client_of(world).get(answer["Location"]))
    assert "4 activities are placed" in done and "4 are placed and fill no tile yet" in done


ANSWERED = {
    "owners": {"owners-part": "asked", "owners-question": "What first?", "owners-decider": "Board",
               "owners-received_day": "1", "owners-received_month": "6", "owners-received_year": "2026"},
    "users": {"users-part": "asked", "users-heard": "yes"},
    "choosers": {"choosers-options": "two", "choosers-free": "yes"},
    "coproducers": {"coproducers-stages_co-design": "equal", "coproducers-group": "group"},
}  # fmt: skip


@pytest.mark.parametrize("place", WAY)
def test_a_place_counts_only_when_all_its_questions_are_answered(world, home, waiting, place):
    rewrite(home.placements.all(), heard=None)  # the world's own survey counts no more
    answers = ANSWERED[place]
    groups = {name.rpartition("_")[0] if "received" in name else name for name in answers}
    client = client_of(world)
    for left_out in [*sorted(groups), None]:
        given = {k: v for k, v in answers.items() if left_out is None or not k.startswith(left_out)}
        client.post(PAGE, form_of(row(waiting[place], place, WAY[place]), do="1", **given))
        batch = home.confirmed_batches.first()
        assert (WAY[place] in live_cells(world)) == (left_out is None), left_out
        if left_out is not None:
            take_back(batch=batch, by=world.people["ed"])


def test_answers_go_to_every_row_of_their_place_and_to_no_other(world, home, waiting):
    second = add(world, "Second survey", WORDS["users"])
    rows = [row(waiting["users"], "users", "users/quality"), row(second, "users", "users/access"),
            row(waiting["owners"], "owners", "owners/strategy")]  # fmt: skip
    confirm_many(
        organisation=home, by=world.people["ed"], rows=rows, answers={"users": {"part": "asked", "heard": "yes"}}
    )
    parts = dict(home.placements.filter(classification__batch__isnull=False).values_list("facet", "part"))
    assert parts == {"users/quality": "asked", "users/access": "asked", "owners/strategy": "not-recorded"}


def test_a_stage_takes_its_own_part():
    answers = {"coproducers": {"stages": {"co-design": "equal"}, "group": "group"}}
    assert placement_of("coproducers/co-design", answers) == {
        "facet": "coproducers/co-design", "part": "equal", "as_group": True,
    }  # fmt: skip
    assert placement_of("coproducers/co-deliver", answers)["part"] == "not-recorded"


def test_what_is_no_involvement_is_written_at_once(world, home, waiting):
    answer = client_of(world).post(PAGE, form_of(row(waiting["not-involvement"], "not-involvement")))
    assert answer.status_code == 302
    reading = home.classifications.get(batch__isnull=False)
    assert reading.primary_place == reading.suggested_place == "not-involvement"


def test_a_reading_says_on_which_words_it_rests(world, home, waiting):
    rows = [row(waiting["users"], "users", WAY["users"]), row(waiting["owners"], "users"), row(waiting[""], "owners")]
    confirm_many(organisation=home, by=world.people["ed"], rows=rows)
    agreed, changed, unsure = (home.classifications.get(activity=each.activity) for each in rows)
    assert re.fullmatch(r"from its words “[^”]+”(, “[^”]+”)*", agreed.source)
    for phrase in re.findall(r"“([^”]+)”", agreed.source):
        assert phrase in f"{agreed.activity.title} {WORDS['users']}"
    assert (changed.suggested_place, changed.primary_place) == ("owners", "users")
    assert changed.source == "by a person’s own reading, not where its words pointed"
    assert (unsure.suggested_place, unsure.source[:36]) == ("", "by a person’s own reading, since its")
    assert {each.claim for each in (agreed, changed, unsure)} == {""}
    assert {each.contested for each in (agreed, changed, unsure)} == {False}


def test_history_and_the_activitys_page_tell_of_it(world, home, waiting):
    rows = [row(waiting["users"], "users", WAY["users"]), row(waiting["owners"], "owners", WAY["owners"])]
    batch = confirm_many(organisation=home, by=world.people["ed"], rows=rows)
    client, pk = client_of(world, "vi"), waiting["users"].pk
    history = text(client.get(f"/o/ashdown/activities/{pk}/history/"))
    assert re.search(r"placed it: Users, from its words “.+”, with 1 other at once", history)
    page = text(client.get(f"/o/ashdown/activities/{pk}/"))
    assert "Placed from its words “" in page and "Placed with 1 other at once." in page
    assert "What its words point to" in page and "What was decided then" in page
    assert "What was decided then" in text(client_of(world).get(f"/o/ashdown/activities/{pk}/"))
    take_back(batch=batch, by=world.people["lea"])
    history = text(client.get(f"/o/ashdown/activities/{pk}/history/"))
    assert "placed it: Users, from its words" in history
    assert "undid “Users”, with 1 other at once, so it waits for a place again" in history


def test_a_batch_page_says_what_was_decided_and_why(world, home, waiting):
    rows = [row(waiting["users"], "users", WAY["users"])]
    batch = confirm_many(
        organisation=home, by=world.people["ed"], rows=rows, answers={"users": {"part": "asked", "heard": "yes"}}
    )
    said = text(client_of(world).get(reverse("activity-confirmed", args=["ashdown", batch.pk])))
    for words in ("Placed by Ed on", "The users one", "From its words “", "Did the team responsible hear it?",
                  "Has all it needs", "Undo takes 1 activity back"):  # fmt: skip
        assert words in said, words


# Ways, later, and what is wrong -----------------------------------------------------------------------------------


def test_ways_of_the_old_place_go_and_ways_beside_the_chosen_one_stay(world, home, waiting):
    moved = row(waiting["users"], "owners", "users/experience")
    beside = row(waiting["coproducers"], "coproducers", "coproducers/co-design", "users/experience")
    client = client_of(world)
    asked = client.post(PAGE, form_of(moved, beside))
    assert "In which ways did people take part?" in text(asked)
    assert f'name="way-{moved.activity}" value="owners/strategy"' in asked.content.decode()
    chosen = form_of(moved, beside, do="1") | {f"way-{moved.activity}": ["owners/strategy"]}
    client.post(PAGE, chosen)
    assert set(home.placements.filter(classification__batch__isnull=False).values_list("facet", flat=True)) == {
        "owners/strategy", "coproducers/co-design", "users/experience",
    }  # fmt: skip


def test_left_for_later_leaves_the_list_until_sign_out(world, home, waiting):
    client = client_of(world)
    answer = client.post(PAGE, form_of(row(waiting["users"], "later")))
    assert answer.status_code == 302 and not home.classifications.filter(batch__isnull=False).exists()
    said = text(client.get(f"{PAGE}?place=all"))
    assert "Left for later 1" in said and "The users one" not in said
    assert "The users one" in text(client.get(f"{PAGE}?place=later"))
    assert "The users one" in text(client_of(world, "lea").get(f"{PAGE}?place=all"))
    client.post(PAGE, form_of(row(waiting["users"], "users", WAY["users"]), do="1"))
    assert "Left for later" not in text(client.get(f"{PAGE}?place=all"))


def test_only_ticked_rows_are_placed(world, home, waiting):
    rows = [row(waiting["users"], "users", WAY["users"]), row(waiting["owners"], "owners", WAY["owners"])]
    client_of(world).post(PAGE, form_of(*rows, ticked={rows[0].activity}, do="1"))
    assert [each.activity_id for each in home.classifications.filter(batch__isnull=False)] == [rows[0].activity]


def test_a_tick_without_a_place_is_asked_again_and_loses_nothing(world, home, waiting):
    rows = [row(waiting[""], ""), row(waiting["users"], "coproducers", "coproducers/co-design")]
    page = client_of(world).post(PAGE, form_of(*rows))
    assert "Choose a place for the activity that you ticked" in text(page)
    assert "Choose a place for this one, or take the tick away" in text(page)
    body = page.content.decode()
    assert f'name="place-{rows[1].activity}" value="coproducers" checked' in body
    assert re.search(rf'name="way-{rows[1].activity}" value="coproducers/co-design" checked', body)
    assert not home.classifications.filter(batch__isnull=False).exists()


def test_nothing_ticked_says_so(world, waiting):
    page = client_of(world).post(PAGE, form_of(row(waiting["users"], "users"), ticked=set()))
    assert "Tick the activities that you want to place" in text(page)


def test_going_back_from_the_questions_keeps_the_rows_as_they_were(world, home, waiting):
    rows = [row(waiting["users"], "coproducers", "coproducers/co-design"), row(waiting["owners"], "owners")]
    page = client_of(world).post(PAGE, form_of(*rows, ticked={rows[0].activity}, back="1")).content.decode()
    assert re.search(rf'name="tick" value="{rows[0].activity}" checked', page)
    assert not re.search(rf'name="tick" value="{rows[1].activity}" checked', page)
    assert f'name="place-{rows[0].activity}" value="coproducers" checked' in page


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"owners-received_day": "1", "owners-received_month": "1", "owners-received_year": "2999"}, "or earlier"),
        ({"owners-received_day": "31", "owners-received_month": "2", "owners-received_year": "2020"}, "exists in the"),
        ({"owners-question": "x" * 301}, "300 characters or fewer"),
        ({"owners-part": "everything"}, "Choose one of the answers"),
    ],
)
def test_an_answer_that_cannot_be_is_said_at_its_question(world, home, waiting, given, said):
    page = client_of(world).post(PAGE, form_of(row(waiting["owners"], "owners", WAY["owners"]), do="1", **given))
    assert page.status_code == 200 and said in text(page)
    assert "There is a problem" in text(page)
    assert not home.classifications.filter(batch__isnull=False).exists()


@pytest.mark.parametrize(
    ("place", "ways", "answers"),
    [
        ("nowhere", (), {}),
        ("", (), {}),
        ("users", ("users/nothing",), {}),
        ("users", ("users/quality", "users/quality"), {}),
        ("not-involvement", ("users/quality",), {}),
        ("users", ("users/quality",), {"users": {"decider": "Board"}}),
        ("users", ("users/quality",), {"users": {"part": "everything"}}),
        ("users", ("users/quality",), {"nowhere": {"part": "asked"}}),
        ("owners", ("owners/strategy",), {"owners": {"received": "2999-01-01"}}),
    ],
)
def test_the_action_refuses_what_nobody_offered(world, home, waiting, place, ways, answers):
    with pytest.raises(Refused):
        confirm_many(
            organisation=home, by=world.people["ed"], rows=[row(waiting["users"], place, *ways)], answers=answers
        )
    assert not home.confirmed_batches.filter(undone_at=None).exists()


def test_no_row_too_many_and_twice_the_same_are_refused(world, home, waiting):
    one = row(waiting["users"], "users")
    for rows in ([], [one, one], [ConfirmedRow(pk, 1, "users") for pk in range(AT_ONCE + 1)]):
        with pytest.raises(Refused):
            confirm_many(organisation=home, by=world.people["ed"], rows=rows)


# Twice, meanwhile, and others ---------------------------------------------------------------------------------------


def test_sent_twice_is_written_once(world, home, waiting):
    client, key = client_of(world), uuid4()
    form = form_of(row(waiting["users"], "users", WAY["users"]), key=key, do="1")
    first, second = client.post(PAGE, form), client.post(PAGE, form)
    assert first["Location"] == second["Location"]
    assert home.classifications.filter(batch__isnull=False).count() == 1


def test_the_same_form_with_other_ticks_is_another_act(world, home, waiting):
    client, key = client_of(world), uuid4()
    for slug in ("users", "owners"):
        client.post(PAGE, form_of(row(waiting[slug], slug, WAY[slug]), key=key, do="1"))
    assert home.confirmed_batches.filter(undone_at=None).count() == 2


def test_what_somebody_did_meanwhile_stands_and_is_named(world, home, waiting):
    rows = [row(waiting[slug], slug, WAY[slug]) for slug in ("users", "owners", "choosers", "coproducers")]
    lea = world.people["lea"]
    classify(activity=waiting["users"], by=lea, place="choosers", placements=[], reason="I was there")
    activities.withdraw_activity(activity=waiting["owners"], by=lea, reason="twice", version=rows[1].version)
    facts = {"title": "Another", "stated_status": "running"}
    activities.edit_activity(activity=waiting["choosers"], by=lea, facts=facts, version=rows[2].version)
    answer = client_of(world).post(PAGE, form_of(*rows, do="1"))
    batch = home.confirmed_batches.get(undone_at=None)
    assert batch.number == 1
    assert batch.left_out == {
        PLACED: [rows[0].activity], WITHDRAWN: [rows[1].activity], CHANGED: [rows[2].activity],
    }  # fmt: skip
    standing = home.classifications.get(activity=waiting["users"], void_at=None)
    assert (standing.primary_place, standing.recorded_by) == ("choosers", lea)
    said = text(client_of(world).get(answer["Location"]))
    assert re.search(r"Somebody else placed these first. Theirs stands: ?The users one", said)
    assert re.search(r"They still wait: ?Another", said)


def test_when_nothing_is_left_it_is_refused_in_words(world, home, waiting):
    one = row(waiting["users"], "users", WAY["users"])
    classify(activity=waiting["users"], by=world.people["lea"], place="choosers", placements=[], reason="I was there")
    page = client_of(world).post(PAGE, form_of(one, do="1"))
    assert "somebody has placed or changed these activities meanwhile" in text(page)
    assert not home.confirmed_batches.filter(undone_at=None).exists()


def test_an_activity_of_another_organisation_is_refused(world, home, waiting):
    theirs = world.birchwood.survey
    page = client_of(world).post(PAGE, form_of(ConfirmedRow(theirs.pk, theirs.version, "owners", ()), do="1"))
    assert page.status_code == 200 and "is not in your list" in text(page)
    assert theirs.classifications.count() == 1
    assert "Zebrafinch" not in page.content.decode()


@pytest.mark.parametrize("name", ["pat", "bob", "fay", "vi"])
def test_who_may_not_classify_sees_what_was_decided_and_no_suggestion(world, home, waiting, name):
    client = client_of(world, name)
    batch = confirm_many(organisation=home, by=world.people["ed"], rows=[row(waiting["users"], "users")])
    decided = reverse("activity-confirmed", args=["ashdown", batch.pk])
    assert client.get(PAGE).status_code == client.post(PAGE).status_code == client.post(decided).status_code == 403
    page = client.get(decided)
    assert page.status_code == 200 and ">Undo<" not in page.content.decode()
    assert home.classifications.filter(void_at=None, batch=batch).count() == 1
    assert "confirm/" not in client.get("/o/ashdown/").content.decode()
    assert "confirm/" not in client.get("/o/ashdown/activities/?place=unclassified").content.decode()


def test_the_front_page_and_the_list_lead_here(world, waiting):
    for address in ("/o/ashdown/", "/o/ashdown/activities/?place=unclassified"):
        assert "/o/ashdown/activities/confirm/#rows" in client_of(world).get(address).content.decode(), address


# Undo ---------------------------------------------------------------------------------------------------------------


def test_undo_takes_the_whole_press_back(world, home, waiting):
    rows = [row(waiting[slug], slug, WAY[slug]) for slug in WAY]
    client = client_of(world)
    client.post(PAGE, form_of(*rows, do="1", **ANSWERED["users"]))
    assert "users/experience" in live_cells(world)
    batch = home.confirmed_batches.get(undone_at=None)
    where = reverse("activity-confirmed", args=["ashdown", batch.pk])
    assert client.get(where).status_code == 200
    for _press in range(2):
        assert client.post(where)["Location"] == f"{PAGE}?again={batch.pk}"
    batch.refresh_from_db()
    assert batch.undone_by == world.people["ed"]
    readings = home.classifications.filter(batch=batch)
    assert {each.void_at for each in readings} == {batch.undone_at}
    assert {each.void_reason for each in readings} == {"Undone: it was confirmed from its words, one of 4 at once"}
    assert "All 6" in text(client.get(PAGE))
    assert "corrections" not in text(client.get("/o/ashdown/"))
    confirm_many(organisation=home, by=world.people["ed"], rows=rows)  # and they can be placed again
    assert home.classifications.filter(void_at=None, batch__number=4).count() == 4


def test_undo_leaves_what_somebody_placed_anew(world, home, waiting):
    rows = [row(waiting[slug], slug, WAY[slug]) for slug in ("users", "owners")]
    batch = confirm_many(organisation=home, by=world.people["ed"], rows=rows)
    lea = world.people["lea"]
    correct(activity=waiting["users"], by=lea, reason="no", place="choosers", placements=[])
    said = text(client_of(world).get(reverse("activity-confirmed", args=["ashdown", batch.pk])))
    assert "Undo takes 1 activity back" in said and "Changed since" in said
    take_back(batch=batch, by=world.people["ed"])
    standing = home.classifications.filter(void_at=None, activity__in=[each.activity for each in rows])
    assert [each.primary_place for each in standing] == ["choosers"]
    assert "1 correction" in text(client_of(world).get("/o/ashdown/"))


def test_undo_of_nothing_is_refused(world, home, waiting):
    batch = confirm_many(organisation=home, by=world.people["ed"], rows=[row(waiting["users"], "users")])
    correct(activity=waiting["users"], by=world.people["lea"], reason="no", place="choosers", placements=[])
    with pytest.raises(Refused):
        take_back(batch=batch, by=world.people["ed"])
    assert "nothing to undo" in text(
        client_of(world).post(reverse("activity-confirmed", args=["ashdown", batch.pk]), follow=True)
    )


def test_another_editor_can_undo_and_the_page_offers_it(world, home, waiting):
    confirm_many(organisation=home, by=world.people["ed"], rows=[row(waiting["users"], "users")])
    assert "1 activity," in text(client_of(world, "lea").get(PAGE)).split("Placed lately")[1]


def test_who_was_given_the_right_a_moment_ago_may(world, home, waiting):
    from involvement.access import Role

    organisations.give_role(organisation=home, user=world.people["vi"], role=Role.EDITOR, by=world.people["lea"])
    assert client_of(world, "vi").get(PAGE).status_code == 200
    assert timezone.now() > home.confirmed_batches.first().recorded_at


def test_a_merge_takes_along_what_was_confirmed_and_undo_reaches_it(world, home, waiting):
    from involvement.actions.merging import merge

    kept, gone = add(world, "The users one again", WORDS["users"]), waiting["users"]
    batch = confirm_many(organisation=home, by=world.people["ed"], rows=[row(gone, "users", WAY["users"])])
    gone.refresh_from_db()
    merge(kept=kept, gone=gone, by=world.people["lea"], version=kept.version, gone_version=gone.version)
    history = text(client_of(world).get(f"/o/ashdown/activities/{kept.pk}/history/"))
    assert "placed it: Users, from its words “" in history
    take_back(batch=batch, by=world.people["ed"])
    assert not home.classifications.filter(activity=kept, void_at=None).exists()
