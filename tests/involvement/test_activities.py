"""The register from outside: add, change, withdraw, confirm, history; bad input, two writers, double sending."""

import re
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest
from django.utils.html import strip_tags

from framework.coverage import months_before
from involvement.actions.activities import (
    add_activity,
    confirm_running,
    edit_activity,
    read_dates,
    withdraw_activity,
)
from involvement.actions.base import Conflict, Refused, today
from involvement.actions.influence import record_change
from involvement.models import (
    Activity,
    ActivityGroup,
    ActivityService,
    Classification,
    Organisation,
    Placement,
)
from involvement.registers import day
from tests.world import classify_as

pytestmark = pytest.mark.django_db

LIST = "/o/ashdown/activities/"


def words(answer) -> str:
    """Return what a person reads on a page, white space made single."""
    return " ".join(unescape(strip_tags(answer.content.decode().replace("<", " <"))).split())


def sign_in(client, world, name="ed"):
    client.force_login(world.people[name])
    return client


def address(activity, act="") -> str:
    return f"/o/ashdown/activities/{activity.pk}/{act}"


def boxes(page) -> dict:
    """Return what the browser would send back from the form of a page, nothing changed."""
    form = page.context["form"]
    said = {}
    for field in form:
        if field.name == "groups":
            for row in field.field.widget.rows(field):
                said.setdefault("groups", []).extend([row["slug"]] if row["checked"] else [])
                said.setdefault("groups_before", []).extend([row["slug"]] if row["before"] else [])
                said |= {f"{row['name']}_reach": row["reach"], f"{row['name']}_support": row["support"]}
        else:
            value = field.value()
            if isinstance(value, list):
                said[field.html_name] = [getattr(each, "pk", each) for each in value]
            elif value not in (None, False):
                said[field.html_name] = getattr(value, "pk", value)
    return said


# Adding


def test_an_editor_adds_an_activity_with_all_that_is_known(client, world):
    sign_in(client, world)
    maternity, cancer = world.ashdown.services
    sent = boxes(client.get(LIST + "new/")) | {
        "title": "  Listening   week ",
        "description": "People said what mattered",
        "reference": "L-1",
        "service": "",
        "named_services": [maternity.pk, cancer.pk],
        "piece": world.ashdown.piece.pk,
        "start_written": "spring 2026",
        "end_written": "June 2026",
        "stated_status": "ended",
        "groups": ["carers"],
        "groups_carers_reach": "12",
        "groups_rural_support": "a bus",  # filled in without a tick: without JavaScript that is easily done
        "support": ["payment"],
        "mechanisms": ["governors"],
        "cost": "£1,200.50",
        "citizen_hours": "1,200",
        "open_to_all": "on",
        "source_url": "example.org/report",
    }
    page = client.post(LIST + "new/", sent, follow=True)
    activity = world.ashdown.organisation.activities.get(reference="L-1")
    assert page.redirect_chain[-1][0] == address(activity)
    assert activity.title == "Listening week"
    assert (activity.started_on.isoformat(), activity.ended_on.isoformat()) == ("2026-03-01", "2026-06-30")
    assert (str(activity.cost), activity.citizen_hours, activity.open_to_all) == ("1200.50", 1200, True)
    assert activity.source_url == "https://example.org/report"
    groups = set(activity.groups.values_list("group", "reach", "support"))
    assert groups == {("carers", 12, ""), ("rural", None, "a bus")}
    assert activity.named_services.count() == 2
    assert activity.recorded_by == world.people["ed"] == activity.history.get().history_user
    read = "1 March 2026 to 30 June 2026"
    for said in ("Listening week", read, "12 people reached", "Maternity", "a bus", "£1,200.50"):
        assert said in words(page), said


