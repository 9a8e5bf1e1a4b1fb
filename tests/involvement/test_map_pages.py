"""The map as a page, as JSON and as CSV, from outside."""

import csv
import io
import json
from datetime import timedelta

import pytest

from framework.catalogue import catalogue
from framework.coverage import ActivityCounts
from involvement.actions import activities, responses
from involvement.actions.base import today
from involvement.cells import guarded
from involvement.drawing import segments
from involvement.models import Activity, Classification, Placement
from tests.world import classify_as

pytestmark = pytest.mark.django_db
MAP = "/o/ashdown/map/"


@pytest.fixture
def vi(client, world):
    client.force_login(world.people["vi"])
    return client


def text(client, query=""):
    return client.get(MAP + query).content.decode()


def test_every_way_is_a_tile_with_a_word_a_number_and_a_link(vi):
    page = vi.get(MAP)
    words = page.content.decode()
    assert words.count('class="app-facet is-') == 18
    for key, facet in catalogue().facets.items():
        assert f"place={facet.place}&amp;facet={key.replace('/', '%2F')}" in words
    tiles = [tile for band in page.context["bands"] for column in band.columns for tile in column.tiles]
    assert [tile.facet.key for tile in tiles] == list(catalogue().facets)
    for tile in tiles:
        assert f"<strong>{tile.word}.</strong>" in words
        assert tile.word.startswith(tile.status.title) or (tile.cell.placed and tile.word == "None that counts")


def test_the_key_names_all_seven_statuses(vi):
    key = text(vi).split('class="app-key"')[1].split("</ul>")[0]
    assert all(status.title in key and status.sign in key for status in catalogue().statuses.values())


def test_a_tile_says_what_is_behind_it(vi):
    page = vi.get(MAP)
    tiles = {t.facet.key: t for band in page.context["bands"] for column in band.columns for t in column.tiles}
    assert tiles["users/experience"].why == "1 of 1 proven, 0 confirmed by people"
    assert tiles["users/experience"].facts == ("1 changed", "asked only", "in 1 service")
    assert tiles["owners/strategy"].facts == ()


def test_no_style_attribute_and_no_inline_script(vi):
    words = text(vi)
    assert " style=" not in words and "<style" not in words and "onclick" not in words


def test_the_aim_stands_over_its_place(vi, world):
    responses.adopt_aim(
        organisation=world.ashdown.organisation, by=world.people["bob"], place="owners",
        sentence="People choose what comes first with us", adopted_on=today(),
    )  # fmt: skip
    assert "People choose what comes first with us" in text(vi)


def test_a_day_that_has_not_come_is_corrected_and_said(vi):
    tomorrow = today() + timedelta(days=1)
    page = vi.get(MAP, {"as_at": tomorrow.isoformat()})
    assert page.status_code == 200 and "has not come yet" in page.content.decode()
    assert page.context["map"].as_at == today()
    for address in ("/o/ashdown/map.json", "/o/ashdown/map.csv"):
        assert vi.get(address, {"as_at": tomorrow.isoformat()}).status_code == 400
        assert vi.get(address, {"as_at": "last spring"}).status_code == 400


@pytest.mark.parametrize(
    "day", ["31 February 2026", "yesterday", "2021/22", "0001-01-01", "9999-99-99", "\x00", "x" * 500]
)
def test_a_day_that_cannot_be_read_is_said_beside_the_box(vi, day):
    page = vi.get(MAP, {"as_at": day})
    words = page.content.decode()
    assert page.status_code == 200 and "There is a problem" in words and "<title>Error: " in words
    assert page.context["map"].as_at == today()


@pytest.mark.parametrize("day", ["31 March 2026", "31/3/2026", "2026-03-31"])
def test_a_day_is_read_as_people_write_it_and_carried_to_the_tiles(vi, day):
    page = vi.get(MAP, {"as_at": day})
    assert page.context["map"].as_at.isoformat() == "2026-03-31"
    assert "as at 31 March 2026" in page.content.decode() and "as_at=2026-03-31" in page.content.decode()


def test_it_narrows_to_a_service_and_a_group_and_the_tiles_follow(vi):
    words = text(vi, "?service=maternity&group=carers")
    assert "Maternity, Carers and families" in words and "service=maternity&amp;group=carers" in words
    for query in ("?service=nowhere", "?group=martians", "?service=zebrafinch-podiatry"):
        assert vi.get(MAP + query).status_code == 404
        assert vi.get("/o/ashdown/map.json" + query).status_code == 404


def test_json_is_the_map(vi):
    answer = vi.get("/o/ashdown/map.json")
    said = json.loads(answer.content)
    assert set(said) == {
        "organisation", "as_at", "framework_version", "activities", "cells", "coproduction", "complete", "headline"
    }  # fmt: skip
    assert [f"{cell['place']}/{cell['facet']}" for cell in said["cells"]] == list(catalogue().facets)
    counts = said["activities"]
    assert counts["listed"] == counts["live"] + counts["not_dated"] + counts["planned"] + counts["lapsed"] == 2
    assert counts["listed"] == counts["classified"] + counts["unclassified"]


