"""Review rounds through their pages: who may what, blindness before the answer, and what is shown after."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from involvement.actions import activities, erasure, influence, memberships, organisations, reviewing
from involvement.actions.base import Conflict, Refused, today
from involvement.agreement import DIFFER, UNTOLD
from involvement.models import Classification, RoundActivity
from involvement.reminders import reminders
from involvement.reviews import results
from tests.reviews import ANSWERS, opened, placed, practised, task_of
from tests.world import classify_as, rewrite

SOON = timedelta(days=5)


@pytest.fixture
def asked(world):
    """Pat reviews the survey, which Ashdown places with its users and calls that too."""
    world.round = opened(world.ashdown.organisation, world.people["lea"], world.people["pat"])
    world.task = task_of(world.round, world.people["pat"])
    return world


@pytest.fixture
def pat(asked, client):
    client.force_login(asked.people["pat"])
    return client


def at(task) -> str:
    return reverse("review-task", args=["ashdown", task.pk])


def words(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def of_round(round_, page="round", *more) -> str:
    return reverse(f"review-{page}", args=["ashdown", round_.pk, *more])


def sent(task, **said) -> dict:
    return {"version": task.version, "took_part": "no", **ANSWERS, **said}


def overdue(round_) -> None:
    rewrite(type(round_).objects.filter(pk=round_.pk), opened_on=today() - 9 * SOON, due_on=today() - SOON)
    round_.refresh_from_db()


# -- Opening ----------------------------------------------------------


def form_of(world, **said) -> dict:
    day = today() + timedelta(days=20)
    return {
        "title": "Winter review", "size": "3", "each": "1", "reviewers": [world.people["pat"].pk],
        "due_on_day": day.day, "due_on_month": day.month, "due_on_year": day.year, **said,
    }  # fmt: skip


@pytest.mark.parametrize("person", ["lea", "bob"])
def test_a_lead_or_a_board_member_opens_a_round(world, client, person):
    client.force_login(world.people[person])
    answer = client.post("/o/ashdown/reviews/new/", form_of(world), follow=True)
    round_ = world.ashdown.organisation.review_rounds.get()
    assert "The round is open" in words(answer)
    assert (round_.size, round_.each, round_.recorded_by) == (1, 1, world.people[person])  # one activity has a place
    [drawn] = round_.drawn.all()
    assert drawn.activity == world.ashdown.survey and drawn.stratum == f"{world.ashdown.services[0].pk}|users"
    assert round_.tasks.get().reviewer.person == world.people["pat"]
    assert len(round_.seed) == 32


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"title": ""}, "Write a title"),
        ({"reviewers": []}, "Choose who reviews"),
        ({"each": "2"}, "You chose 1 person, so no more can look at each activity"),
        ({"size": "0"}, "Enter 1 or more"),
        ({"due_on_year": "2019"}, "The day must be after today"),
    ],
)
def test_what_is_wrong_is_said(world, client, said, message):
    client.force_login(world.people["lea"])
    assert message in words(client.post("/o/ashdown/reviews/new/", form_of(world, **said)))
    assert not world.ashdown.organisation.review_rounds.exists()


def test_who_keeps_the_register_is_never_a_reviewer(world, client):
    home, lea = world.ashdown.organisation, world.people["lea"]
    organisations.give_role(organisation=home, user=world.people["ed"], role="patient-leader", by=None)
    client.force_login(lea)
    page = client.get("/o/ashdown/reviews/new/")
    assert [user.name for user in page.context["people"]] == ["Pat"]
    for person in ("ed", "vi"):
        with pytest.raises(Refused, match="Only patient leaders"):
            reviewing.open_round(
                organisation=home, by=lea, title="x", size=1, each=1, reviewers=[world.people[person]],
                due_on=today() + SOON,
            )  # fmt: skip


def test_what_waits_in_an_open_round_is_not_drawn_again(asked):
    with pytest.raises(Refused, match="nothing to draw from"):
        opened(asked.ashdown.organisation, asked.people["lea"], asked.people["pat"])


def test_the_sample_can_be_drawn_again(asked, capsys):
    home, lea = asked.ashdown.organisation, asked.people["lea"]
    for number in range(12):
        row = activities.add_activity(organisation=home, by=lea, facts={"title": f"Panel {number}"})
        classify_as(row, lea, ("owners", "users", "coproducers")[number % 3])
    round_ = opened(home, lea, asked.people["pat"], asked.people["vi"], size=5, each=2)
    assert round_.drawn.count() == 5 and round_.tasks.count() == 10
    assert {row.stratum for row in round_.drawn.all()} == {"0|owners", "0|users", "0|coproducers"}
    call_command("redraw", "ashdown", str(round_.pk))
    assert "The same: 5 activities out of 12" in capsys.readouterr().out
    rewrite(RoundActivity.objects.filter(pk=round_.drawn.first().pk), activity=asked.ashdown.panel)
    with pytest.raises(CommandError, match="differs in the activities"):
        call_command("redraw", "ashdown", str(round_.pk))


# -- Blind ----------------------------------------------------------


def test_the_page_never_asks_the_database_what_the_organisation_says(asked, pat):
    """Neither when it is opened, nor when it answers with an error, looks, or keeps a draft."""
    influence.record_change(
        activity=asked.ashdown.survey, by=asked.people["ed"], facets=["coproducers/co-design"], outcome="joint-record",
        what="The leaflet was written together", decided_on=today(),
    )  # fmt: skip
    for said in (None, {}, sent(asked.task, look="1"), sent(asked.task, draft="1"), {"cannot": "1"}):
        with CaptureQueriesContext(connection) as queries:
            answer = pat.get(at(asked.task)) if said is None else pat.post(at(asked.task), said)
        asked_for = [query["sql"] for query in queries]
        assert answer.status_code in (200, 302)
        assert len(asked_for) > 5
        for table in ("classification", "placement", "changefacet", "roundactivity"):
            assert not [sql for sql in asked_for if f'"involvement_{table}"' in sql], table


def test_the_facts_are_there_and_what_was_said_of_them_is_not(asked, pat):
    survey = asked.ashdown.survey
    rewrite(
        type(survey).objects.filter(pk=survey.pk), could_lose="Others wait", promised="An answer in June",
        participants="40 carers", support=["payment"], result="Later visits",
    )  # fmt: skip
    influence.record_change(
        activity=survey, by=asked.people["ed"], facets=["coproducers/co-design"], outcome="joint-record",
        what="The leaflet was written together", decided_on=today(),
    )  # fmt: skip
    page = pat.get(at(asked.task))
    shown = words(page)
    for fact in (
        "Ashdown survey", "Ashdown asked people what care was like", "Maternity", "40 carers", "An answer in June",
        "Ashdown asked for later visits", "Ashdown visits are later", "It changed", "A document", "Later visits",
        "The leaflet was written together",
    ):  # fmt: skip
        assert fact in shown, fact
    for told in (
        "Others wait", "done jointly", "Experience", "Ashdown minutes", "Placed by", "What the organisation calls",
        "How we count this here",
    ):
        assert told not in shown.replace("quality, access or experience", ""), told
    assert not re.search(r'<input[^>]*(?:type="radio"|type="checkbox")[^>]*\bchecked\b', page.content.decode())
    assert "0 of 1 answered, until" in shown


def test_nobody_else_comes_to_the_page(asked, client):
    home = asked.ashdown.organisation
    organisations.give_role(organisation=home, user=asked.people["vi"], role="patient-leader", by=None)
    for person, status in (("vi", 404), ("lea", 403), ("ed", 403), ("bob", 403), ("bo", 404)):
        client.force_login(asked.people[person])
        assert client.get(at(asked.task)).status_code == status, person
        assert client.post(at(asked.task), sent(asked.task, answer="1")).status_code == status, person
    assert not home.classifications.filter(kind="review").exists()


def test_before_closing_nobody_reads_an_answer(asked, client):
    placed(asked.task, "owners", reason="We set the question")
    for person in ("pat", "lea", "bob", "vi"):
        client.force_login(asked.people[person])
        for page in (of_round(asked.round), "/o/ashdown/reviews/"):
            shown = words(client.get(page))
            assert "1 of 1 answer" in shown
            assert "We set the question" not in shown and "owners" not in shown.lower(), page
        if person != "pat":
            survey = client.get(f"/o/ashdown/activities/{asked.ashdown.survey.pk}/")
            history = client.get(f"/o/ashdown/activities/{asked.ashdown.survey.pk}/history/")
            assert "We set the question" not in words(survey) + words(history)
    with pytest.raises(PermissionError):
        results(asked.viewer("lea"), asked.round)


def test_results_wait_for_whoever_still_reviews_the_same(asked, client):
    home, lea, pat = asked.ashdown.organisation, asked.people["lea"], asked.people["pat"]
    placed(asked.task, "owners")
    reviewing.close_round(round_=asked.round, by=lea)
    again = opened(home, lea, pat)
    client.force_login(pat)
    page = client.get(of_round(asked.round))
    assert page.context["results"] is None and "when you have answered your own reviews" in words(page)
    placed(task_of(again, pat), "users")
    assert client.get(of_round(asked.round)).context["results"]


# -- Answering ----------------------------------------------------------


def test_an_answer_stands_beside_the_organisations_and_both_are_shown(asked, pat):
    answer = pat.post(at(asked.task), sent(asked.task, answer="1", place="owners", reason="We set it"), follow=True)
    shown = words(answer)
    assert "You and the organisation differ" in shown
    assert "You say Owners “We set it”" in shown and "The organisation says Users" in shown
    reading = asked.ashdown.survey.classifications.get(kind="review")
    assert (reading.primary_place, reading.claim, reading.recorded_by) == ("owners", "", asked.people["pat"])
    asked.task.refresh_from_db()
    assert (asked.task.outcome, asked.task.took_part, asked.task.classification) == ("placed", False, reading)
    theirs = asked.ashdown.survey.classifications.get(kind="leader", void_at=None)
    assert theirs.primary_place == "users", "the organisation's own reading stays"
    assert pat.get("/o/ashdown/map.json").json()["activities"]["classified"] == 1


def test_the_guided_questions_answer_too(asked, pat):
    said = sent(asked.task, answer="1", decided="staff-heard", **{"heard": "yes"})
    looked = pat.post(at(asked.task), {**said, "look": "1"}, headers={"HX-Request": "true"})
    assert looked.status_code == 200 and "<html" not in looked.content.decode()
    answer = pat.post(at(asked.task), {**said, "place": "users", "reason": "So it reads"}, follow=True)
    assert "You and the organisation say the same" in words(answer)
    reading = asked.ashdown.survey.classifications.get(kind="review")
    assert reading.answers["about"] == "service"


def test_what_has_to_be_said_is_said(asked, pat):
    nothing = words(pat.post(at(asked.task), {"version": asked.task.version, "answer": "1"}))
    assert "Say whether you took part in it yourself" in nothing
    elsewhere = sent(asked.task, answer="1", place="owners")
    assert "Say why it belongs there" in words(pat.post(at(asked.task), elsewhere))
    assert not asked.ashdown.organisation.classifications.filter(kind="review").exists()


def test_cannot_tell_is_an_answer(asked, pat):
    said = {"version": asked.task.version, "cannot": "1", "took_part": "no"}
    assert "Say what is not written" in words(pat.post(at(asked.task), said))
    answer = pat.post(at(asked.task), {**said, "missing": "Who decided"}, follow=True)
    assert "You could not tell" in words(answer) and "“Who decided”" in words(answer)
    asked.task.refresh_from_db()
    assert (asked.task.outcome, asked.task.missing, asked.task.classification) == ("cannot-tell", "Who decided", None)


def test_a_draft_is_kept_and_gone_on_with(asked, pat):
    kept = sent(asked.task, draft="1", reason="Half a thought", missing="Who paid")
    answer = pat.post(at(asked.task), kept, follow=True)
    assert "Your answers so far are kept" in words(answer) and "Go on where you stopped" in words(answer)
    page = pat.get(at(asked.task)).content.decode()
    assert "Half a thought" in page and "Who paid" in page
    assert re.search(r'name="about"[^>]*value="service"[^>]*checked', page)
    stale = pat.post(at(asked.task), sent(asked.task, draft="1", reason="Another window"))
    assert stale.status_code == 409 and "Another window" in stale.content.decode()
    asked.task.refresh_from_db()
    assert asked.task.draft["reason"] == "Half a thought"
    fresh = pat.post(at(asked.task), {**sent(asked.task, draft="1", reason="x" * 5000)})
    assert fresh.status_code == 422
    placed(asked.task, "users")
    asked.task.refresh_from_db()
    assert asked.task.draft == {}


def test_an_answer_is_never_changed_or_given_by_another(asked, pat):
    placed(asked.task, "owners")
    pat.post(at(asked.task), sent(asked.task, answer="1", place="users", reason="No"))
    reading = asked.ashdown.survey.classifications.get(kind="review")
    assert reading.primary_place == "owners"
    asked.task.refresh_from_db()
    with pytest.raises(Refused, match="cannot be changed"):
        placed(asked.task, "users")
    with pytest.raises(PermissionDenied):
        reviewing.cannot_tell(
            task=asked.task, by=asked.people["lea"], version=asked.task.version, took_part=False, missing="x"
        )
    with pytest.raises(TypeError):
        reading.delete()
    rewrite(Classification.objects.filter(pk=reading.pk), reason="")
    with pytest.raises(Conflict):
        reviewing.save_draft(task=asked.task, by=asked.people["pat"], version=1, draft={})


def test_practise_comes_first_where_it_is_wanted(asked, pat):
    home = asked.ashdown.organisation
    rewrite(type(home).objects.filter(pk=home.pk), practise_first=True)
    assert pat.get(at(asked.task)).url == reverse("practise", args=["ashdown"])
    with pytest.raises(Refused, match="Practise first"):
        placed(asked.task, "users")
    assert "Practise first" in words(pat.get("/o/ashdown/reviews/"))
    practised(home, asked.people["pat"])
    assert pat.get(at(asked.task)).status_code == 200


# -- Taking out, leaving, closing ----------------------------------------------------------


def test_nobody_is_taken_out_without_a_printed_reason(asked, client):
    [reviewer] = asked.round.reviewers.all()
    client.force_login(asked.people["lea"])
    page = of_round(asked.round, "remove", reviewer.pk)
    assert "Say why" in words(client.post(page, {"reason": " "}))
    client.post(page, {"reason": "Ill since May"})
    client.force_login(asked.people["vi"])
    shown = words(client.get(of_round(asked.round)))
    assert "Taken out by Lea on" in shown and "“Ill since May”" in shown
    assert "took Pat out of the review round “Autumn review”, because “Ill since May”" in words(
        client.get("/o/ashdown/history/")
    )
    asked.task.refresh_from_db()
    with pytest.raises(PermissionDenied):
        placed(asked.task, "users")


@pytest.mark.parametrize("how", ["ended", "left", "lead", "erased"])
def test_whoever_can_no_longer_review_falls_out_with_a_line(asked, how):
    home, lea, pat = asked.ashdown.organisation, asked.people["lea"], asked.people["pat"]
    if how == "ended":
        memberships.end_roles(organisation=home, user=pat, roles=["patient-leader"], by=lea, reason="Moved away")
    elif how == "left":
        memberships.leave(organisation=home, by=pat)
    elif how == "lead":
        organisations.give_role(organisation=home, user=pat, role="editor", by=lea)
    else:
        erasure.erase(user=pat, because="asked for it")
    [reviewer] = asked.round.reviewers.select_related("person")
    assert reviewer.removed_on == today()
    assert {"ended": "Moved away", "lead": "Became editor here"}.get(how, "no longer") in reviewer.removed_because
    assert str(reviewer.person) == ("a former member" if how == "erased" else "Pat")
    assert reviewing.awaited(asked.round) == 0


def test_what_was_answered_before_stays(asked, client):
    placed(asked.task, "owners", reason="Still true")
    memberships.leave(organisation=asked.ashdown.organisation, by=asked.people["pat"])
    reviewing.close_round(round_=asked.round, by=asked.people["lea"])
    client.force_login(asked.people["vi"])
    shown = words(client.get(of_round(asked.round)))
    assert "Still true" in shown and "1 of 1 answered" in shown


def test_a_round_is_not_cut_short(asked, client):
    client.force_login(asked.people["bob"])
    page = of_round(asked.round, "close")
    assert "It can be closed when all have answered" in words(client.get(page))
    refused = client.post(page)
    assert refused.status_code == 422 and "1 answer is still to come" in words(refused)
    overdue(asked.round)
    assert "1 answer was not given" in words(client.get(page))
    client.post(page)
    asked.round.refresh_from_db()
    assert (asked.round.closed_on, asked.round.closed_by) == (today(), asked.people["bob"])
    with pytest.raises(Refused, match="closed"):
        placed(asked.task, "users")
    assert "Nobody answered" in words(client.get(of_round(asked.round)))


# -- What came out ----------------------------------------------------------


def answered(world, said: dict[str, list]) -> object:
    """Close a round on activities placed as coproducers; ``said`` is a title -> what pat, vi and fay answer."""
    home, lea = world.ashdown.organisation, world.people["lea"]
    for title in said:
        row = activities.add_activity(organisation=home, by=lea, facts={"title": title})
        classify_as(row, lea, "coproducers", {"facet": "coproducers/co-design", "part": "equal"}, claim="owners")
    people = [world.people[name] for name in ("pat", "vi", "fay")]
    round_ = opened(home, lea, *people)
    for task in round_.tasks.select_related("activity", "reviewer__person", "organisation"):
        answers = said.get(task.activity.title, ["users"] * 3)
        answer = answers[people.index(task.reviewer.person)]
        if answer is None:
            reviewing.cannot_tell(
                task=task, by=task.reviewer.person, version=task.version, took_part=False, missing="Who decided"
            )
        else:
            placed(task, answer.strip("!"), took_part=answer.endswith("!"))
    return reviewing.close_round(round_=round_, by=lea)


def test_counts_in_words_differences_first_and_who_took_part_apart(world, client):
    round_ = answered(
        world,
        {
            "Alike": ["coproducers"] * 3,
            "Other": ["users", "users", "coproducers"],
            "Split": ["users", "owners", "coproducers"],
            "Dark": [None, None, None],
            "Mine": ["coproducers!", "users", "users"],
        },
    )
    found = results(world.viewer("vi"), round_)
    seen = {each.activity.title: each.seen for each in found.activities}
    assert seen["Alike"] == "coproducers" and seen["Other"] == "users" == seen["Mine"]
    assert (seen["Split"], seen["Dark"]) == (DIFFER, UNTOLD)
    assert [each.activity.title for each in found.activities][:2] == ["Mine", "Other"]
    [row] = [row for row in found.by_place if row.slug == "coproducers"]
    assert (row.total, row.same, row.compared) == (5, 1, 4)
    [claim] = [row for row in found.by_claim if row.slug == "owners"]
    assert (claim.total, claim.same) == (5, 0)
    client.force_login(world.people["vi"])
    shown = words(client.get(of_round(round_)))
    assert "The organisation places 5 of these as coproducers. Patient leaders see the same in 1." in shown
    assert "1 of 4. Few: read them one by one" in shown and "%" not in shown
    assert "What those say who took part in it" in shown and "“Who decided”" in shown
    assert "Too few activities to measure" in shown
    for name in ("Pat", "Fay"):
        assert len(re.findall(rf"\b{name}\b", shown)) == 1, "names stand with who reviews, never with an answer"


def test_with_ten_there_are_percentages_alpha_and_its_range(world, client, django_assert_max_num_queries):
    said = {
        f"Panel {n}": ["coproducers" if n % 3 else "users"] * 2 + ["users" if n % 4 else "owners"] for n in range(12)
    }
    round_ = answered(world, said)
    client.force_login(world.people["bob"])
    with django_assert_max_num_queries(25):
        page = client.get(of_round(round_))
    shown = words(page)
    assert re.search(r"8 of 12 \(67%\)", shown)
    assert "Krippendorff’s alpha is" in shown and "it could well lie from" in shown
    found = page.context["results"].among
    assert found.activities == 13 and found.low < found.alpha < found.high


def test_what_is_done_afterwards_moves_no_result(asked, client):
    placed(asked.task, "owners")
    asked.round = reviewing.close_round(round_=asked.round, by=asked.people["lea"])
    before = results(asked.viewer("vi"), asked.round).by_place
    rewrite(Classification.objects.filter(kind="leader"), void_at=None, until=today())
    classify_as(asked.ashdown.survey, asked.people["lea"], "owners", from_on=today())
    assert results(asked.viewer("vi"), asked.round).by_place == before


# -- What waits ----------------------------------------------------------


def test_the_front_page_says_what_waits(asked, client):
    client.force_login(asked.people["pat"])
    assert "1 review until" in words(client.get("/o/ashdown/"))
    client.force_login(asked.people["lea"])
    assert "is past its day" not in words(client.get("/o/ashdown/"))
    overdue(asked.round)
    assert "The review round “Autumn review” is past its day: close it" in words(client.get("/o/ashdown/"))


def test_letters_say_what_to_do_next(asked):
    home = asked.ashdown.organisation

    def told(on):
        found = [each for each in reminders(home, on=on) if each.what.startswith("review-")]
        return [(each.recipient.name, each.what, each.due) for each in found]

    day, due = today(), asked.round.due_on
    assert told(day) == [("Pat", "review-asked", day)]
    assert told(due) == told(due - timedelta(days=7)) == [("Pat", "review-asked", due)]
    assert told(due + timedelta(days=1)) == [("Lea", "review-over", due + timedelta(days=1))]
    assert told(due + timedelta(days=9)) == [("Lea", "review-over", due + timedelta(days=8))]
    placed(asked.task, "users")
    assert told(due) == []