def test_a_double_sending_writes_once_and_other_words_write_again(client, world):
    sign_in(client, world)
    sent = boxes(client.get(LIST + "new/")) | {"title": "Sent twice"}
    answers = [client.post(LIST + "new/", sent) for _sending in range(2)]
    assert answers[0].url == answers[1].url
    assert world.ashdown.organisation.activities.filter(title="Sent twice").count() == 1
    client.post(LIST + "new/", sent | {"title": "Sent back and changed"})  # the browser's back button keeps the key
    assert world.ashdown.organisation.activities.filter(title="Sent back and changed").count() == 1


@pytest.mark.parametrize(
    ("sent", "field", "said"),
    [
        ({"title": "   "}, "title", "Give the activity a title"),
        ({"reference": "Ashdown-1"}, "reference", "Reference “Ashdown-1” is already used by “Ashdown survey”"),
        ({"start_written": "2026", "end_written": "2024"}, "end_written", "The end is before the start"),
        ({"service": "999"}, "service", "Choose one of your services"),
        ({"service": "x" * 40}, "service", "Choose one of your services"),
        ({"named_services": ["999"]}, "named_services", "Choose from your services"),
        ({"named_services": ["zz"]}, "named_services", "Choose from your services"),
        ({"piece": "999"}, "piece", "Choose one of your pieces of work"),
        ({"groups": ["martians"]}, "groups", "Choose from the groups in the list"),
        ({"groups": ["carers"], "groups_carers_reach": "many"}, "groups",
         "Carers and families: Enter how many people as a whole number, such as 25, or leave it empty"),
        ({"support": ["gold"]}, "support", "Choose from the kinds of support in the list"),
        ({"mechanisms": ["magic"]}, "mechanisms", "Choose from the list of what it rests on"),
        ({"cost": "lots"}, "cost", "Enter the cost in pounds, such as 1200"),
        ({"cost": "-1"}, "cost", "The cost must be 0 or more"),
        ({"cost": "NaN"}, "cost", "Enter the cost in pounds, such as 1200"),
        ({"citizen_hours": "1.5"}, "citizen_hours", "Enter the hours as a whole number, such as 120"),
        ({"citizen_hours": "-4"}, "citizen_hours", "The hours must be 0 or more"),
        ({"source_url": "not a page"}, "source_url", "Enter a web address, such as https://www.example.org/report"),
        ({"title": "x" * 301}, "title", "Ensure this value has at most 300 characters (it has 301)."),
    ],
)  # fmt: skip
def test_bad_input_is_said_beside_the_field_and_nothing_typed_is_lost(client, world, sent, field, said):
    sign_in(client, world)
    before = world.ashdown.organisation.activities.count()
    page = client.post(LIST + "new/", {"title": "Kept", "description": "Kept words"} | sent)
    assert page.status_code == 200
    assert page.context["form"].errors[field] == [said]
    assert words(page).count(said) == 2  # in the summary and at the field
    assert "<title>Error: Add an activity" in page.content.decode()
    assert "Kept words" in page.content.decode()
    assert world.ashdown.organisation.activities.count() == before


def test_the_error_summary_leads_to_the_box_that_is_wrong(client, world):
    sign_in(client, world)
    page = client.post(LIST + "new/", {"title": "Kept", "groups": ["rural"], "groups_rural_reach": "some"})
    html = page.content.decode()
    target = re.search(r'error-summary__list.*?href="#([^"]+)"', html, re.S)[1]
    assert target == "id_groups_rural_reach" and f'id="{target}"' in html
    assert 'value="some"' in html


def test_another_organisations_rows_are_no_choices(client, world):
    sign_in(client, world)
    other, service = world.birchwood, world.birchwood.services[0]
    for sent in ({"service": service.pk}, {"named_services": [service.pk]}, {"piece": other.piece.pk}):
        page = client.post(LIST + "new/", {"title": "Crossed"} | sent)
        assert page.status_code == 200 and page.context["form"].errors
    assert "Zebrafinch" not in client.get(LIST + "new/").content.decode()
    assert not Organisation.objects.filter(activities__title="Crossed").exists()


