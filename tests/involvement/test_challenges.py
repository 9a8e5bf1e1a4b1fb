"""Challenges: who may make one, what a reply owes, who ends it; and that a late reply turns a green tile yellow."""

import html
import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from framework.coverage import Status
from involvement.access import Role
from involvement.actions import activities, organisations, responses
from involvement.actions.base import Refused, today
from involvement.actions.challenging import follow_up, make_challenge, reply
from involvement.actions.classification import correct
from involvement.audits import snapshot
from involvement.challenges import challenge_rows, marks
from involvement.maps import build_map
from involvement.models import Challenge
from involvement.reminders import reminders
from tests.audits import frozen_audit, viewer_of
from tests.world import classify_as, rewrite

LIST = "/o/ashdown/challenges/"


@pytest.fixture
def home(world):
    rewrite(Challenge.objects.filter(organisation=world.ashdown.organisation), closed_on=today())  # the world's own
    return world.ashdown.organisation


@pytest.fixture
def survey(world):
    return world.ashdown.survey


def client_of(world, name):
    client = Client()
    client.force_login(world.people[name])
    return client


def text(response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def challenged(world, survey, kind="how-it-happened", **more):
    pat = world.people["pat"]
    return make_challenge(
        organisation=survey.organisation, by=pat, kind=kind, activity=survey, words="We were told, not asked", **more
    )


def row_of(world, challenge, name="vi"):
    (row,) = challenge_rows(world.viewer(name), pk=challenge.pk)
    return row


def late(challenge, days=3):
    """Let the reply be overdue by some days."""
    start = today() - timedelta(days=28 + days)
    rewrite(Challenge.objects.filter(pk=challenge.pk), made_on=start, recorded_at=f"{start}T12:00:00Z")
    rewrite(challenge.dues.all(), from_on=start, due_on=today() - timedelta(days=days))


def test_a_patient_leader_challenges_through_the_page_and_a_reply_is_owed(world, home, survey):
    pat = client_of(world, "pat")
    where = f"{LIST}new/?activity={survey.pk}"
    assert "Challenge this" in text(pat.get(reverse("activity-detail", args=["ashdown", survey.pk])))
    assert "within 28 days" in text(pat.get(where))
    wrong = pat.post(where, {"kind": "how-it-happened", "words": ""})
    assert "Say it in your own words." in text(wrong)
    done = pat.post(where, {"kind": "how-it-happened", "words": "We were told, not asked"})
    challenge = home.challenges.get(closed_on=None)
    assert done["Location"] == reverse("challenge-detail", args=["ashdown", challenge.pk])
    assert challenge.dues.get().due_on == today() + timedelta(days=28)
    for name in ("vi", "ed", "bob"):
        said = text(client_of(world, name).get(reverse("activity-detail", args=["ashdown", survey.pk])))
        assert "We were told, not asked" in said and "Waits for a reply" in said
        assert "Challenge this" not in said
    assert "1 challenge waits for your reply" in text(client_of(world, "ed").get("/o/ashdown/"))


@pytest.mark.parametrize("name", ["lea", "ed", "bob", "fay", "vi", "bo"])
def test_only_patient_leaders_challenge(world, home, survey, name):
    with pytest.raises(PermissionDenied):
        make_challenge(organisation=home, by=world.people[name], kind="place", activity=survey, words="No")


def test_who_keeps_the_register_too_does_not_challenge_it(world, home, survey):
    organisations.give_role(organisation=home, user=world.people["pat"], role=Role.EDITOR, by=world.people["lea"])
    with pytest.raises(PermissionDenied):
        challenged(world, survey)
    assert client_of(world, "pat").get(f"{LIST}new/?activity={survey.pk}").status_code == 403


def test_explaining_leaves_it_to_the_challenger_and_standing_keeps_it_open(world, home, survey):
    challenge = challenged(world, survey)
    ed, pat = world.people["ed"], world.people["pat"]
    with pytest.raises(Refused, match="once the organisation has replied"):
        follow_up(challenge=challenge, by=pat, kind="stand")
    reply(challenge=challenge, by=ed, kind="explain", words="The letter asked three questions")
    assert row_of(world, challenge).state == "answered"
    with pytest.raises(Refused, match="replied already"):
        reply(challenge=challenge, by=ed, kind="explain", words="Again")
    for other in ("ed", "lea"):
        with pytest.raises(PermissionDenied):
            follow_up(challenge=challenge, by=world.people[other], kind="close")
    follow_up(challenge=challenge, by=pat, kind="stand", words="It did not")
    row = row_of(world, challenge)
    assert row.state == "standing" and row.is_open
    page = text(client_of(world, "vi").get(reverse("challenge-detail", args=["ashdown", challenge.pk])))
    assert "Stands: they still disagree" in page and "The letter asked three questions" in page and "It did not" in page
    follow_up(challenge=challenge, by=pat, kind="close")
    assert row_of(world, challenge).state == "closed"
    with pytest.raises(Refused, match="is closed"):
        reply(challenge=challenge, by=ed, kind="explain", words="More")


def test_a_question_back_pauses_the_reply_and_the_answer_makes_another_due(world, home, survey):
    challenge, ed, pat = challenged(world, survey), world.people["ed"], world.people["pat"]
    rewrite(home._meta.model.objects.filter(pk=home.pk), reply_days=10)
    home.refresh_from_db()
    challenge = home.challenges.get(pk=challenge.pk)
    reply(challenge=challenge, by=ed, kind="ask", words="Which letter?")
    assert row_of(world, challenge).state == "asked"
    assert "Answer the question" in text(
        client_of(world, "pat").get(reverse("challenge-detail", args=["ashdown", challenge.pk]))
    )
    follow_up(challenge=challenge, by=pat, kind="answer", words="That of May")
    row = row_of(world, challenge)
    assert row.state == "waiting" and row.due_on == today() + timedelta(days=10)


def test_accepting_a_place_needs_the_place_corrected_first(world, home, survey):
    challenge, ed = challenged(world, survey, "place"), world.people["ed"]
    with pytest.raises(Refused, match="Correct the place first"):
        reply(challenge=challenge, by=ed, kind="accept", words="You are right")
    correct(activity=survey, by=ed, reason="They were told only", place="owners", placements=[])
    step = reply(challenge=challenge, by=ed, kind="accept", words="You are right")
    assert step.classification.primary_place == "owners"
    assert row_of(world, challenge).state == "accepted"


def test_what_is_missing_from_the_list_is_challenged_by_cell_and_accepted_with_the_activity(world, home):
    pat, ed = client_of(world, "pat"), client_of(world, "ed")
    pat.post(f"{LIST}new/?place=coproducers", {"kind": "missing", "words": "The recovery college is not here"})
    challenge = home.challenges.get(kind="missing")
    assert marks(world.viewer("vi"), on=today()).words("coproducers", "coproducers/co-design") == "1 challenge"
    where = reverse("challenge-reply", args=["ashdown", challenge.pk]) + "?kind=accept"
    assert "Add it to the list first" in text(ed.post(where, {"words": "Thank you"}))
    added = activities.add_activity(organisation=home, by=world.people["ed"], facts={"title": "Recovery college"})
    ed.post(where, {"words": "Thank you", "activity": added.pk})
    assert home.challenge_steps.get(kind="accept").activity == added


def test_not_needed_is_open_to_challenge(world, home):
    judged = responses.respond(
        organisation=home, by=world.people["bob"], kind="not-needed", place="choosers", reason="One provider only",
        review_on=today() + timedelta(days=90),
    )  # fmt: skip
    pat = client_of(world, "pat")
    assert f"?response={judged.pk}" in pat.get("/o/ashdown/gaps/").content.decode()
    pat.post(f"{LIST}new/?response={judged.pk}", {"kind": "not-needed", "words": "There are three"})
    challenge = home.challenges.get(kind="not-needed")
    with pytest.raises(Refused, match="End the answer"):
        reply(challenge=challenge, by=world.people["ed"], kind="accept", words="Yes")
    responses.end_response(response=judged, by=world.people["bob"], reason="There are three")
    reply(challenge=challenge, by=world.people["ed"], kind="accept", words="Yes")
    assert row_of(world, challenge).state == "accepted"


def green(world, home):
    """An activity that is in place: asked, heard, with a document that shows a change."""
    lea = world.people["lea"]
    facts = {"title": "Ward forum", "stated_status": "running", "service": world.ashdown.services[0]}
    forum = activities.add_activity(organisation=home, by=lea, facts=facts)
    classify_as(forum, lea, "users", {"facet": "users/quality", "part": "asked", "heard": True})
    change = home.changes.create(
        organisation=home, recorded_by=lea, activity=forum, outcome="changed", what="Meals", decided_on=today(),
        service=world.ashdown.services[0],
    )  # fmt: skip
    home.change_facets.create(organisation=home, change=change, facet="users/quality")
    home.evidence.create(organisation=home, recorded_by=lea, change=change, kind="document", reference="Minute 3")
    home.refresh_from_db()
    return forum


def status_of(world, home, day=None):
    home.refresh_from_db()
    shown = build_map(world.viewer("vi"), as_at=day or today())
    return next(cell.status for cell in shown.cells if cell.facet == "users/quality")


def test_an_overdue_reply_turns_a_green_tile_yellow_until_it_is_given(world, home):
    forum = green(world, home)
    assert status_of(world, home) is Status.IN_PLACE
    challenge = challenged(world, forum)
    assert status_of(world, home) is Status.IN_PLACE
    late(challenge)
    rewrite(home._meta.model.objects.filter(pk=home.pk), version=home.version + 1)
    assert status_of(world, home) is Status.UNPROVEN
    page = text(client_of(world, "vi").get("/o/ashdown/map/"))
    assert "1 challenge, 1 reply overdue" in page
    assert "Reply overdue" in text(client_of(world, "vi").get(LIST))
    reply(challenge=challenge, by=world.people["ed"], kind="explain", words="Here is the minute")
    assert status_of(world, home) is Status.IN_PLACE
    assert status_of(world, home, today() - timedelta(days=1)) is not Status.IN_PLACE  # it was late then


def test_the_audit_freezes_who_disagrees_in_full_and_waits_for_replies(world, home, survey):
    challenge = challenged(world, survey)
    held = snapshot.draw_up(
        viewer_of(home, world.people["bob"]),
        snapshot.Asked("An audit", today(), snapshot.year_before(today()), today(), None, ""),
    )
    check = next(row for row in held["checklist"] if row["slug"] == "challenges")
    assert (check["count"], check["blocks"]) == (1, True)
    (row,) = held["dissent"]
    assert (row["words"], row["by"], row["reply"]) == ("We were told, not asked", world.people["pat"].pk, "")
    audit = frozen_audit(home, world.people["bob"], title="This year")
    reply(challenge=challenge, by=world.people["ed"], kind="explain", words="The letter asked")
    page = text(client_of(world, "vi").get(reverse("audit-report", args=["ashdown", audit.pk])))
    assert "We were told, not asked" in page and "Pat," in page and "Nobody has answered" in page


def test_reminders_tell_who_owes_a_reply_and_who_got_one(world, home, survey):
    challenge = challenged(world, survey)

    def told():
        return {(each.recipient, each.words) for each in reminders(home, on=today()) if "hallenge" in each.words}

    assert told() == set()
    late(challenge)
    assert {who for who, _words in told()} == {world.people["lea"], world.people["ed"]}
    reply(challenge=challenge, by=world.people["ed"], kind="explain", words="So")
    assert told() == {(world.people["pat"], f"Your challenge was answered: {survey.title}")}


def test_a_challenge_is_never_changed_or_deleted(world, home, survey):
    challenge = challenged(world, survey)
    challenge.words = "Other words"
    with pytest.raises(TypeError):
        challenge.save()
    with pytest.raises(TypeError):
        challenge.delete()
    with pytest.raises(TypeError):
        world.ashdown.challenge.steps.update(words="x")


def test_a_form_sent_twice_makes_one_challenge(world, home, survey):
    pat, where = client_of(world, "pat"), f"{LIST}new/?activity={survey.pk}"
    key = re.search(r'name="request_key" value="([^"]+)"', pat.get(where).content.decode())[1]
    for _time in range(2):
        pat.post(where, {"kind": "how-it-happened", "words": "Told", "request_key": key})
    assert home.challenges.filter(words="Told").count() == 1
