"""Many at once: what changes and what does not, the preview, two writers, double sending, undo, other people's ids."""

import re
from html import unescape
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from involvement.actions.activities import add_activities, add_activity, confirm_running, edit_activity
from involvement.actions.activities import withdraw_activity as withdraw
from involvement.actions.base import Refused, today
from involvement.actions.many import ManyChanges, Moved, edit_many, plan_many, undo_many, undoable
from involvement.actions.organisations import add_service, retire_service
from involvement.chronicle import chronicle
from involvement.maps import build_map
from involvement.models import Activity, ActivityGroup, ManyEdit

pytestmark = pytest.mark.django_db

CHANGE = "/o/ashdown/activities/change/"


@pytest.fixture
def ashdown(world):
    return world.ashdown.organisation


@pytest.fixture
def change(world, ashdown):
    """Make changes to activities as ed: ``change([survey, panel], method="Survey")``."""

    def edit(activities, *, key=None, seen="", **chosen) -> ManyEdit:
        pks = [each.pk for each in activities]
        changes = ManyChanges(**chosen)
        return edit_many(
            organisation=ashdown, by=world.people["ed"], activities=pks, changes=changes, key=key, seen=seen
        )

    return edit


@pytest.fixture
def add(world, ashdown):
    def add_one(title="An activity", **facts):
        return add_activity(organisation=ashdown, by=world.people["lea"], facts={"title": title} | facts)

    return add_one


def told(world, activity) -> str:
    events = chronicle(world.viewer("vi"), activity)
    return " | ".join(f"{event.who} {each.words}" for event in events for each in event.told)


def words(answer) -> str:
    """Return what a person reads on a page, white space made single."""
    return " ".join(unescape(strip_tags(answer.content.decode().replace("<", " <"))).split())


def snapshot(activity) -> dict:
    row = Activity.objects.filter(pk=activity.pk).values().get()
    groups = sorted(ActivityGroup.objects.filter(activity=activity).values_list("group", "reach", "support"))
    return {name: value for name, value in row.items() if name != "version"} | {"groups": groups}


def test_what_is_chosen_changes_and_nothing_else(world, ashdown, change):
    survey, panel = world.ashdown.survey, world.ashdown.panel
    before = {each.pk: snapshot(each) for each in (survey, panel)}
    cancer = world.ashdown.services[1]
    edit = change([survey, panel], service=cancer, method="Listening event", groups_added=("patients", "carers"))
    expected = {
        survey.pk: [("carers", 12, "Ashdown travel paid"), ("patients", None, "")],  # what was recorded stays
        panel.pk: [("carers", None, ""), ("patients", None, "")],
    }
    for activity in (survey, panel):
        groups = expected[activity.pk]
        now = before[activity.pk] | {"service_id": cancer.pk, "method": "Listening event", "groups": groups}
        assert snapshot(activity) == now
    assert set(edit.before) == {str(survey.pk), str(panel.pk)}
    assert ashdown.activities.get(pk=panel.pk).version == panel.version + 1


def test_history_says_it_for_each(world, change):
    panel, survey = world.ashdown.panel, world.ashdown.survey
    change([panel, survey], service=world.ashdown.services[1], named_lead="Ada", groups_removed=("carers",))
    assert "Ed changed the service from “trust-wide” to “Cancer”" in told(world, panel)
    assert "Ed filled in “named lead”: “Ada”" in told(world, panel)
    assert "Ed changed the service from “Maternity” to “Cancer”" in told(world, survey)
    assert "Ed said that it was not meant for this group: Carers and families" in told(world, survey)
    assert "not meant" not in told(world, panel)  # it never named them


def test_what_is_already_so_is_not_written(world, change):
    survey, panel = world.ashdown.survey, world.ashdown.panel
    edit = change([survey, panel], named_lead=survey.named_lead)
    assert set(edit.before) == {str(panel.pk)}
    assert Activity.objects.get(pk=survey.pk).version == survey.version
    assert Activity.history.filter(id=survey.pk).count() == 1


