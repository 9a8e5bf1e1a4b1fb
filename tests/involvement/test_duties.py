"""What an organisation is under by law, what bears on it, and what would go with a mechanism."""

from datetime import timedelta

import pytest

from framework.catalogue import KINDS, NATIONS, catalogue
from involvement.actions import activities
from involvement.actions.base import today
from involvement.duties import duty_rows, mechanism_rows, without
from involvement.maps import build_map
from involvement.models import Organisation
from tests.world import classify_as, rewrite

pytestmark = pytest.mark.django_db


def test_the_content_knows_the_kinds_and_nations_that_organisations_have():
    assert (list(KINDS), list(NATIONS)) == (Organisation.Kind.values, Organisation.Nation.values)
    assert {duty.nation for duty in catalogue().duties} == set(NATIONS)


@pytest.mark.parametrize(
    ("kind", "nation", "asked", "not_asked"),
    [
        ("trust", "england", "Involve users", "Have governors"),
        ("foundation-trust", "england", "Have governors", "Plan with people"),
        ("icb", "england", "Say each year how people were involved", "Involve users"),
        ("health-board", "scotland", "Plan with people", "A voice for citizens: Llais"),
        ("health-board", "wales", "A voice for citizens: Llais", "Plan with people"),
        ("trust", "northern-ireland", "Consult, and publish the answer", "Involve users"),
        ("icb", "scotland", "We know of no duty or standard", "Involve users"),
    ],
)
def test_the_page_shows_what_this_kind_in_this_nation_is_under(client, world, kind, nation, asked, not_asked):
    rewrite(Organisation.objects.filter(slug="ashdown"), kind=kind, nation=nation)
    client.force_login(world.people["vi"])
    page = client.get("/o/ashdown/duties/").content.decode()
    assert asked in page and not_asked not in page
    assert "This is not legal advice" in page


def test_what_is_live_bears_on_it(client, world):
    rows = duty_rows(build_map(world.viewer("vi"), as_at=today()))
    users = rows[0].bears[0]
    assert (users.title, users.number, users.in_place, users.of) == ("Users", 1, 1, 6)
    assert "status=live" in users.href
    client.force_login(world.people["vi"])
    listed = client.get(users.href).content.decode()
    assert "Ashdown survey" in listed and "Citizens’ panel" not in listed
    assert "1 live activity, 1 of 6 ways in place" in client.get("/o/ashdown/duties/").content.decode()


def test_past_its_day_it_says_check_this(world):
    shown = build_map(world.viewer("vi"), as_at=today())
    [first, *_others] = catalogue().duties
    assert not duty_rows(shown, on=first.review_by)[0].check
    assert duty_rows(shown, on=first.review_by + timedelta(days=1))[0].check
    day = catalogue().mechanisms["governors"].review_by
    late = {row.mechanism.slug: row.check for row in mechanism_rows(world.viewer("vi"), on=day + timedelta(days=1))}
    assert late["governors"] and not late["llais"]


@pytest.fixture
def governed(world):
    """An activity of the owners that rests on governors, and on members too."""
    ed = world.people["ed"]
    activity = activities.add_activity(
        organisation=world.ashdown.organisation, by=ed,
        facts={"title": "Governors ask", "stated_status": "running", "mechanisms": ["members", "governors"]},
    )  # fmt: skip
    route = {"question": "What comes first?", "decider": "Board", "received_on": today()}
    classify_as(activity, ed, "owners", {"facet": "owners/priorities", "part": "asked", **route})
    return activity


def test_what_would_vanish_is_shown_over_the_map(client, world, governed):
    viewer = world.viewer("vi")
    shown = build_map(viewer, as_at=today())
    [lost] = without(viewer, "governors", shown)
    assert (lost.facet.key, lost.activities_now, lost.activities_then) == ("owners/priorities", 1, 0)
    assert lost.vanishes
    assert without(viewer, "healthwatch", shown) == ()
    client.force_login(world.people["vi"])
    page = client.get("/o/ashdown/mechanisms/?without=governors").content.decode()
    assert "1 way to take part would have nothing live left." in page and "Nothing left" in page
    page = client.get("/o/ashdown/mechanisms/?without=healthwatch").content.decode()
    assert "Nothing on the list is said to rest on this." in page
    assert client.get("/o/ashdown/mechanisms/?without=kings").status_code == 404


def test_where_something_else_stays_nothing_vanishes(world, governed):
    route = {"question": "What comes first?", "decider": "Board", "received_on": today()}
    other = activities.add_activity(
        organisation=world.ashdown.organisation, by=world.people["ed"],
        facts={"title": "A jury", "stated_status": "running"},
    )  # fmt: skip
    classify_as(other, world.people["ed"], "owners", {"facet": "owners/priorities", "part": "asked", **route})
    [lost] = without(world.viewer("vi"), "members", build_map(world.viewer("vi"), as_at=today()))
    assert (lost.activities_now, lost.activities_then, lost.vanishes) == (2, 1, False)


def test_a_map_without_a_mechanism_is_kept_apart(world, governed, settings):
    settings.KEEP_MAP_SECONDS = 60
    viewer = world.viewer("vi")
    whole = build_map(viewer, as_at=today())
    for _again in range(2):
        less = build_map(viewer, as_at=today(), without="governors")
        assert (whole.activities.listed, less.activities.listed) == (3, 2)
    with pytest.raises(ValueError, match="mechanism"):
        build_map(viewer, as_at=today(), without="x%")
