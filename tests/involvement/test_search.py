"""Searching the register (search.py), on both databases: the slow twin is plain Python."""

import re

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from involvement import search
from involvement.actions import activities
from involvement.models import Activity


def titles(organisation, q: str) -> set[str]:
    return set(organisation.activities.matching(q, organisation).values_list("title", flat=True))


def add(world, title: str, **facts) -> Activity:
    said = activities.ActivityFacts(title=title, **facts)
    return activities.add_activity(organisation=world.ashdown.organisation, by=world.people["ed"], facts=said)


@pytest.mark.parametrize(
    "q",
    [
        "carers", "Carer", "cafe tea", "CAFÉ", "café", "AH-2024/017", "2024-017", "ah 017", "matern", "tea café",
        "forum carer",
    ],
)
def test_words_are_found_where_they_stand(world, q):
    add(world, "Carer’s café: tea & talk", reference="AH-2024/017", method="Forum")
    add(world, "Maternity walk-round")
    home = world.ashdown.organisation
    wanted = {
        "matern": {"Maternity walk-round"},
        "cafe tea": set(),  # letters are as they are written
    }.get(q, {"Carer’s café: tea & talk"})
    assert titles(home, q) == wanted


def test_what_is_changed_is_found_by_its_new_words_and_no_more_by_its_old(world):
    home, row = world.ashdown.organisation, add(world, "Zebra crossing")
    facts = activities.ActivityFacts(title="Quagga crossing")
    activities.edit_activity(activity=row, by=world.people["ed"], facts=facts, version=row.version)
    assert titles(home, "zebra") == set() and titles(home, "quagga cross") == {"Quagga crossing"}
    Activity.objects.filter(pk=row.pk).update(title="Okapi crossing")  # past every action
    assert titles(home, "quagga") == set() and titles(home, "okapi") == {"Okapi crossing"}


def test_a_word_without_an_end_is_kept_and_found(world):
    add(world, "Endless", description="x" * 5000 + " and after")
    assert titles(world.ashdown.organisation, "x" * 300) == titles(world.ashdown.organisation, "after") == {"Endless"}


@pytest.mark.parametrize(("title", "q"), [("0b0e0", "b"), ("1e5 3rd", "rd"), ("a.b@c.example", "exam")])
def test_words_are_cut_alike_on_both_databases(world, title, q):
    add(world, title)
    assert (titles(world.ashdown.organisation, q) == {title}) == (q == "exam")


def test_rows_that_come_in_bulk_are_found(world):
    home = world.ashdown.organisation
    Activity.objects.bulk_create([Activity(organisation=home, title=f"Bulk {name}") for name in ("one", "two")])
    assert titles(home, "bulk") == {"Bulk one", "Bulk two"} and titles(home, "bulk two") == {"Bulk two"}


def test_no_search_finds_anothers_rows(world):
    ours, theirs = world.ashdown.organisation, world.birchwood.organisation
    Activity.objects.create(organisation=theirs, title="Unicorn")
    assert titles(ours, "unicorn") == set()
    assert set(Activity.objects.matching("unicorn", ours)) == set()


LANGUAGE = ["' OR 1=1 --", '"', "*", "a* OR b", "NEAR(", "title:", "-", "#1", "&|!():*<->", "\\", "(", "''"]


@pytest.mark.parametrize("q", LANGUAGE)
def test_signs_are_no_language(world, q):
    home = world.ashdown.organisation
    found = titles(home, q)
    assert found <= set(home.activities.values_list("title", flat=True))
    if not search.words(q):
        assert found == set()


def test_an_organisations_own_number_is_no_word(world):
    home = world.ashdown.organisation
    assert titles(home, str(home.pk)) == {
        each.title for each in home.activities.all()
        if any(word.startswith(str(home.pk)) for word in twin_words(each))
    }  # fmt: skip


def twin_words(activity) -> list[str]:
    said = " ".join([activity.title, activity.description, activity.reference or "", activity.method])
    return re.findall(r"[^\W_]+", said.lower())


def twin(rows, q: str) -> set[int]:
    asked = search.words(q)
    return {
        row.pk for row in rows
        if asked and all(any(word.startswith(each) for word in twin_words(row)) for each in asked)
    }  # fmt: skip


TEXT = st.text(alphabet="abcdes -’.,/&é0123", min_size=1, max_size=24).filter(lambda text: text.strip())


@given(texts=st.lists(TEXT, min_size=1, max_size=6), q=TEXT)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_finds_what_its_slow_twin_finds(world, texts, q):
    home = world.ashdown.organisation
    home.activities.filter(title__startswith="¤").update(title="¤", description="")
    made = Activity.objects.bulk_create(
        [Activity(organisation=home, title=f"¤ {text}", description=text[::-1]) for text in texts]
    )
    rows = list(home.activities.filter(pk__in=[each.pk for each in made]))
    found = home.activities.filter(pk__in=[each.pk for each in made]).matching(q, home)
    assert set(found.values_list("pk", flat=True)) == twin(rows, q)


def test_no_word_of_a_text_that_was_taken_out_is_left_in_the_index(world):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps the words in the row itself")
    row = add(world, "Xylophone")
    Activity.objects.filter(pk=row.pk).update(title="Taken out")
    search.forget()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab('main', 'involvement_activity_words', 'row')"
        )
        cursor.execute("SELECT COUNT(*) FROM temp.vocabulary WHERE term = 'xylophone'")
        assert cursor.fetchone()[0] == 0
        cursor.execute("DROP TABLE temp.vocabulary")