def test_a_date_that_cannot_be_read_is_kept_and_said_gently(client, world):
    sign_in(client, world)
    page = client.post(LIST + "new/", {"title": "Vague", "start_written": "one day last spring"}, follow=True)
    assert "We could not read this date, so it does not count yet: “one day last spring”" in words(page)
    activity = world.ashdown.organisation.activities.get(title="Vague")
    assert (activity.start_written, activity.started_on) == ("one day last spring", None)
    assert "We could not read “one day last spring” as a date" in words(client.get(address(activity)))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ({"start_written": "3 May 2024"}, ("2024-05-03", None, ())),
        ({"period": "2021/22"}, ("2021-04-01", "2022-03-31", ())),
        ({"period": "2021/22", "stated_status": "running"}, ("2021-04-01", None, ())),
        ({"period": "2021/22", "end_written": "ongoing"}, ("2021-04-01", None, ())),
        ({"start_written": "since 2018"}, ("2018-01-01", None, ())),
        ({"start_written": "2019", "period": "2018 to 2020"}, ("2019-01-01", "2020-12-31", ())),
        ({"start_written": "soon", "end_written": "late", "period": "ages"},
         (None, None, ("start_written", "end_written", "period"))),
        ({}, (None, None, ())),
    ],
)  # fmt: skip
def test_how_the_three_dates_are_read_together(written, read):
    dates = read_dates(**written)
    iso = [each.isoformat() if each else None for each in (dates.started_on, dates.ended_on)]
    assert (*iso, dates.unread) == read


# Changing


def test_saving_without_a_change_writes_nothing(client, world):
    sign_in(client, world)
    survey = world.ashdown.survey
    rows = ActivityGroup.history.count(), ActivityService.history.count()
    client.post(address(survey, "edit/"), boxes(client.get(address(survey, "edit/"))))
    survey.refresh_from_db()
    assert (survey.version, survey.history.count()) == (1, 1)
    assert (ActivityGroup.history.count(), ActivityService.history.count()) == rows


def test_lines_that_a_browser_ends_its_own_way_are_no_change(world):
    ed = world.people["ed"]
    facts = {"title": "T", "description": "a\n\nb"}
    activity = add_activity(organisation=world.ashdown.organisation, by=ed, facts=facts)
    assert edit_activity(activity=activity, by=ed, facts={"description": "a\r\n\r\nb"}, version=1).version == 1


def test_an_edit_touches_only_the_rows_that_differ(world):
    organisation, ed = world.ashdown.organisation, world.people["ed"]
    maternity, cancer = world.ashdown.services
    facts = {"title": "Rows", "named_services": [maternity], "groups": [{"group": "carers"}, {"group": "rural"}]}
    activity = add_activity(organisation=organisation, by=ed, facts=facts)
    kept = activity.groups.get(group="carers").pk
    changed = {"named_services": [maternity, cancer], "groups": [{"group": "carers"}, {"group": "lgbt", "reach": 9}]}
    activity = edit_activity(activity=activity, by=ed, facts=changed, version=1)
    assert activity.version == 2 and activity.title == "Rows"
    assert activity.groups.get(group="carers").pk == kept
    assert set(activity.groups.values_list("group", flat=True)) == {"carers", "lgbt"}
    kinds = ActivityGroup.history.filter(activity_id=activity.pk).order_by("history_id")
    assert [(row.history_type, row.group) for row in kinds][2:] == [("-", "rural"), ("+", "lgbt")]
    assert all(row.history_user == ed for row in kinds)


def test_unticking_a_group_takes_it_out_though_its_boxes_are_sent(client, world):
    sign_in(client, world)
    survey = world.ashdown.survey
    sent = boxes(client.get(address(survey, "edit/")))
    assert sent["groups_carers_reach"] == "12" and sent["groups_before"] == ["carers"]
    client.post(address(survey, "edit/"), sent | {"groups": []})
    assert not survey.groups.exists()


