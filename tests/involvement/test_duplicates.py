"""What looks alike, said to be different, merged, and taken apart again; and the map, before and after."""

import re
from datetime import date, timedelta
from html import unescape
from uuid import uuid4

import pytest
from django.utils.html import strip_tags

from involvement.actions import assessing, challenging, reviewing
from involvement.actions.activities import (
    add_activities,
    add_activity,
    confirm_running,
    edit_activity,
    withdraw_activity,
)
from involvement.actions.base import Conflict, Refused, today
from involvement.actions.classification import correct
from involvement.actions.influence import add_evidence, record_change
from involvement.actions.merging import BOTH, GONE, KEPT, can_undo, merge, say_not_the_same, undo_merge
from involvement.chronicle import chronicle
from involvement.duplicates import alike_page, find_alike, number_alike
from involvement.maps import build_map
from involvement.models import Activity, Classification, Merge, NotTheSame, RunningConfirmation
from tests.reviews import opened, placed
from tests.world import classify_as

pytestmark = pytest.mark.django_db

PAGE = "/o/ashdown/activities/duplicates/"


@pytest.fixture
def ashdown(world):
    return world.ashdown.organisation


@pytest.fixture
def add(world, ashdown):
    def add_one(title="Foot clinic days", **facts):
        return add_activity(organisation=ashdown, by=world.people["lea"], facts={"title": title} | facts)

    return add_one


@pytest.fixture
def join(world):
    """Merge two activities as ed, as they are now: ``join(kept, gone, title="gone")``."""

    def join_two(kept, gone, *, key=None, **choices):
        kept, gone = Activity.objects.get(pk=kept.pk), Activity.objects.get(pk=gone.pk)
        return merge(
            kept=kept, gone=gone, by=world.people["ed"], version=kept.version, gone_version=gone.version,
            choices=choices, key=key,
        )  # fmt: skip

    return join_two


def now(activity) -> Activity:
    return Activity.objects.get(pk=activity.pk)


def told(world, activity) -> str:
    events = chronicle(world.viewer("vi"), activity)
    return " | ".join(f"{event.who} {each.words}" for event in events for each in event.told)


def words(answer) -> str:
    return " ".join(unescape(strip_tags(answer.content.decode().replace("<", " <"))).split())


def map_of(world, as_at=None):
    world.ashdown.organisation.refresh_from_db()
    return build_map(world.viewer("vi"), as_at=as_at or today())


def offered(world) -> list[set[str]]:
    return [{side.activity.title for side in each.sides} for each in alike_page(world.viewer("ed"), 1).clusters]


# Found and remembered ------------------------------------------------------------------------------------------------


def test_the_page_puts_what_differs_side_by_side(client, world, add):
    add(method="Co-design", reference="A1")
    add("foot clinic  days!", method="Co-design", service=world.ashdown.services[1])
    client.force_login(world.people["ed"])
    said = words(client.get(PAGE))
    assert "1 activity may be in the list twice" in said and "2 records: the same title" in said
    assert "Service Trust-wide Cancer" in said and "Reference A1 –" in said
    assert re.search(r"The same: [^.]*Kind of activity", said) and "Kind of activity Co-design" not in said


def test_withdrawn_ones_and_the_other_organisations_are_not_offered(world, add):
    gone = add("Ashdown survey")
    add("Zebrafinch survey")  # birchwood has one of that title
    assert offered(world) == [{"Ashdown survey"}]
    withdraw_activity(activity=gone, by=world.people["ed"], reason="x", version=1)
    assert offered(world) == []


def test_said_to_be_different_both_stay_and_are_not_offered_again(client, world, ashdown, add):
    one, other = add(), add()
    client.force_login(world.people["ed"])
    for _time in range(2):
        answer = client.post(PAGE, {"different": [one.pk, other.pk]}, follow=True)
    assert "Nothing in the list looks alike" in words(answer)
    assert NotTheSame.objects.count() == 1 and ashdown.activities.listed().count() == 4
    answer = client.post(PAGE, {"again": NotTheSame.objects.get().pk}, follow=True)
    assert "1 activity may be in the list twice" in words(answer)


def test_one_of_three_is_different(client, world, add):
    one, two, three = add(), add(), add()
    client.force_login(world.people["ed"])
    client.post(PAGE, {"one": two.pk, "different": [one.pk, two.pk, three.pk]})
    assert [(pair.one, pair.other) for pair in find_alike(world.viewer("ed"))] == [(one.pk, three.pk)]