def test_csv_has_eighteen_rows_and_runs_nothing(vi, world):
    world.ashdown.organisation.name = "=HYPERLINK(1)"
    world.ashdown.organisation.save()
    answer = vi.get("/o/ashdown/map.csv")
    assert answer["Content-Type"].startswith("text/csv") and "attachment" in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 18 and {row["organisation"] for row in rows} == {"'=HYPERLINK(1)"}
    assert next(row for row in rows if row["facet"].endswith("experience"))["activities"] == "1"


@pytest.mark.parametrize("cell", ["=1+1", "+44", "-5", "@x", " =1", "\xa0=1", "\ufeff=1", "'=1", "''-1", "\t1", "\r1"])
def test_what_a_spreadsheet_would_run_gets_one_apostrophe(cell):
    assert guarded(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["maternity", "it's", "", "a=b"])
def test_what_it_would_not_run_stays(cell):
    assert guarded(cell) == cell


def test_the_bar_is_as_wide_as_the_numbers_and_never_too_narrow_to_read():
    held = {"owners": 0, "users": 990, "choosers": 9, "coproducers": 1}
    bar = segments(ActivityCounts(by_place=held, filling={"users": 495, "coproducers": 1}))
    assert round(sum(part.width for part in bar), 6) == 100 and bar[0].width == 0
    assert bar[3].width > 4 and bar[1].width > 85
    assert (bar[1].words, bar[1].rest) == ("Users 495", "495")
    assert (bar[2].words, bar[2].rest, bar[3].rest) == ("", "9", "")
    assert segments(ActivityCounts()) == () and segments(ActivityCounts(by_place={"owners": 0})) == ()


def test_the_bar_never_gives_what_is_placed_for_what_counts(vi, world):
    """The board reads how many live activities fill a tile, how many do not, and why."""
    ed, ashdown = world.people["ed"], world.ashdown.organisation
    before = vi.get(MAP).context["spread"]
    lacks = {"facet": "users/experience", "part": "asked"}
    for title, way in (("Survey", lacks), ("Calls", lacks | {"part": "not-recorded"})):
        activity = activities.add_activity(
            organisation=ashdown, by=ed, facts={"title": title, "stated_status": "running"}
        )
        classify_as(activity, ed, "users", way)
    page = vi.get(MAP)
    spread, words = page.context["spread"], " ".join(page.content.decode().split())
    assert (spread.placed - before.placed, spread.filling - before.filling) == (2, 0)
    assert (spread.unsaid - before.unsaid, spread.lacking - before.lacking) == (1, 1)
    assert f"{spread.filling} of your {spread.placed} live activities with a place fill a tile of the map" in words
    users = next(part for part in spread.segments if part.place.slug == "users")
    assert f"Users: {users.filling} of {users.number} fill a tile" in words and users.filling < users.number
    assert "for 1 nobody has said what part people had" in words
    front = " ".join(vi.get("/o/ashdown/").content.decode().split())
    assert f"{spread.filling} of your {spread.placed} live activities with a place fill a tile of the map" in front


def test_a_tile_with_something_placed_does_not_say_that_none_is_recorded(vi, world):
    ed = world.people["ed"]
    jury = activities.add_activity(
        organisation=world.ashdown.organisation, by=ed, facts={"title": "Jury", "stated_status": "running"}
    )
    classify_as(jury, ed, "owners", {"facet": "owners/strategy", "part": "asked"})
    tiles = {t.facet.key: t for band in vi.get(MAP).context["bands"] for col in band.columns for t in col.tiles}
    assert tiles["owners/strategy"].word == "None that counts"
    assert tiles["owners/priorities"].word == "None recorded"
    gaps = vi.get("/o/ashdown/gaps/").content.decode()
    (said,) = [each for each in gaps.split('class="app-gap"') if "Owners: nothing on the list counts yet" in each]
    assert "None that counts" in said and "None recorded" not in said


@pytest.mark.parametrize("name", ["bo", "sam"])
def test_a_stranger_finds_nothing(client, world, name):
    client.force_login(world.people[name])
    for address in (MAP, "/o/ashdown/map.json", "/o/ashdown/map.csv", "/o/ashdown/"):
        assert client.get(address).status_code == 404


def fill(world, number):
    """Add ``number`` live, classified activities over all the ways."""
    organisation, keys = world.ashdown.organisation, list(catalogue().facets)
    rows = Activity.objects.bulk_create(
        Activity(
            organisation=organisation, title=f"Activity {n}", started_on=today(), service=world.ashdown.services[n % 2]
        )
        for n in range(number)
    )
    readings = Classification.objects.bulk_create(
        Classification(
            organisation=organisation, activity=row, primary_place=keys[n % 18].split("/")[0], framework_version="test"
        )
        for n, row in enumerate(rows)
    )
    Placement.objects.bulk_create(
        Placement(organisation=organisation, classification=reading, facet=keys[n % 18], part="asked", heard=True)
        for n, reading in enumerate(readings)
    )


@pytest.mark.parametrize("number", [1, 3, 1000])
@pytest.mark.parametrize(("address", "queries"), [(MAP, 16), ("/o/ashdown/map.json", 10), ("/o/ashdown/gaps/", 16)])
def test_the_database_is_asked_the_same_however_much_there_is(
    vi, world, number, address, queries, django_assert_num_queries
):
    fill(world, number)
    with django_assert_num_queries(queries):
        assert vi.get(address).status_code == 200
