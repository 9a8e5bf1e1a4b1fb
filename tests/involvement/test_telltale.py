"""What looks like it is about one person is warned about before it is saved, once, and saved when somebody says so."""

import re

import pytest

from involvement.actions.activities import add_activity
from involvement.imports import plan_import, read_table
from involvement.models import Activity, Change, Classification, Evidence, Response
from involvement.telltale import is_nhs_number, telltales

NUMBER = "943 476 5919"  # the NHS's own example of a good number


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (f"Mrs Bell, {NUMBER}", ["an NHS number"]),
        ("9434765919", ["an NHS number"]),
        ("943-476-5919.", ["an NHS number"]),
        ("9434765918", []),  # the check digit is wrong
        ("19434765919", []),  # eleven digits
        ("0000000000", []),
        ("call 07700 900123", ["a phone number"]),
        ("call 020 7946 0018 or +44 7700 900 123", ["a phone number", "a phone number"]),
        ("(01632) 960 001", ["a phone number"]),
        ("helpline 0300 123 4567 or 0800 11 11 11", []),  # nobody's own
        ("dial 111, in 2026, for 12,500 people, £1,250,000", []),
        ("2024-05-03 to 2025-06-04", []),
        ("write to m.bell+pals@example.nhs.uk", ["an email address"]),
        ("see https://example.org/a@b/9434765919 and www.example.org/07700900123", []),
        (f"m@example.org, {NUMBER}", ["an email address", "an NHS number"]),
        ("room @ the hall", []),
        ("", []),
    ],
)
def test_what_is_found(text, kinds):
    assert [each.kind for each in telltales(text)] == kinds


def test_the_check_digit():
    """By the slow rule: multiply, add, divide by eleven."""
    good = [f"{n:09d}{d}" for n in range(400_000_000, 400_000_200) for d in range(10) if is_nhs_number(f"{n:09d}{d}")]
    for number in good:
        total = sum(int(number[at]) * (10 - at) for at in range(9))
        assert (11 - total % 11) % 11 == int(number[9])
    assert 170 <= len(good) <= 200  # about one in eleven has no good check digit


def page(response) -> str:
    return response.content.decode()


def test_the_page_comes_back_once_with_the_words_and_then_saves(client, world):
    client.force_login(world.people["ed"])
    words = {"title": "A walk", "description": f"With Mrs Bell, {NUMBER}"}
    asked = client.post("/o/ashdown/activities/new/", words)
    assert asked.status_code == 200
    assert "This looks like an NHS number (“943 476 5919”)" in page(asked)
    assert f"With Mrs Bell, {NUMBER}</textarea>" in page(asked)
    assert not Activity.objects.filter(title="A walk").exists()
    tick = dict(re.findall(r'name="(description-as-it-is)" type="checkbox" value="(\w+)"', page(asked)))
    other = client.post("/o/ashdown/activities/new/", words | tick | {"description": "07700 900123"})
    assert "This looks like a phone number" in page(other)
    assert not Activity.objects.filter(title="A walk").exists()
    assert client.post("/o/ashdown/activities/new/", words | tick).status_code == 302
    assert Activity.objects.get(title="A walk").description == words["description"]


def ticks(response) -> dict:
    return dict(re.findall(r'name="([\w-]+-as-it-is)" type="checkbox" value="(\w+)"', page(response)))


def day(name: str) -> dict:
    return {f"{name}_day": "3", f"{name}_month": "5", f"{name}_year": "2026"}


def cases(world):
    """Yield (person, address, words, the row that it makes) for each page that invites free words."""
    survey, change = world.ashdown.survey.pk, world.ashdown.change.pk
    text = f"for {NUMBER}"
    outcome = {"facets": "users/experience", "outcome": "changed", "what": text, **day("decided_on")}
    yield "ed", f"activities/{survey}/changes/new/", outcome, Change.objects.filter(what=text)
    yield "ed", f"changes/{change}/edit/", {**outcome, "version": "1"}, Change.objects.filter(pk=change, what=text)
    evidence = {"kind": "document", "reference": text}
    yield "ed", f"changes/{change}/evidence/new/", evidence, Evidence.objects.filter(reference=text)
    yield (
        "ed", "gaps/respond/?place=owners&facet=owners/priorities",
        {"kind": "plan", "reason": text, "owner": "chair", **day("due_on"), "due_on_year": "2030"},
        Response.objects.filter(reason=text),
    )  # fmt: skip
    yield (
        "ed", f"activities/{world.ashdown.panel.pk}/classify/", {"place": "owners", "reason": text, "save": "1"},
        Classification.objects.filter(reason=text),
    )  # fmt: skip


def test_every_page_that_invites_free_words_warns(client, world):
    for person, where, words, made in cases(world):
        client.force_login(world.people[person])
        asked = client.post(f"/o/ashdown/{where}", words)
        assert asked.status_code == 200, where
        assert "This looks like an NHS number" in page(asked), where
        assert not made.exists(), where
        saved = client.post(f"/o/ashdown/{where}", words | ticks(asked))
        assert saved.status_code == 302, (where, re.findall(r"error-message.*", page(saved)))
        assert made.exists(), where


def test_words_of_an_earlier_day_warn_when_they_are_saved_again(client, world):
    ed = world.people["ed"]
    facts = {"title": "Old", "description": "m@example.org"}
    old = add_activity(organisation=world.ashdown.organisation, by=ed, facts=facts)
    client.force_login(ed)
    words = {"title": "New", "description": "m@example.org", "version": "1"}
    assert "an email address" in page(client.post(f"/o/ashdown/activities/{old.pk}/edit/", words))


def test_fields_that_are_meant_for_addresses_take_them(client, world):
    client.force_login(world.people["lea"])
    words = {"people": "new.person@example.org", "roles": ["viewer"]}
    asked = client.post("/o/ashdown/members/invite/", words)
    assert "looks like" not in page(asked)
    assert "new.person@example.org" in page(asked)


def test_the_import_names_row_and_column_before_anything_is_added(client, world):
    text = f"Title,What happened,Web\nTea,With {NUMBER},https://example.org/07700900123\nWalk,Nothing,\n"
    table = read_table(text.encode())
    columns = {"Title": "title", "What happened": "description", "Web": "source_url"}
    plan = plan_import(organisation=world.ashdown.organisation, table=table, columns=columns)
    assert [(each.row, each.column, each.said) for each in plan.personal] == [
        (2, "What happened", "looks like an NHS number")
    ]
    client.force_login(world.people["ed"])
    preview = client.post("/o/ashdown/activities/import/", {"text": text}, follow=True)
    assert "Some cells look like they are about one person." in page(preview)
    assert "looks like an NHS number" in page(preview)