@pytest.mark.parametrize("said", [{}, {"different": ["1"]}, {"different": ["x", "-1"]}, {"again": "x"}, {"one": "9"}])
def test_nonsense_is_refused(client, world, said):
    client.force_login(world.people["ed"])
    assert client.post(PAGE, said).status_code == 302
    assert not NotTheSame.objects.exists()


def test_anothers_ids_are_refused(world, ashdown, add):
    with pytest.raises(Refused):
        say_not_the_same(
            organisation=ashdown, by=world.people["ed"], activities=[add().pk, world.birchwood.survey.pk]
        )
    assert not NotTheSame.objects.exists()


def test_who_may_edit_is_told_where_it_waits(client, world, add):
    add()
    add()
    client.force_login(world.people["ed"])
    assert "2 activities look alike: are they in the list twice?" in words(client.get("/o/ashdown/"))
    assert f'href="{PAGE}"' in client.get("/o/ashdown/activities/").content.decode()
    client.force_login(world.people["vi"])
    assert "look alike" not in words(client.get("/o/ashdown/"))


def test_what_was_found_is_kept_until_a_record_changes(world, add, django_assert_num_queries, settings):
    settings.KEEP_MAP_SECONDS = 3600
    one, _other = add(), add()
    viewer = world.viewer("ed")
    assert len(find_alike(viewer)) == 1
    with django_assert_num_queries(2):
        assert len(find_alike(viewer)) == 1
    edit_activity(activity=one, by=world.people["ed"], facts={"title": "Something else"}, version=1)
    assert find_alike(viewer) == []


def test_a_large_register_is_not_looked_through_for_a_mention(world, ashdown, monkeypatch, settings, add):
    settings.KEEP_MAP_SECONDS = 3600
    monkeypatch.setattr("involvement.duplicates.SMALL", 1)
    one, _two, viewer = add(), add(), world.viewer("ed")
    assert number_alike(viewer) == 0
    find_alike(viewer)
    assert number_alike(viewer) == 2
    add("Another thing")
    assert number_alike(viewer) == 2
    withdraw_activity(activity=one, by=world.people["ed"], reason="x", version=1)
    assert number_alike(viewer) == 0


@pytest.mark.parametrize("pairs", [1, 4, 9])
def test_the_page_asks_a_constant_number_of_queries(client, world, ashdown, pairs, django_assert_num_queries):
    many = [{"title": f"{'abcdefghij'[n]}row visiting"} for n in range(pairs) for _twice in range(2)]
    add_activities(organisation=ashdown, by=world.people["lea"], many=many)
    client.force_login(world.people["ed"])
    with django_assert_num_queries(12):
        assert len(client.get(PAGE).context["alike"].clusters) == pairs


# Merged --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def two(world, ashdown, add):
    """Two records of one thing: the first has a service and a reading, the second nearly all else."""
    ed, lea = world.people["ed"], world.people["lea"]
    first = add(service=world.ashdown.services[0], reference="A1", start_written="3 May 2026")
    second = add(
        "Foot clinic  days", reference="B2", description="What happened", method="Co-design", named_lead="Ada",
        piece=world.ashdown.piece, support=["payment"], cost=12, stated_status="running", start_written="2025",
        groups=[{"group": "patients", "reach": 30, "support": "Taxis"}],
    )  # fmt: skip
    classify_as(first, lea, "users", {"facet": "users/experience", "part": "asked", "heard": True})
    classify_as(
        second, ed, "coproducers", {"facet": "coproducers/co-design", "part": "equal", "as_group": True},
        reason="They worked as equals",
    )  # fmt: skip
    change = record_change(
        activity=second, by=ed, facets=["users/experience"], outcome="changed", what="Later visits",
        decided_on=today() - timedelta(days=3),
    )  # fmt: skip
    add_evidence(change=change, by=ed, kind="document", reference="Minutes of May", dated_on=today())
    confirm_running(activity=second, by=ed, running=True, on=today() - timedelta(days=5))
    return first, second


def test_nothing_of_either_is_lost(world, ashdown, two, join):
    first, second = two
    join(first, second)
    kept, gone = now(first), now(second)
    assert (kept.title, kept.reference, kept.service) == ("Foot clinic days", "A1", world.ashdown.services[0])
    assert (kept.description, kept.method, kept.named_lead) == ("What happened", "Co-design", "Ada")
    assert (kept.piece, kept.support, kept.cost, kept.start_written) == (
        world.ashdown.piece, ["payment"], 12, "3 May 2026",
    )  # fmt: skip
    assert list(kept.groups.values_list("group", "reach", "support")) == [("patients", 30, "Taxis")]
    assert [change.what for change in kept.changes.all()] == ["Later visits"]
    assert [each.reference for each in kept.changes.get().evidence.all()] == ["Minutes of May"]
    given = kept.confirmations.standing().values_list("on", "running", "recorded_by__name")
    assert set(given) == {(today() - timedelta(days=5), True, "Ed"), (today(), True, "Lea")}
    assert (gone.withdrawn_on, gone.reference) == (today(), "B2")  # an import knows both references
    assert "merged into “Foot clinic days”" in gone.withdrawn_reason
    assert gone.groups.exists() and gone.classifications.exists() and gone.confirmations.exists()


