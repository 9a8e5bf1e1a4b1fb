"""Strings that break careless programs go through every form; benchmarks/hostile_input.py sends all of them."""

import pytest
from django.urls import reverse

from involvement import checks
from tests.guards.test_access_walk import NOBODY, ORGANISATION, address, furnished, objects_of
from tests.hostile import MARK, SAMPLE, STRINGS, Page, clients_of, walk

QUERIES = (
    "q", "service", "place", "facet", "status", "group", "as_at", "sort", "page", "pick", "done", "draft", "scope",
    "kind", "role", "with", "next", "act", "tick", "withdrawn", "heading_row", "sheet",
)  # fmt: skip
OWN_PAGES = ("account-name", "account_change_password", "account_email", "account_reset_password", "account_login")


def pages(world) -> dict[str, list[str]]:
    """Return the pages to walk: a lead's, what only a board member or a reviewer may write, one's own account."""
    home, objects = world.ashdown.organisation, objects_of(world.ashdown)
    objects["member"] = world.people["vi"].pk  # the lead may not go
    seen = [name for name, (see, _write) in ORGANISATION.items() if "lea" in see]
    others = {name: write for name, (_see, write) in ORGANISATION.items() if write is not NOBODY and "lea" not in write}
    own = [reverse(name) for name in OWN_PAGES]
    return {
        "lea": [*(address(name, home, objects) for name in seen), *own],
        "bob": [address(name, home, objects) for name, write in others.items() if "bob" in write],
        "pat": [address(name, home, objects) for name, write in others.items() if "pat" in write],
        "sam": [reverse("invitation", args=[world.ashdown.token])],
    }


def run(world, strings, **options):
    found = pages(world)
    queries = {each.partition("?")[0]: QUERIES for each in found["lea"] if each.startswith("/o/")}
    return walk(dict(clients_of(world.people, found)), found, strings, also_in=queries, **options)


def test_a_sample_of_hostile_strings_through_every_form(world):
    tally = run(furnished(world), SAMPLE)
    assert tally.failed == []
    assert tally.alive == []
    assert tally.altered == []
    assert tally.pages > 45
    assert len(tally.forms) > 25
    assert tally.stored > 20
    assert tally.shown > 10


def test_the_walk_sees_what_is_alive():
    assert Page(f"<p>&lt;img onerror={MARK}()&gt;</p><input value='&quot; onfocus=x'>").alive == []
    for text in STRINGS[:12]:
        opened = Page(f"<textarea>x</textarea><p title='a'>{text}</p>")
        closed = Page(f"<select><option>x</option></select><input value=\"{text}\"><p title='{text}'>")
        assert opened.alive or closed.alive, text


def test_there_are_many_and_each_is_itself():
    assert len(set(STRINGS)) == len(STRINGS) > 170
    assert {pattern.name for _route, pattern in checks.routes()} >= set(ORGANISATION) | set(OWN_PAGES)


@pytest.mark.parametrize("query", [b"q=%ff%fe", b"q=\xed\xa0\x80", b"q=%00", b"service=%00", b"as_at=%00", b"page=%00"])
def test_what_is_no_text_at_all(client, world, query):
    client.force_login(world.people["lea"])
    for where in ("activities/", "map/", "gaps/", "activities.csv", "map.json"):
        answer = client.get(f"/o/ashdown/{where}", QUERY_STRING=query.decode("latin-1"))
        assert answer.status_code < 500, where


def test_what_is_a_figure_and_no_number_names_nothing(client, world):
    client.force_login(world.people["lea"])
    asked = dict.fromkeys(QUERIES, "\u00b2")  # "²".isdigit() is true, int("²") fails
    for where in pages(furnished(world))["lea"]:
        answer = client.get(where, asked)
        assert answer.status_code < 500, where