def test_who_is_left_out_and_why(world, ashdown, add):
    maternity, lea = world.ashdown.services[0], world.people["lea"]
    gone, naming = add("Gone"), add("Naming", named_services=[maternity])
    withdraw(activity=gone, by=lea, reason="twice", version=1)
    over, to_come = add("Over", end_written="3 May 2020"), add("To come", start_written="3 May 2090")
    odd = add("Odd", start_written="2022", period="2021/22", stated_status="running")
    rows = {each.pk: each for each in (gone, naming, over, to_come, odd, world.ashdown.panel)}

    def left(**chosen):
        plan = plan_many(organisation=ashdown, activities=rows, changes=ManyChanges(**chosen))
        return (
            sorted(each.activity.title for each in plan.changing),
            {reason: sorted(each.title for each in activities) for reason, activities in plan.left_out.items()},
            sorted(each.title for each in plan.already),
        )

    changing, out, already = left(service=maternity)
    assert (changing, already) == (sorted(["Over", "To come", "Odd", "Citizens’ panel"]), [])
    assert out == {"withdrawn": ["Gone"], "names-services": ["Naming"]}
    changing, out, already = left(running=True)
    assert (changing, already) == (["Naming"], ["Odd"])  # Odd was stated as running today
    assert out == {"withdrawn": ["Gone"], "has-ended": ["Citizens’ panel", "Over"], "not-started": ["To come"]}
    changing, out, already = left(running=False)
    assert (changing, already) == (["Naming", "Odd"], ["Citizens’ panel", "Over", "To come"])  # their dates say so


def test_stating_that_they_run_is_todays_answer_and_puts_them_on_the_map(world, ashdown, change, add):
    activities = [add(f"Undated {n}") for n in range(3)]
    assert build_map(world.viewer("vi"), as_at=today()).activities.live == 1
    edit = change(activities, stated_status="running")
    assert [(each.on, each.running, each.recorded_by.name) for each in activities[0].confirmations.all()] == [
        (today(), True, "Ed")
    ]
    ashdown.refresh_from_db()
    assert build_map(world.viewer("vi"), as_at=today()).activities.live == 4
    undo_many(edit=edit, by=world.people["ed"])
    ashdown.refresh_from_db()
    counts = build_map(world.viewer("vi"), as_at=today()).activities
    assert (counts.live, counts.not_dated) == (1, 3)  # no sighting is left behind
    assert "Ed took back the answer to whether it was running" in told(world, activities[0])


def test_an_answer_alone_is_no_new_version(change, add):
    activity = add()
    change([activity], running=False)
    assert Activity.objects.get(pk=activity.pk).version == activity.version
    assert [each.running for each in activity.confirmations.all()] == [False]


def test_a_new_piece_of_work_is_made_once(world, ashdown, change):
    key = uuid4()
    for _time in range(2):
        change([world.ashdown.survey, world.ashdown.panel], piece="Better waiting", key=key)
    assert ashdown.pieces.filter(title="Better waiting").count() == 1
    piece = ashdown.pieces.get(title="Better waiting")
    assert set(piece.activities.all()) == {world.ashdown.survey, world.ashdown.panel}
    with pytest.raises(Refused) as refused:
        change([world.ashdown.panel], piece="Better waiting")
    assert "already have a piece of work" in str(refused.value)


def test_sent_twice_it_happens_once(world, change):
    key, panel = uuid4(), world.ashdown.panel
    first, second = (change([panel], method="Panel", key=key) for _time in range(2))
    assert first == second
    assert Activity.history.filter(id=panel.pk).count() == 2