def test_the_second_writer_is_told_and_loses_nothing(client, world):
    sign_in(client, world)
    survey = world.ashdown.survey
    sent = boxes(client.get(address(survey, "edit/")))
    lea = {"title": "Lea’s title", "groups": [{"group": "rural", "reach": 7}]}
    edit_activity(activity=survey, by=world.people["lea"], facts=lea, version=1)
    page = client.post(address(survey, "edit/"), sent | {"title": "Ed’s title", "promised": "Ed’s promise"})
    assert page.status_code == 409
    for said in ("Lea saved it", "Ed’s title", "Lea’s title", "Ed’s promise", "People in rural places (7)"):
        assert said in words(page)
    survey.refresh_from_db()
    assert survey.title == "Lea’s title"
    again = boxes(page) | {"groups": ["rural"], "groups_rural_reach": "7"}
    client.post(address(survey, "edit/"), again)
    survey.refresh_from_db()
    assert (survey.title, survey.promised, survey.version) == ("Ed’s title", "Ed’s promise", 3)


def test_the_same_edit_sent_twice_is_no_conflict(client, world):
    sign_in(client, world)
    survey = world.ashdown.survey
    sent = boxes(client.get(address(survey, "edit/"))) | {"title": "Once"}
    answers = [client.post(address(survey, "edit/"), sent).status_code for _sending in range(2)]
    survey.refresh_from_db()
    assert (answers, survey.version) == ([302, 302], 2)


def test_an_edit_without_a_version_never_overwrites(client, world):
    sign_in(client, world)
    survey = world.ashdown.survey
    assert client.post(address(survey, "edit/"), {"title": "No version"}).status_code == 409
    with pytest.raises(Conflict):
        edit_activity(activity=survey, by=world.people["ed"], facts={"title": "x"}, version=0)


def test_a_retired_service_is_kept_where_it_was_and_offered_to_nobody_else(client, world):
    sign_in(client, world, "lea")
    maternity = world.ashdown.services[0]
    client.post(f"/o/ashdown/services/{maternity.pk}/edit/", {"act": "retire"})
    survey = world.ashdown.survey
    sent = boxes(client.get(address(survey, "edit/"))) | {"title": "Still maternity"}
    assert client.post(address(survey, "edit/"), sent).status_code == 302
    page = client.post(LIST + "new/", {"title": "New", "service": maternity.pk})
    assert page.context["form"].errors["service"] == ["Choose one of your services"]
    with pytest.raises(Refused, match="“Maternity” is no longer in use"):
        maternity.refresh_from_db()
        facts = {"title": "New", "service": maternity}
        add_activity(organisation=world.ashdown.organisation, by=world.people["lea"], facts=facts)


@pytest.mark.parametrize(
    "facts",
    [
        {"title": ""},
        {"groups": [{"group": "carers"}, {"group": "carers"}]},
        {"groups": [{"group": "carers", "reach": -1}]},
        {"stated_status": "odd"},
        {"title": "x" * 301},
        {"support": ["gold"]},
    ],
)
def test_the_action_checks_again_what_matters(world, facts):
    with pytest.raises(Refused):
        add_activity(organisation=world.ashdown.organisation, by=world.people["ed"], facts={"title": "T"} | facts)


def test_one_service_and_named_services_exclude_each_other(world):
    maternity, cancer = world.ashdown.services
    facts = {"title": "Both", "service": maternity, "named_services": [cancer]}
    with pytest.raises(Refused, match="not both"):
        add_activity(organisation=world.ashdown.organisation, by=world.people["ed"], facts=facts)


# Withdrawing