def test_both_placed_the_one_that_stays_keeps_its_place_and_history_tells_the_other(client, world, two, join):
    first, second = two
    join(first, second)
    assert [each.primary_place for each in first.classifications.all()] == ["users"]
    assert "merged another record of the same into it: “Foot clinic days”" in told(world, first)
    assert "placed as: Coproducers" in told(world, first)
    assert "took over what came of it: It changed" in told(world, first)
    assert "placed it: Coproducers, because “They worked as equals”" in told(world, second)
    client.force_login(world.people["vi"])
    page = client.get(f"/o/ashdown/activities/{first.pk}/")
    assert "Ed merged another record of the same into this one" in words(page)
    assert f"/o/ashdown/activities/{second.pk}/history/" in page.content.decode()
    assert client.get(f"/o/ashdown/activities/{second.pk}/history/").status_code == 200
    assert "It was in the list twice, and is now one record with Foot clinic days" in words(
        client.get(f"/o/ashdown/activities/{second.pk}/")
    )


def test_only_the_other_placed_its_readings_come_along_with_who_and_when(world, add, join):
    first, second = add(), add()
    old = classify_as(second, world.people["lea"], "owners", {"facet": "owners/strategy"}, until=date(2026, 1, 1))
    classify_as(
        second, world.people["lea"], "users", {"facet": "users/access", "part": "asked", "heard": True},
        from_on=date(2026, 1, 1), claim="coproducers",
    )  # fmt: skip
    join(first, second)
    rows = first.classifications.order_by("pk")
    assert [(each.primary_place, each.from_on, each.until, each.recorded_by) for each in rows] == [
        ("owners", None, date(2026, 1, 1), world.people["lea"]),
        ("users", date(2026, 1, 1), None, world.people["lea"]),
    ]
    assert [(way.facet, way.part, way.heard) for way in rows[1].placements.all()] == [("users/access", "asked", True)]
    assert rows[0].recorded_at == old.recorded_at and rows[1].claim == "coproducers"


def test_the_map_counts_once_today_and_at_earlier_days(world, two, join):
    first, second = two
    before, earlier = map_of(world), map_of(world, today() - timedelta(days=4))
    assert (before.activities.live, before.activities.listed) == (3, 4)
    assert before.activities.by_place["coproducers"] == 1 and earlier.activities.live == 2
    join(first, second)
    after, then = map_of(world), map_of(world, today() - timedelta(days=4))
    assert (after.activities.live, after.activities.listed) == (2, 3)
    assert (after.activities.by_place["users"], after.activities.by_place["coproducers"]) == (2, 0)
    assert then.activities.live == 1 and then.corrections == earlier.corrections + 1
    cell = next(each for each in after.cells if each.facet == "users/experience")
    assert (cell.activities, cell.proven) == (2, 2)  # the proof came along


def test_a_merge_is_no_sighting(world, add, join):
    first, second = add(), add(stated_status="running")
    RunningConfirmation.objects.filter(activity=second).update(on=date(2020, 5, 3))
    join(first, second)
    assert now(first).stated_status == "running"
    assert list(first.confirmations.values_list("on", flat=True)) == [date(2020, 5, 3)]
    assert map_of(world).activities.lapsed == 2


def test_an_answer_of_its_own_on_the_same_day_holds(world, add, join):
    first, second = add(), add()
    for activity, running in ((first, True), (second, False)):
        confirm_running(activity=activity, by=world.people["ed"], running=running)
    join(first, second)
    assert [each.running for each in first.confirmations.all()] == [True]


@pytest.mark.parametrize(
    ("choices", "kept_reference", "gone_reference"),
    [({"reference": KEPT}, "A1", "B2"), ({"reference": GONE}, "B2", "A1")],
)
def test_the_chosen_reference_stays_and_the_other_is_still_known(two, join, choices, kept_reference, gone_reference):
    first, second = two
    join(first, second, **choices)
    assert (now(first).reference, now(second).reference) == (kept_reference, gone_reference)


def test_the_only_reference_comes_along(add, join):
    first, second = add(), add(reference="B2")
    join(first, second)
    assert (now(first).reference, now(second).reference) == ("B2", None)


