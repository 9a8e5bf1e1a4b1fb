"""The front page of an organisation: what matters on one screen, by role, and the first steps of an empty one."""

import html
from datetime import timedelta

import pytest

from involvement.access import Role
from involvement.actions import activities, challenging, influence, organisations, responses, reviewing
from involvement.actions.base import today
from involvement.models import Complete, Organisation
from tests.audits import signed_audit
from tests.reviews import opened, placed
from tests.world import classify_as

pytestmark = pytest.mark.django_db
FRONT = "/o/ashdown/"


def words(client):
    return client.get(FRONT).content.decode()


def waiting(client):
    return [each.words for each in client.get(FRONT).context["waiting"]]


def test_it_opens_with_the_finding_and_what_is_missing_most(client, world):
    client.force_login(world.people["vi"])
    page = client.get(FRONT)
    said = page.content.decode()
    assert page.context["map"].headline in said.replace("&#x27;", "'")
    assert "What is missing most" in said and said.count('class="app-gap"') == 3
    assert 'aria-label="Owners: ' in said  # the bar says its numbers


def test_what_waits_follows_the_roles(client, world):
    organisation = world.ashdown.organisation
    world.ashdown.response.due_on = today() - timedelta(days=1)
    world.ashdown.response.save()
    responses.respond(
        organisation=organisation, by=world.people["bob"], place="owners", facet="owners/strategy", kind="not-needed",
        reason="x", review_on=today() + timedelta(days=10),
    )  # fmt: skip
    client.force_login(world.people["ed"])
    assert waiting(client)[0] == "1 activity to place"
    assert "1 answer to a gap is overdue" in waiting(client)
    client.force_login(world.people["bob"])
    assert "1 “not needed” to look at again" in waiting(client) and "4 places without an aim" in waiting(client)
    assert not any("to place" in each for each in waiting(client))
    client.force_login(world.people["vi"])
    assert waiting(client) == [] and "Nothing waits for you now." in words(client)


def test_a_statement_that_ends_soon_or_has_lapsed_waits_for_an_editor(client, world):
    statement = world.ashdown.statement
    statement.as_at = today() - timedelta(days=330)
    statement.save()
    client.force_login(world.people["ed"])
    assert "1 “this list is complete” ends soon" in waiting(client)
    statement.as_at = today() - timedelta(days=400)
    statement.save()
    assert "1 “this list is complete” has lapsed" in waiting(client)


def test_lately_counts_what_was_recorded_and_says_nothing_else(client, world):
    client.force_login(world.people["vi"])
    said = dict((each, number) for number, each in client.get(FRONT).context["lately"])
    assert said == {
        "activities added": 2, "activity placed": 1, "record of what came of it": 1, "answer to a gap": 1,
        "list said to be complete": 1,
    }  # fmt: skip


def test_an_empty_organisation_shows_the_three_steps(client, world):
    lead = world.people["sam"]
    empty = organisations.create_organisation(
        slug="empty", name="Empty Trust", kind=Organisation.Kind.TRUST, nation=Organisation.Nation.ENGLAND
    )
    organisations.give_role(organisation=empty, user=lead, role=Role.LEAD, by=None)
    client.force_login(lead)
    said = client.get("/o/empty/").content.decode()
    for step in ("Name your services", "List what you do", "Say what each one is"):
        assert step in said
    for address in ("/o/empty/services/", "/o/empty/activities/import/", "/o/empty/activities/new/"):
        assert f'href="{address}"' in said
    assert client.get("/o/empty/map/").status_code == 200