def test_withdrawing_needs_a_reason_and_ends_all_change(client, world):
    sign_in(client, world)
    panel = world.ashdown.panel
    empty = client.post(address(panel, "withdraw/"), {"reason": " ", "version": 1})
    assert "Say why this activity does not belong in the list" in words(empty)
    page = client.post(address(panel, "withdraw/"), {"reason": "Twice in the list", "version": 1}, follow=True)
    assert "Withdrawn on" in words(page) and "Twice in the list" in words(page)
    panel.refresh_from_db()
    assert panel.withdrawn_on == today() and panel.history.first().history_user == world.people["ed"]
    assert "Change" not in words(page).split("Citizens’ panel")[-1].split("What happened")[0]
    for act in ("edit/", "withdraw/"):
        assert client.get(address(panel, act)).status_code == 302
        assert client.post(address(panel, act), {"title": "x", "reason": "x", "version": 2}).status_code == 302
    assert "was withdrawn" in words(client.post(address(panel, "running/"), {"running": "yes"}))
    panel.refresh_from_db()
    assert panel.version == 2
    assert client.get(LIST + "?q=panel").context["page"].rows == []
    with pytest.raises(Refused):
        edit_activity(activity=panel, by=world.people["ed"], facts={"title": "x"}, version=2)
    with pytest.raises(Refused):
        withdraw_activity(activity=panel, by=world.people["ed"], reason="again", version=2)


def test_withdrawing_what_somebody_changed_meanwhile_is_a_conflict(client, world):
    sign_in(client, world)
    panel = world.ashdown.panel
    edit_activity(activity=panel, by=world.people["lea"], facts={"title": "Changed"}, version=1)
    assert client.post(address(panel, "withdraw/"), {"reason": "Mistake", "version": 1}).status_code == 409
    panel.refresh_from_db()
    assert panel.withdrawn_on is None


# Is it running?


def test_the_answer_is_dated_and_written_once_a_day(client, world):
    sign_in(client, world)
    panel = add_activity(organisation=world.ashdown.organisation, by=world.people["ed"], facts={"title": "Undated"})
    assert "Is it running today?" in words(client.get(address(panel)))
    for _sending in range(2):
        client.post(address(panel, "running/"), {"running": "yes"})
    assert [(each.on, each.running) for each in panel.confirmations.all()] == [(today(), True)]
    client.post(address(panel, "running/"), {"running": "no"})
    assert panel.confirmations.order_by("-id").first().running is False
    wrong = client.post(address(panel, "running/"), {"running": "perhaps"})
    assert "Choose yes or no" in words(wrong)


def test_a_yes_that_the_dates_deny_is_refused(world):
    ed = world.people["ed"]
    organisation = world.ashdown.organisation
    ended = add_activity(organisation=organisation, by=ed, facts={"title": "Over", "end_written": "2020"})
    with pytest.raises(Refused, match="it has ended"):
        confirm_running(activity=ended, by=ed, running=True)
    to_come = add_activity(organisation=organisation, by=ed, facts={"title": "Later", "start_written": "2099"})
    with pytest.raises(Refused, match="had not started"):
        confirm_running(activity=to_come, by=ed, running=True)


def test_stating_that_it_runs_is_todays_answer_and_an_edit_repeats_it_not(world):
    survey, ed = world.ashdown.survey, world.people["ed"]
    assert [(each.on, each.running) for each in survey.confirmations.all()] == [(today(), True)]
    survey.confirmations.update(on="2026-01-01")
    edit_activity(activity=survey, by=ed, facts={"title": "Typo", "stated_status": "running"}, version=1)
    assert survey.confirmations.count() == 1


# Reading