def test_field_by_field(world, add, join):
    maternity, cancer = world.ashdown.services
    first = add(description="One text", service=maternity, method="Jury", support=["payment"])
    second = add(description="Another text", service=cancer, method="Panel", support=["carers"], title="Foot days")
    join(first, second, title=GONE, description=BOTH, service=BOTH, method=KEPT, support=BOTH)
    kept = now(first)
    assert (kept.title, kept.description, kept.method) == ("Foot days", "One text\n\nAnother text", "Jury")
    assert kept.service is None and kept.support == ["carers", "payment"]
    assert set(kept.named_services.values_list("service__name", flat=True)) == {"Maternity", "Cancer"}


def test_values_that_contradict_each_other_are_refused_and_nothing_is_written(add, join):
    first, second = add(start_written="2025"), add(start_written="2020", end_written="2021")
    with pytest.raises(Refused) as refused:
        join(first, second)
    assert "end_written" in refused.value.messages
    assert not Merge.objects.exists() and now(second).withdrawn_on is None
    join(first, second, end_written=KEPT)
    assert now(first).ended_on is None


def test_it_takes_two_of_one_organisation_that_are_in_the_list(world, add, join):
    first, second = add(), add()
    for other in (first, world.birchwood.survey):
        with pytest.raises(Refused):
            join(first, other)
    withdraw_activity(activity=second, by=world.people["ed"], reason="x", version=1)
    with pytest.raises(Refused):
        join(first, second)
    assert not Merge.objects.exists()


def test_who_saved_meanwhile_stops_the_merge(world, add):
    first, second = add(), add()
    edit_activity(activity=second, by=world.people["lea"], facts={"method": "Jury"}, version=1)
    with pytest.raises(Conflict):
        merge(kept=first, gone=second, by=world.people["ed"], version=1, gone_version=1)
    assert now(second).withdrawn_on is None


def test_what_reviewers_look_at_is_not_merged_until_they_are_done(world, two, join):
    round_ = opened(two[0].organisation, world.people["lea"], world.people["pat"])
    with pytest.raises(Refused, match="Autumn review"):
        join(*two)
    assert not two[0].organisation.merges.exists() and now(two[1]).withdrawn_on is None
    for task in round_.tasks.all():
        placed(task, "users")
    reviewing.close_round(round_=round_, by=world.people["lea"])
    join(now(two[0]), now(two[1]))


def test_sent_twice_it_happens_once(two, join):
    first, second = two
    key = uuid4()
    assert join(first, second, key=key) == join(first, second, key=key)
    assert Merge.objects.count() == 1


# Undone --------------------------------------------------------------------------------------------------------------


def test_undoing_makes_two_again_as_they_were(world, two, join):
    first, second = two
    before, counts = [Activity.objects.filter(pk=each.pk).values().get() for each in two], map_of(world)
    merged = join(first, second, reference=GONE, title=GONE, service=GONE)
    for _time in range(2):
        undo_merge(merge=merged, by=world.people["lea"])
    for row in before:
        assert Activity.objects.filter(pk=row["id"]).values().get() == row | {
            "version": Activity.objects.get(pk=row["id"]).version
        }
    assert not first.groups.exists() and not first.changes.exists()
    assert [change.what for change in second.changes.all()] == ["Later visits"]
    assert not first.confirmations.standing().exists()
    again = map_of(world)
    assert (again.activities, again.cells) == (counts.activities, counts.cells)
    assert "Lea put it back into the list" in told(world, second)
    assert "undid the merge with “Foot clinic days”" in told(world, first)


def test_readings_that_came_along_are_taken_back(world, add, join):
    first, second = add(), add()
    classify_as(second, world.people["lea"], "users", {"facet": "users/access"})
    undo_merge(merge=join(first, second), by=world.people["ed"])
    assert not Classification.objects.filter(activity=first, void_at=None).exists()
    assert second.classifications.filter(void_at=None).count() == 1
    join(first, second)  # and it can be done anew
    assert first.classifications.filter(void_at=None).count() == 1


@pytest.mark.parametrize("touch", ["kept", "placed", "change"])
def test_there_is_no_undo_once_somebody_changed_one_of_them(client, world, two, join, touch):
    first, second = two
    merged = join(first, second)
    assert can_undo(merged)
    lea = world.people["lea"]
    if touch == "kept":
        edit_activity(activity=first, by=lea, facts={"method": "Jury"}, version=now(first).version)
    elif touch == "placed":
        correct(activity=first, by=lea, reason="It was not", place="owners", placements=[])
    else:
        change = first.changes.get()
        change.version += 1
        change.save()
    assert not can_undo(merged)
    with pytest.raises(Refused):
        undo_merge(merge=merged, by=lea)
    client.force_login(lea)
    assert "Undo the merge" not in words(client.get(f"/o/ashdown/activities/{first.pk}/"))
    client.post(f"/o/ashdown/activities/{first.pk}/merge/", {"undo": merged.pk})
    assert now(second).withdrawn_on


