"""Until they have answered, nothing tells a reviewer what is said of an activity that is theirs to review.

The proof is not a search for words. Every page that stays open to them is read twice, and between the two all that the
organisation says of the activity is changed: its place, its claim, its ways and parts, what a change speaks for. If one
byte differs, something leaks: a count, an order, a heading, the number of columns. What is not open says why.
"""

import io
import re
import zipfile

import pytest
from django.urls import reverse

from involvement.access import Role
from involvement.actions import activities, organisations
from involvement.actions.base import today
from involvement.models import ChangeFacet, Classification, Placement
from tests.guards.test_access_walk import ORGANISATION, address, client_for, furnished, objects_of
from tests.world import classify_as, rewrite

# What stays open to whoever has something to review blind; everything else of an organisation is closed until then.
OPEN = {
    "front-page", "map", "map-json", "map-csv", "activity-list", "activity-csv", "activity-xlsx", "activity-detail",
    "activity-history", "challenge-detail", "challenge-go-on", "challenge-list", "challenge-new", "gap-list",
    "gap-respond", "action-list", "action-detail", "action-step", "complete", "aims", "services", "members",
    "member-leave", "rulings", "review-list", "review-round", "review-task", "practise",
}  # fmt: skip
# Open, and closed where they are about what is to be reviewed.
CLOSED_FOR_IT = {"activity-history", "challenge-detail", "challenge-go-on"}
NARROWED = {
    "map": ["?service=maternity", "?group=carers", "?as_at=2026-06-01"],
    "map-json": ["?service=maternity", "?group=carers"],
    "map-csv": ["?service=maternity"],
    "activity-list": [
        "?place=users", "?place=owners", "?place=coproducers", "?place=unclassified", "?facet=users/experience",
        "?facet=owners/strategy", "?status=lacking", "?status=live", "?sort=place", "?sort=-place", "?sort=updated",
        "?group=carers", "?q=survey", "?service=maternity",
    ],
    "activity-csv": ["?place=users", "?place=owners", "?sort=place", "?withdrawn=with"],
    "activity-xlsx": ["?place=users", "?sort=-place"],
}  # fmt: skip


@pytest.fixture
def blind(world):
    """The world, furnished; pat is to review the survey of Ashdown blind, and a second activity has its own place."""
    furnished(world)
    for side in (world.ashdown, world.birchwood):
        side.organisation.review_tasks.update(outcome="", missing="", answered_at=None)
    side, lead = world.ashdown, world.people["lea"]
    org = side.organisation
    facts = {"title": "Choir of carers", "stated_status": "running"}
    choir = activities.add_activity(organisation=org, by=lead, facts=facts)
    classify_as(choir, lead, "users", {"facet": "users/access", "part": "asked", "heard": True})
    said = Classification.objects.get(activity=side.survey, kind="leader", void_at=None, until=None)
    side.said = said
    return world


def _say_otherwise(side) -> None:
    """Change all that the organisation says of the survey, without any other trace."""
    rewrite(
        Classification.objects.filter(pk=side.said.pk), primary_place="owners", claim="coproducers", contested=True,
        contested_kinds=["scrutiny"], power="work-only", reason="Another reason",
    )  # fmt: skip
    rewrite(Placement.objects.filter(classification=side.said), facet="owners/strategy", part="told", question="Which?")
    rewrite(ChangeFacet.objects.filter(change__activity=side.survey), facet="owners/strategy")


def _addresses(side):
    """Yield (route name, address) of every page of the organisation, with the filters that could tell something."""
    for name in ORGANISATION:
        where = address(name, side.organisation, objects_of(side))
        for query in ["", *NARROWED.get(name, [])]:
            yield name, where + query


def _bytes(response) -> bytes:
    """Return what came, without what differs from one answer to the next; of a spreadsheet, its sheets."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    if body[:2] == b"PK":
        archive = zipfile.ZipFile(io.BytesIO(body))
        body = b"".join(archive.read(name) for name in sorted(archive.namelist()) if name != "docProps/core.xml")
    token = rb'name="(csrfmiddlewaretoken|request_key)" value="[^"]*"'
    header = rb'"X-CSRFToken": "[^"]*"'
    for varying in (rb'nonce="[^"]*"', header, token, rb"[0-9a-f]{8}-[0-9a-f-]{27}"):
        body = re.sub(varying, b"", body)
    return body


def _all(client, side) -> dict[str, tuple[str, int, bytes]]:
    found = {}
    for name, where in _addresses(side):
        answer = client.get(where)
        found[where] = (name, answer.status_code, _bytes(answer))
    return found


def test_nothing_that_is_open_to_a_reviewer_changes_with_what_the_organisation_says(blind):
    pat = client_for(blind, "pat")
    before = _all(pat, blind.ashdown)
    _say_otherwise(blind.ashdown)
    after = _all(pat, blind.ashdown)
    assert {name for name, status, _ in before.values() if status == 200} >= OPEN - CLOSED_FOR_IT
    assert [where for where in before if before[where] != after[where]] == []


def test_what_tells_is_closed_to_a_reviewer_and_says_why(blind):
    told = _all(client_for(blind, "pat"), blind.ashdown)
    for where, (name, status, _body) in told.items():
        if name not in OPEN or name in CLOSED_FOR_IT and "?place=" not in where:
            assert status == 403, f"{where} answers {status}"
    readable = [body for name, status, body in told.values() if name in ("audit-report", "piece-list", "history")]
    assert readable and all(b"once you have answered your reviews" in body for body in readable)


def test_the_same_pages_do_change_for_somebody_who_is_not_asked(blind):
    vi = client_for(blind, "vi")
    before = _all(vi, blind.ashdown)
    _say_otherwise(blind.ashdown)
    after = _all(vi, blind.ashdown)
    changed = {before[where][0] for where in before if before[where] != after[where]}
    assert changed >= {"map", "map-json", "map-csv", "activity-list", "activity-csv", "activity-detail", "gap-list"}


@pytest.mark.parametrize("end", ["answered", "closed", "removed", "keeper"])
def test_it_opens_again_when_there_is_nothing_left_to_review(blind, end):
    side, pat = blind.ashdown, blind.people["pat"]
    assert blind.viewer("pat").hidden == {side.survey.pk}
    if end == "answered":
        side.task.outcome, side.task.missing = "cannot-tell", "Who decided"
        side.task.answered_at = side.survey.recorded_at
        side.task.save()
    elif end == "closed":
        side.round.closed_on, side.round.closed_by = today(), blind.people["lea"]
        side.round.save()
    elif end == "removed":
        side.task.reviewer.removed_on, side.task.reviewer.removed_by = today(), blind.people["lea"]
        side.task.reviewer.removed_because = "Left"
        side.task.reviewer.save()
    else:
        organisations.give_role(organisation=side.organisation, user=pat, role=Role.EDITOR, by=blind.people["lea"])
    assert blind.viewer("pat").hidden == frozenset()
    page = client_for(blind, "pat").get(reverse("activity-detail", args=["ashdown", side.survey.pk]))
    assert "Yours to review first" not in page.content.decode()


def test_nobody_else_is_blind_to_it_and_another_organisations_reviews_hide_nothing(blind):
    assert all(blind.viewer(name).hidden == frozenset() for name in ("lea", "ed", "bob", "vi", "bo"))
    assert blind.viewer("bea").hidden == {blind.birchwood.survey.pk}, "asked in her own organisation, and of that alone"