def test_what_people_changed_is_told_apart_from_our_word(client, world):
    ed, survey = world.people["ed"], world.ashdown.survey
    organisation = world.ashdown.organisation

    def change(days=1, **words):
        return influence.record_change(
            activity=survey, by=ed, facets=["users/experience"], decided_on=today() - timedelta(days=days),
            **{"outcome": "changed", "what": "Later visits"} | words,
        )  # fmt: skip

    change(what="Only our word for this")
    influence.add_evidence(change=change(), by=ed, kind="corroboration", corroborated_by="The carers’ group")
    change(outcome="refused", why="No money", told_on=today())
    change(outcome="refused", why="Nobody was told")
    change(days=370, what="Too long ago")
    client.force_login(world.people["bob"])
    found = client.get(FRONT).context["effects"]
    assert (found.changed_count, found.confirmed_count, found.only_said_count, found.refused_count) == (2, 1, 1, 1)
    said = words(client)
    assert "Only our word for this" in said and "Too long ago" not in said
    influence.withdraw_evidence(evidence=world.ashdown.evidence, by=ed)
    assert client.get(FRONT).context["effects"].changed_count == 1
    assert organisation.changes.count() == 6


def test_activities_without_a_place_open_a_doubt_about_what_is_missing(client, world):
    """A statement of completeness stands when more comes in later; the finding says that it may be among them."""
    organisation, lead = world.ashdown.organisation, world.people["lea"]
    panel = world.ashdown.panel
    classify_as(panel, lead, "users", {"facet": "users/access"})
    Complete.objects.create(organisation=organisation, recorded_by=lead, scope="whole", place="users", as_at=today())
    client.force_login(world.people["bob"])
    assert "Activities without a place yet" not in client.get(FRONT).context["map"].headline
    activities.add_activity(organisation=organisation, by=lead, facts={"title": "One more"})
    assert "Activities without a place yet: 1." in client.get(FRONT).context["map"].headline


@pytest.mark.parametrize("more", [0, 2, 60])
def test_it_asks_the_database_the_same_however_much_there_is(client, world, more, django_assert_num_queries):
    from involvement.models import Activity

    organisation = world.ashdown.organisation
    rows = Activity.objects.bulk_create(
        Activity(organisation=organisation, title=f"Activity {number}", started_on=today()) for number in range(more)
    )
    for row in rows:
        classify_as(row, world.people["ed"], "users", {"facet": "users/access", "part": "asked", "heard": True})
    client.force_login(world.people["lea"])
    client.get(FRONT)
    with django_assert_num_queries(FRONT_QUERIES):
        client.get(FRONT)


FRONT_QUERIES = 37


def test_it_says_what_moved_since_the_last_signed_audit(client, world):
    home, lea = world.ashdown.organisation, world.people["lea"]
    client.force_login(world.people["bob"])
    assert "No audit of the whole organisation has been signed yet." in client.get("/o/ashdown/").content.decode()
    signed_audit(home, lea, title="Last year’s audit", as_at=today() - timedelta(days=300))
    activity = world.ashdown.panel
    activities.withdraw_activity(activity=activity, by=lea, reason="Twice", version=activity.version)
    page = html.unescape(client.get("/o/ashdown/").content.decode())
    since = page.split('id="since-last"')[1].split('id="what-people-changed"')[0]
    assert "Last year’s audit" in since and "1 activity was taken off the list." in since
    assert "Gaps that closed" in since and "Users, experience: none that counts, now in place" in since


def test_it_says_who_disagrees_and_what_reviewers_saw(client, world):
    home, lea, pat = world.ashdown.organisation, world.people["lea"], world.people["pat"]
    client.force_login(world.people["bob"])
    said = html.unescape(words(client)).split('id="who-disagrees"')[1].split('id="since-last"')[0]
    assert "Patient leaders have not reviewed the list" in said
    round_ = opened(home, lea, pat)
    for task in round_.tasks.select_related("organisation"):
        placed(task, "choosers")
    reviewing.close_round(round_=round_, by=lea)
    challenging.make_challenge(
        organisation=home, by=pat, kind="how-it-happened", words="I was there, and it was not so.",
        activity=world.ashdown.survey,
    )  # fmt: skip
    said = html.unescape(words(client)).split('id="who-disagrees"')[1].split('id="since-last"')[0]
    assert world.ashdown.survey.title in said and "Waits for a reply." in said and "No challenge" not in said
    assert f"in 0 of {round_.tasks.count()}." in said