# In the browser ------------------------------------------------------------------------------------------------------


def boxes(page) -> dict:
    return {field.html_name: field.value() for field in page.context["form"] if field.value()}


def test_from_the_two_to_the_one_and_back(client, world, two):
    first, second = two
    client.force_login(world.people["ed"])
    where = f"/o/ashdown/activities/{first.pk}/merge/?with={second.pk}"
    page = client.get(where)
    assert "The place of the one that stays holds." in words(page)
    assert "Which one" not in words(page) and page.context["form"]["service"].initial == "kept"
    sent = boxes(page) | {"method": "gone"}
    answer = client.post(where, sent, follow=True)
    assert "They are one activity now" in words(answer) and "Undo the merge" in words(answer)
    assert client.post(where, sent).headers["Location"] == f"/o/ashdown/activities/{first.pk}/"
    answer = client.post(f"/o/ashdown/activities/{first.pk}/merge/", {"undo": Merge.objects.get().pk}, follow=True)
    assert "The merge is undone" in words(answer)
    assert now(second).withdrawn_on is None


def test_a_race_is_told_and_the_choices_are_kept(client, world, two):
    first, second = two
    client.force_login(world.people["ed"])
    where = f"/o/ashdown/activities/{first.pk}/merge/?with={second.pk}"
    sent = boxes(client.get(where)) | {"reference": "gone"}
    edit_activity(activity=first, by=world.people["lea"], facts={"method": "Jury"}, version=1)
    answer = client.post(where, sent)
    assert answer.status_code == 409 and "Nothing is merged yet" in words(answer)
    assert answer.context["form"]["reference"].value() == "gone"
    assert client.post(where, boxes(answer)).status_code == 302


def test_a_refusal_stands_at_its_field(client, world, add):
    first, second = add(start_written="2025"), add(start_written="2020", end_written="2021")
    client.force_login(world.people["ed"])
    where = f"/o/ashdown/activities/{first.pk}/merge/?with={second.pk}"
    answer = client.post(where, boxes(client.get(where)))
    assert answer.context["form"].errors == {"end_written": ["The end is before the start"]}


def test_the_other_one_is_found_by_title_reference_or_number(client, world, add):
    first, second = add(), add("Podiatry days", reference="B2")
    client.force_login(world.people["ed"])
    where = f"/o/ashdown/activities/{first.pk}/merge/"
    for said in ("podiatry", "b2", str(second.pk)):
        assert f"{where}?with={second.pk}" in client.post(where, {"other": said}).content.decode()
    for said in ("", "nothing like it", "Zebrafinch", str(world.birchwood.survey.pk)):
        answer = client.post(where, {"other": said})
        assert answer.context["form"].errors and "?with=" not in answer.content.decode()


def test_anothers_activity_does_not_exist_here(client, world, add):
    first, theirs = add(), world.birchwood.survey
    client.force_login(world.people["ed"])
    for where in (
        f"/o/ashdown/activities/{first.pk}/merge/?with={theirs.pk}",
        f"/o/ashdown/activities/{theirs.pk}/merge/?with={first.pk}",
        f"/o/ashdown/activities/{first.pk}/merge/?with=x",
    ):
        assert client.get(where).status_code == client.post(where, {}).status_code == 404
    assert client.post(f"/o/ashdown/activities/{first.pk}/merge/", {"undo": "7"}).status_code == 404


def test_a_challenge_and_what_people_say_are_not_got_rid_of_by_a_merge(two, join, world):
    first, second = two
    pat, ed = world.people["pat"], world.people["ed"]
    words = {"organisation": second.organisation, "by": pat, "words": "We were told", "activity": second}
    challenge = challenging.make_challenge(kind="how-it-happened", **words)
    link = assessing.open_link(activity=second, by=pat, closes_on=today())
    row = join(first, second)
    challenge.refresh_from_db()
    link.refresh_from_db()
    assert (challenge.activity_id, link.activity_id) == (first.pk, first.pk)
    undo_merge(merge=row, by=ed)
    challenge.refresh_from_db()
    link.refresh_from_db()
    assert (challenge.activity_id, link.activity_id) == (second.pk, second.pk)