def test_the_page_keeps_claim_suggestion_and_agreed_place_apart(client, world):
    sign_in(client, world, "vi")
    panel = world.ashdown.panel
    classify_as(
        panel, world.people["lea"], "users", {"facet": "users/access", "part": "told"},
        claim="coproducers", suggested_place="owners", reason="It changed nothing",
        contested=True, contested_kinds=["advice-without-reply"],
    )  # fmt: skip
    page = words(client.get(address(panel)))
    for said in (
        "What it is called Coproducers", "What the answers point to Owners", "Where it was placed Users",
        "It changed nothing", "To count on the map, it still needs: people to be asked, not only told",
        "the team responsible to have heard it", "Contested",
    ):  # fmt: skip
        assert said in page
    assert "Place it anew" not in page and "Withdraw" not in page  # a viewer only reads


def test_earlier_classifications_stay_to_be_read(client, world):
    sign_in(client, world)
    panel, lea = world.ashdown.panel, world.people["lea"]
    classify_as(panel, lea, "users", until=today())
    classify_as(panel, lea, "owners", from_on=today(), reason="It sets priorities now")
    page = words(client.get(address(panel)))
    assert "As owners" in page and "1 earlier or later placing" in page and "It held until" in page


def test_history_tells_who_wrote_what_in_sentences(client, world):
    ed, lea = world.people["ed"], world.people["lea"]
    organisation = world.ashdown.organisation
    maternity, _cancer = world.ashdown.services
    facts = {"title": "Old title", "reach": "3", "groups": [{"group": "carers", "reach": 3}]}
    activity = add_activity(organisation=organisation, by=ed, facts=facts)
    changed = {
        "title": "New title", "reach": "2", "service": None, "description": "word " * 40, "named_services": [maternity],
        "groups": [{"group": "carers", "reach": 12}],
    }  # fmt: skip
    edit_activity(activity=activity, by=lea, facts=changed, version=1)
    classify_as(activity, ed, "owners", reason="The board answers")
    confirm_running(activity=activity, by=ed, running=False)
    withdraw_activity(activity=activity, by=lea, reason="Twice in the list", version=2)
    page = words(client_for(client, world).get(address(activity, "history/")))
    for said in (
        "Ed added it to the list",
        "Lea changed “title” from “Old title” to “New title”",
        "Lea changed “how many people”",
        "Lea changed “what happened”:",
        "Lea changed how many people it reached in this group: Carers and families from “fewer than 5” to “12”",
        "Lea said that it covers this service by name: Maternity",
        "Ed placed it: Owners, because “The board answers”",
        "and said “no, or I do not know”",
        "Lea withdrew it as entered by mistake: “Twice in the list”",
    ):
        assert said in page, said
    assert "“3”" not in page and "“2”" not in page
    assert page.index("withdrew it") < page.index("added it to the list")  # newest first


def client_for(client, world):
    return sign_in(client, world, "vi")


def test_an_empty_list_leads_on(client, world):
    organisation = Organisation.objects.create(slug="empty", name="Empty")
    organisation.memberships.create(user=world.people["ed"], role="editor", from_on=today())
    sign_in(client, world)
    page = client.get("/o/empty/activities/")
    assert "Add the first activity" in words(page) and "/o/empty/activities/import/" in page.content.decode()
    assert "Zebrafinch" not in words(page) and "Ashdown" not in words(page)


def test_a_wrong_filter_is_put_right_aloud(client, world):
    sign_in(client, world, "vi")
    page = client.get(LIST + "?place=nowhere&as_at=never&page=x&sort=%00")
    assert page.status_code == 200
    assert "There is no place “nowhere”." in words(page)
    assert "Ashdown survey" in words(page)


def test_the_sorted_head_says_so(client, world):
    sign_in(client, world, "vi")
    html = client.get(LIST + "?sort=-title").content.decode()
    assert html.count("aria-sort=") == 1 and 'aria-sort="descending"' in html
    assert 'href="/o/ashdown/activities/?sort=title"' in html


@pytest.mark.parametrize("name", ["vi", "bob", "pat", "fay"])
def test_who_only_reads_is_refused_every_writing(client, world, name):
    sign_in(client, world, name)
    panel = world.ashdown.panel
    assert client.get(address(panel)).status_code == 200
    for act in ("edit/", "withdraw/", "running/"):
        assert client.get(address(panel, act)).status_code == 403
        assert client.post(address(panel, act), {"running": "yes"}).status_code == 403
    assert client.post(LIST + "new/", {"title": "No"}).status_code == 403