@pytest.mark.parametrize(
    ("chosen", "field"),
    [
        ({}, ""),
        ({"method": "x" * 121}, "method"),
        ({"stated_status": "dancing"}, "stated_status"),
        ({"groups_added": ("martians",)}, "groups_added"),
        ({"groups_added": ("carers",), "groups_removed": ("carers",)}, "groups_removed"),
        ({"stated_status": "running", "running": False}, "running"),
        ({"piece": "  "}, "new_piece"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(world, change, chosen, field):
    with pytest.raises(Refused) as refused:
        change([world.ashdown.survey, world.ashdown.panel], **chosen)
    assert list(refused.value.messages) == [field]
    assert not ManyEdit.objects.exists()
    assert Activity.history.filter(id=world.ashdown.panel.pk).count() == 1


def test_what_is_anothers_is_refused(world, ashdown, change):
    theirs = world.birchwood
    for activities, chosen in (
        ([world.ashdown.panel, theirs.survey], {"method": "Panel"}),
        ([world.ashdown.panel], {"service": theirs.services[0]}),
        ([world.ashdown.panel], {"piece": theirs.piece}),
    ):
        with pytest.raises(Refused):
            change(activities, **chosen)
    retired = add_service(organisation=ashdown, by=world.people["lea"], name="Old")
    retire_service(service=retired, by=world.people["lea"])
    retired.refresh_from_db()
    with pytest.raises(Refused):
        change([world.ashdown.panel], service=retired)
    assert Activity.objects.get(pk=theirs.survey.pk).method == ""


def test_undo_puts_back_what_nobody_touched_since(world, ashdown, change, add):
    lea, survey, panel = world.people["lea"], world.ashdown.survey, world.ashdown.panel
    third = add("Third")
    before = {each.pk: snapshot(each) for each in (survey, panel, third)}
    edit = change(
        [survey, panel, third], service=world.ashdown.services[1], method="Panel", groups_removed=("carers",),
        groups_added=("patients",), stated_status="ended",
    )  # fmt: skip
    edit_activity(activity=third, by=lea, facts={"title": "Third, by Lea"}, version=2)
    assert sorted(undoable(edit)) == sorted([survey.pk, panel.pk])
    for _time in range(2):  # a second time changes nothing more
        edit = undo_many(edit=edit, by=lea)
        assert {pk: snapshot(each) for pk, each in ((survey.pk, survey), (panel.pk, panel))} == {
            survey.pk: before[survey.pk],
            panel.pk: before[panel.pk],
        }
    assert (edit.put_back, edit.undone_by) == (2, lea)
    assert ashdown.activities.get(pk=third.pk).method == "Panel"
    history = told(world, survey)
    assert "Ed changed the service from “Maternity” to “Cancer”" in history
    assert "Lea changed the service from “Cancer” to “Maternity”" in history
    assert "Lea said that it was meant to include this group: Carers and families (12, Ashdown travel paid)" in history


def test_there_is_no_undo_when_all_were_touched(world, change):
    panel = world.ashdown.panel
    edit = change([panel], method="Panel")
    edit_activity(activity=panel, by=world.people["lea"], facts={"method": "Jury"}, version=2)
    with pytest.raises(Refused):
        undo_many(edit=edit, by=world.people["ed"])
    assert Activity.objects.get(pk=panel.pk).method == "Jury"


def test_dates_that_hang_on_the_status_are_read_again_and_put_back(world, change, add):
    activity = add(period="2021/22", stated_status="running")
    assert activity.ended_on is None
    edit = change([activity], stated_status="ended")
    assert str(Activity.objects.get(pk=activity.pk).ended_on) == "2022-03-31"
    undo_many(edit=edit, by=world.people["ed"])
    now = Activity.objects.get(pk=activity.pk)
    assert (now.ended_on, now.stated_status) == (None, "running")


def test_2333_at_once_take_few_statements(world, ashdown):
    lea = world.people["lea"]
    add_activities(
        organisation=ashdown, by=lea,
        many=[{"title": f"Activity {n}", "method": f"Method {n % 900}"} for n in range(2333)],
    )  # fmt: skip
    pks = list(ashdown.activities.values_list("pk", flat=True))
    changes = ManyChanges(
        service=world.ashdown.services[1], method="Survey", groups_added=("patients",), running=True, piece="One"
    )
    with CaptureQueriesContext(connection) as queries:
        edit = edit_many(organisation=ashdown, by=lea, activities=pks, changes=changes)
    assert len(queries) < 120
    with CaptureQueriesContext(connection) as queries:
        undo_many(edit=edit, by=lea)
    assert len(queries) < 160
    assert ashdown.activities.filter(title="Activity 1", method="Method 1", service=None, piece=None).exists()
    assert not ashdown.activity_groups.filter(group="patients").exists()
    assert Activity.history.filter(organisation=ashdown, title="Activity 2332").count() == 3


# In the browser ------------------------------------------------------------------------------------------------------


def sign_in(client, world, name="ed"):
    client.force_login(world.people[name])
    return client


def boxes(page) -> dict:
    """Return what the browser would send back from the form of a page."""
    return {field.html_name: field.value() for field in page.context["form"] if field.value()}


def test_only_who_may_edit_sees_ticks(client, world):
    assert "Change the ticked ones" in words(sign_in(client, world).get("/o/ashdown/activities/"))
    page = sign_in(client, world, "vi").get("/o/ashdown/activities/")
    assert "Change the ticked ones" not in words(page) and b'name="pick"' not in page.content


def test_a_page_of_ticks_without_javascript(client, world):
    page = sign_in(client, world).get("/o/ashdown/activities/?tick=page")
    assert len(re.findall(r'name="pick"[^>]* checked', page.content.decode())) == 2


def test_from_the_ticks_to_the_undoing(client, world, ashdown):
    sign_in(client, world)
    survey, panel = world.ashdown.survey, world.ashdown.panel
    where = f"{CHANGE}?pick={survey.pk}&pick={panel.pk}"
    page = client.get(where)
    assert "Change 2 activities" in words(page)
    said = boxes(page) | {"named_lead": survey.named_lead, "running": ""}
    preview = client.post(where, said)
    assert "1 activity would change." in words(preview)
    assert "1: they say that already" in words(preview)
    assert not ManyEdit.objects.exists()
    answer = client.post(where, boxes(preview) | {"do": "1"}, follow=True)
    assert "1 activity was changed" in words(answer)
    assert ashdown.activities.get(pk=panel.pk).named_lead == survey.named_lead
    undone = client.post(answer.request["PATH_INFO"] + "?" + answer.request["QUERY_STRING"], {"undo": "1"}, follow=True)
    assert "1 activity is as it was" in words(undone) and "Ed undid this" in words(undone)
    assert ashdown.activities.get(pk=panel.pk).named_lead == ""


def test_who_saved_meanwhile_wins_a_second_look(client, world, ashdown):
    sign_in(client, world)
    panel = world.ashdown.panel
    where = f"{CHANGE}?pick={panel.pk}"
    preview = client.post(where, boxes(client.get(where)) | {"method": "Jury"})
    edit_activity(activity=panel, by=world.people["lea"], facts={"title": "The panel"}, version=1)
    answer = client.post(where, boxes(preview) | {"do": "1"})
    assert answer.status_code == 409
    assert "Nothing is changed yet: look again" in words(answer)
    assert ashdown.activities.get(pk=panel.pk).method == ""
    assert client.post(where, boxes(answer) | {"do": "1"}).status_code == 302
    assert ashdown.activities.get(pk=panel.pk).method == "Jury"


def test_it_is_not_done_unseen(world, change, client, ashdown):
    sign_in(client, world)
    where = f"{CHANGE}?pick={world.ashdown.panel.pk}"
    answer = client.post(where, boxes(client.get(where)) | {"method": "Jury", "do": "1"})
    assert answer.status_code == 409 and ashdown.activities.get(pk=world.ashdown.panel.pk).method == ""
    with pytest.raises(Moved):
        change([world.ashdown.panel], method="Jury", seen="another")


def test_all_that_was_found_and_no_more(client, world, ashdown, add):
    for n in range(60):
        add(f"Event {n}")
    sign_in(client, world)
    listed = client.get("/o/ashdown/activities/?q=event")
    link = re.search(r'href="(/o/ashdown/activities/change/\?[^"]+)"', listed.content.decode()).group(1)
    where = unescape(link)
    preview = client.post(where, boxes(client.get(where)) | {"method": "Event"})
    assert "60 activities would change." in words(preview)
    sent = boxes(preview) | {"do": "1"}
    assert client.post(where, sent).status_code == 302
    assert ashdown.activities.filter(method="Event").count() == 60
    assert client.post(where, sent).status_code == 302  # sent twice
    assert ManyEdit.objects.count() == 1


def test_the_preview_says_what_is_lost_with_a_group(client, world):
    sign_in(client, world)
    where = f"{CHANGE}?pick={world.ashdown.survey.pk}"
    preview = client.post(where, boxes(client.get(where)) | {"groups_removed": ["carers"]})
    assert "1 of them has a number of people, or support, recorded" in words(preview)


@pytest.mark.parametrize("query", ["", "?pick=", "?pick=x&pick=-1", "?pick=999999999999", "?done=x&pick=1"])
def test_an_address_that_selects_nothing(client, world, query):
    answer = sign_in(client, world).get(CHANGE + query)
    assert answer.status_code == (404 if "done" in query else 200)
    if "done" not in query:
        assert "No activity is chosen yet" in words(answer)


def test_anothers_activities_and_edits_do_not_exist_here(client, world):
    sign_in(client, world)
    answer = client.get(f"{CHANGE}?pick={world.birchwood.survey.pk}&pick={world.ashdown.panel.pk}")
    assert "Change 1 activity" in words(answer) and "Zebrafinch" not in words(answer)
    theirs = edit_many(
        organisation=world.birchwood.organisation, by=world.people["bo"], activities=[world.birchwood.survey.pk],
        changes=ManyChanges(method="Survey"),
    )  # fmt: skip
    for method in (client.get, client.post):
        assert method(f"{CHANGE}?done={theirs.pk}").status_code == 404
    assert Activity.objects.get(pk=world.birchwood.survey.pk).method == "Survey"


def test_an_answer_given_since_stands_when_the_edit_is_undone(world, change, add):
    activity = add()
    edit = change([activity], running=False)
    confirm_running(activity=activity, by=world.people["lea"], running=True, on=today())
    undo_many(edit=edit, by=world.people["ed"])
    assert [each.running for each in activity.confirmations.standing()] == [True]