@pytest.mark.parametrize("act", ["", "edit/", "withdraw/", "running/", "history/"])
def test_anothers_activity_does_not_exist(client, world, act):
    sign_in(client, world, "lea")
    assert client.get(address(world.birchwood.survey, act)).status_code == 404
    assert client.post(address(world.birchwood.survey, act), {"title": "x"}).status_code in (404, 405)


@pytest.mark.parametrize("rows", [1, 3, 1000])
def test_the_list_asks_a_constant_number_of_queries(client, world, django_assert_num_queries, rows):
    sign_in(client, world, "vi")
    organisation, lea = world.ashdown.organisation, world.people["lea"]
    made = Activity.objects.bulk_create(
        Activity(organisation=organisation, title=f"Row {n}", start_written="2026") for n in range(rows)
    )
    readings = Classification.objects.bulk_create(
        Classification(organisation=organisation, activity=each, primary_place="users", recorded_by=lea)
        for each in made
    )
    Placement.objects.bulk_create(
        Placement(organisation=organisation, classification=each, facet="users/access") for each in readings
    )
    facet = "?q=row&place=users&facet=users/access&status=not-dated&sort=title"
    for query, queries in (("", 7), ("?sort=updated", 7), (facet, 8)):
        with django_assert_num_queries(queries):
            page = client.get(LIST + query)
        assert page.status_code == 200 and page.context["page"].services


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        (None, "it ended by {end}, and is counted for 12 months after its end, until {until}"),
        (10, "it ended by {end}, was first answered on {seen}, and is counted for 12 months more, until {until}"),
    ],
)
def test_what_ended_lately_says_until_when_it_counts(client, world, answered, said):
    end, ed = today() - timedelta(days=200), world.people["ed"]
    facts = {"title": "Talk", "start_written": "2019", "end_written": end.isoformat()}
    activity = add_activity(organisation=world.ashdown.organisation, by=ed, facts=facts)
    seen = end
    if answered:
        seen = today() - timedelta(days=answered)
        what = {"outcome": "changed", "what": "More chairs", "decided_on": seen}
        record_change(activity=activity, by=ed, facets=["users/experience"], **what)
    client.force_login(ed)
    page = " ".join(client.get(f"/o/ashdown/activities/{activity.pk}/").content.decode().split())
    until = day(months_before(seen, -12))
    assert "Still counted as live:" in page
    assert said.format(end=day(end), seen=day(seen), until=until) in page


@pytest.mark.parametrize("rows", [1, 3, 1000])
def test_one_activity_asks_a_constant_number_of_queries(client, world, django_assert_num_queries, rows):
    """However large the register is, and however often the activity was placed."""
    sign_in(client, world, "vi")
    organisation, survey, lea = world.ashdown.organisation, world.ashdown.survey, world.people["lea"]
    Activity.objects.bulk_create(Activity(organisation=organisation, title=f"Row {n}") for n in range(rows))
    for n in range(min(rows, 30)):
        classify_as(survey, lea, "users", {"facet": "users/access"}, kind="leader", until=f"2026-01-{n + 1:02}")
    with django_assert_num_queries(18):
        client.get(address(survey))


def test_a_request_key_is_no_door_to_another_result(client, world):
    """The key of one form, sent with another's facts, writes those facts and nothing else."""
    key, organisation = uuid4(), world.ashdown.organisation
    first = add_activity(organisation=organisation, by=world.people["ed"], facts={"title": "A"}, key=key)
    second = add_activity(organisation=organisation, by=world.people["ed"], facts={"title": "B"}, key=key)
    assert (first.title, second.title) == ("A", "B")
