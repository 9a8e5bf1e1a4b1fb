"""Every address × every kind of person × reading and writing, against the table below; and nothing leaks across.

The table is written by hand, beside access.py and independent of it: dropping or widening a policy there, or forgetting
one on a new page, leaves a failing cell here. A stranger to an organisation gets 404, a member without the right 403,
nobody at all the way to sign in. What is refused writes nothing, and neither does any GET.
"""

import io
import re
import uuid
import zipfile

import pytest
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from involvement import checks
from involvement.actions import memberships, organisations
from involvement.models import StoredFile
from tests.audits import published_audit
from tests.reviews import furnish
from tests.rooms import phone
from tests.world import ASHDOWN, BIRCHWOOD, MARKER

ALL = frozenset(ASHDOWN)
EDITORS = frozenset({"lea", "ed"})
BOARD = frozenset({"bob"})
LEAD = frozenset({"lea"})
REVIEWERS = frozenset({"pat"})
HOSTS = frozenset({"lea", "fay"})
NOBODY = frozenset()

# Route name: (who of Ashdown may see it, who may write through it).
ORGANISATION = {
    "front-page": (ALL, NOBODY),
    "map": (ALL, NOBODY),
    "map-json": (ALL, NOBODY),
    "map-csv": (ALL, NOBODY),
    "activity-list": (ALL, NOBODY),
    "activity-csv": (ALL, NOBODY),
    "activity-xlsx": (ALL, NOBODY),
    "activity-new": (EDITORS, EDITORS),
    "activity-import": (EDITORS, EDITORS),
    "import-list": (EDITORS, NOBODY),
    "import-detail": (EDITORS, EDITORS),
    "activity-change-many": (EDITORS, EDITORS),
    "activity-duplicates": (EDITORS, EDITORS),
    "activity-merge": (EDITORS, EDITORS),
    "activity-confirm": (EDITORS, EDITORS),
    "activity-confirmed": (ALL, EDITORS),
    "activity-answer": (EDITORS, EDITORS),
    "activity-detail": (ALL, NOBODY),
    "activity-edit": (EDITORS, EDITORS),
    "activity-withdraw": (EDITORS, EDITORS),
    "activity-running": (EDITORS, EDITORS),
    "activity-history": (ALL, NOBODY),
    "activity-classify": (EDITORS, EDITORS),
    "activity-say": (EDITORS | {"fay", "pat"}, EDITORS | {"fay", "pat"}),
    "change-new": (EDITORS, EDITORS),
    "change-edit": (EDITORS, EDITORS),
    "evidence-new": (EDITORS, EDITORS),
    "evidence-withdraw": (EDITORS, EDITORS),
    "ask-again": (ALL, EDITORS),
    "duties": (ALL, NOBODY),
    "mechanisms": (ALL, NOBODY),
    "piece-list": (ALL, NOBODY),
    "piece-new": (EDITORS, EDITORS),
    "piece-detail": (ALL, NOBODY),
    "piece-edit": (EDITORS, EDITORS),
    "piece-whole": (EDITORS, EDITORS),
    "gap-list": (ALL, NOBODY),
    "gap-respond": (ALL, EDITORS | BOARD),
    "response-end": (ALL, EDITORS | BOARD),
    "action-list": (ALL, NOBODY),
    "action-new": (EDITORS | BOARD, EDITORS | BOARD),
    "action-detail": (ALL, NOBODY),
    "action-step": (ALL, EDITORS | BOARD),
    "challenge-list": (ALL, NOBODY),
    "challenge-new": (frozenset({"pat"}), frozenset({"pat"})),
    "challenge-detail": (ALL, NOBODY),
    "challenge-reply": (EDITORS, EDITORS),
    "challenge-go-on": (frozenset({"pat"}), frozenset({"pat"})),
    "decision-list": (ALL, NOBODY),
    "decision-new": (LEAD | BOARD, LEAD | BOARD),
    "decision-edit": (LEAD | BOARD, LEAD | BOARD),
    "decision-took-part": (LEAD | BOARD, LEAD | BOARD),
    "decision-withdraw": (LEAD | BOARD, LEAD | BOARD),
    "complete": (ALL, NOBODY),
    "complete-state": (EDITORS, EDITORS),
    "complete-revoke": (EDITORS, EDITORS),
    "aims": (ALL, BOARD),
    "audit-list": (ALL, NOBODY),
    "audit-new": (BOARD, BOARD),
    "audit-detail": (ALL, NOBODY),
    "audit-edit": (BOARD, BOARD),
    "audit-freeze": (BOARD, BOARD),
    "audit-conclusions": (BOARD, BOARD),
    "audit-sign": (BOARD, BOARD),
    "audit-report": (ALL, NOBODY),
    "audit-document": (ALL, NOBODY),
    "audit-compare": (ALL, NOBODY),
    "audit-publish": (LEAD, LEAD),
    "audit-unpublish": (LEAD, LEAD),
    "compare-days": (ALL, NOBODY),
    "review-list": (ALL, NOBODY),
    "review-new": (LEAD | BOARD, LEAD | BOARD),
    "review-round": (ALL, NOBODY),
    "review-close": (LEAD | BOARD, LEAD | BOARD),
    "review-remove": (LEAD | BOARD, LEAD | BOARD),
    "review-task": (REVIEWERS, REVIEWERS),
    "practise": (ALL, ALL),
    "practise-run": (LEAD, LEAD),  # it is the lead's own
    "workshop-list": (ALL, NOBODY),
    "workshop-new": (HOSTS, HOSTS),
    "workshop-detail": (ALL, NOBODY),
    "workshop-edit": (HOSTS, HOSTS),
    "workshop-cards": (HOSTS, HOSTS),
    "workshop-card": (HOSTS, HOSTS),
    "workshop-paper": (HOSTS, HOSTS),
    "workshop-run": (HOSTS, HOSTS),
    "workshop-people": (HOSTS, HOSTS),
    "workshop-projector": (HOSTS, NOBODY),
    "workshop-results": (ALL, NOBODY),
    "workshop-file": (ALL, NOBODY),
    "workshop-print": (HOSTS, NOBODY),
    "workshop-take": (EDITORS, NOBODY),
    "workshop-take-card": (EDITORS, EDITORS),
    "services": (ALL, LEAD),
    "service-edit": (LEAD, LEAD),
    "members": (ALL, NOBODY),
    "member-invite": (LEAD, LEAD),
    "member-leave": (ALL, ALL),
    "member-edit": (LEAD, LEAD),
    "member-end": (LEAD, LEAD),
    "invitation-resend": (LEAD, LEAD),
    "invitation-revoke": (LEAD, LEAD),
    "rulings": (ALL, NOBODY),
    "ruling-new": (LEAD, LEAD),
    "ruling-end": (LEAD, LEAD),
    "settings": (LEAD, LEAD),
    "history": (ALL, NOBODY),
    "history-csv": (LEAD, NOBODY),
}
EXPORTS = {"activity-csv", "activity-xlsx", "history-csv"}  # taking it away is kept for auditors, though it is a GET
OWN = {"practise-run"}  # whoever it is of sees it in whichever role
ELSEWHERE = {"stored-file"}  # of an organisation, though its address does not say so
QUERY = {
    "gap-respond": "?place=owners&facet=owners/priorities",
    "complete-state": "?place=owners&scope=whole",
    "ruling-new": "?kind=scrutiny",
    "compare-days": "?from=2026-01-01",
    "action-step": "?kind=moved",
    "challenge-new": "?place=owners",
    "challenge-reply": "?kind=explain",
    "challenge-go-on": "?kind=close",
}
NEVER = 999_999_999
NOWHERE = uuid.UUID("00000000-0000-4000-8000-000000000000")
OTHER = {  # what stands in the addresses of pages that are no organisation's
    "place": "owners",
    "key": "no-such-key",
    "uidb36": "a",
    "file_id": NOWHERE,
    "token": "no-such-token",
    "pk": NEVER,
    "provider_id": "nowhere",
    "org": "nowhere-at-all",
    "audit": NEVER,
    "object_id": NEVER,
    "code": "BCDFGHJK",
    "card": NOWHERE,
    "app_label": "involvement",
}


@pytest.fixture
def sides(world):
    """Both sides of the world, furnished."""
    return furnished(world)


def furnished(world):
    """Give each side of the world a stored file, a published audit, a round with answers, an exercise; return it."""
    for side, reviewer in ((world.ashdown, "pat"), (world.birchwood, "bea")):
        furnish(side, side.survey.recorded_by, world.people[reviewer], side.survey.title)
        side.organisation.review_tasks.update(outcome="cannot-tell", missing="Who decided", answered_at=timezone.now())
        side.audit = published_audit(
            side.organisation, side.survey.recorded_by, title=f"Audit of the {side.survey.title}"
        )
        side.file = StoredFile.objects.create(
            organisation=side.organisation, recorded_by=side.survey.recorded_by, size=1, content_type="image/png",
            name=f"{side.survey.title}.png", file=ContentFile(b"x", "x.png"),
        )  # fmt: skip
    return world


def patterns() -> dict:
    return {checks.name_of(pattern): pattern for _route, pattern in checks.routes()}


def names_in(name: str) -> set[str]:
    """Return what an organisation's address captures beside the organisation itself."""
    return set(re.findall(r"<(?:\w+:)?(\w+)>", str(patterns()[name].pattern)))


def objects_of(side) -> dict:
    """Return the id of one record of each kind, under the name that addresses give it."""
    return {
        "activity": side.survey.pk,
        "batch": side.batch.pk,
        "change": side.change.pk,
        "evidence": side.evidence.pk,
        "piece": side.piece.pk,
        "response": side.response.pk,
        "statement": side.statement.pk,
        "service": side.services[0].pk,
        "imported": side.imported.pk,
        "member": side.survey.recorded_by_id,
        "invitation": side.invitation.pk,
        "ruling": side.ruling.pk,
        "audit": side.audit.pk,
        "kind": "pdf",
        "handout": "notes",
        "action": side.action.pk,
        "decision": side.decision.pk,
        "challenge": side.challenge.pk,
        "round": side.round.pk,
        "reviewer": side.task.reviewer_id,
        "task": side.task.pk,
        "run": side.run.pk,
        "workshop": side.workshop.pk,
        "card": side.card.pk,
    }


def address(name: str, organisation, objects: dict) -> str:
    """Return the address of an organisation's page about these objects. KeyError for a kind that nobody planted."""
    captured = {each: objects[each] for each in names_in(name)}
    return reverse(name, kwargs={"org": organisation.slug, **captured}) + QUERY.get(name, "")


def ask(client: Client, method: str, where: str):
    """Ask, and take back whatever was written; return the response and the statements that wrote."""
    connection.queries_log.clear()  # it holds 9,000; beyond these it would count none
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        response = client.get(where) if method == "GET" else client.post(where, {})
        if response.streaming:
            body = b"".join(response.streaming_content)  # read here, since its queries count too
            response.streaming_content = [body]
        transaction.set_rollback(True)
    written = [query["sql"][:80] for query in queries if re.match(r"\s*(INSERT|UPDATE|DELETE|REPLACE)\b", query["sql"])]
    return response, [sql for sql in written if "django_session" not in sql]


def verdict(response) -> str:
    """Return what an answer amounts to: let in, or how it was refused."""
    if response.status_code == 302 and response["Location"].startswith("/accounts/login/"):
        return "sign in"
    known = {403: "forbidden", 404: "not found", 200: "in", 302: "in", 400: "in", 405: "in", 409: "in", 422: "in"}
    return known.get(response.status_code, f"status {response.status_code}")


def expected(person: str | None, may: frozenset) -> str:
    if person is None:
        return "sign in"
    if person not in ASHDOWN:
        return "not found"
    return "in" if person in may else "forbidden"


def client_for(world, person: str | None) -> Client:
    client = Client(raise_request_exception=False)
    if person is not None:
        client.force_login(world.people[person])
    return client


def test_the_table_holds_every_address():
    routes = {pattern.name: route for route, pattern in checks.routes()}
    of_an_organisation = {name for name, route in routes.items() if route.startswith(checks.ORGANISATION_PREFIX)}
    assert set(ORGANISATION) == of_an_organisation
    assert len(ORGANISATION) >= 46


@pytest.mark.parametrize("person", [None, "sam", *BIRCHWOOD, *ASHDOWN])
def test_who_may_what(sides, person):
    client, failing, walked = client_for(sides, person), [], 0
    for name, (see, write) in ORGANISATION.items():
        where = address(name, sides.ashdown.organisation, objects_of(sides.ashdown))
        for method, may in (("GET", see), ("POST", write)):
            response, written = ask(client, method, where)
            walked += 1
            got, right = verdict(response), expected(person, may)
            if method == "POST" and write is NOBODY and person in ASHDOWN:
                right = got if got in ("in", "forbidden") else right  # a page that takes no words may say either
            if got != right:
                failing.append(f"{method} {where}: {got} ({response.status_code}), not {right}")
            if name in EXPORTS and method == "GET":
                kept = [sql for sql in written if "securityevent" in sql]
                written = [sql for sql in written if sql not in kept]
                if len(kept) != (right == "in"):
                    failing.append(f"{where} kept {len(kept)} events, {right}")
            if written and (method == "GET" or right != "in" or write is NOBODY):
                failing.append(f"{method} {where} wrote: {written}")
    assert not failing, "\n".join(failing)
    assert walked == 2 * len(ORGANISATION)


@pytest.mark.parametrize("person", ["lea", "bob", "pat"])
def test_the_others_records_might_as_well_not_exist(sides, person):
    """My organisation in the address and the other's id: the same bytes as for an id that was never given."""
    client, failing, walked = client_for(sides, person), [], set()
    planted = objects_of(sides.birchwood)
    never = {name: NOWHERE if isinstance(known, uuid.UUID) else NEVER for name, known in planted.items()}
    for name, (see, write) in ORGANISATION.items():
        if not names_in(name):
            continue
        for method, may in (("GET", see), ("POST", write)):
            if person not in may:
                continue
            crossed, written = ask(client, method, address(name, sides.ashdown.organisation, planted))
            missing, _ = ask(client, method, address(name, sides.ashdown.organisation, never))
            walked.add(name)
            if crossed.status_code != 404 or written or bare(crossed) != bare(missing):
                failing.append(f"{method} {name}: {crossed.status_code}, wrote {written}")
    assert not failing, "\n".join(failing)
    assert walked == {name for name, (see, write) in ORGANISATION.items() if names_in(name) and person in see | write}


def test_nor_does_the_other_organisation(sides):
    client = client_for(sides, "lea")
    there = client.get("/o/birchwood/map/")
    nowhere = client.get("/o/nowhere-at-all/map/")
    assert (there.status_code, bare(there)) == (404, bare(nowhere))


def body_of(response) -> bytes:
    """Return what an answer holds, streamed or not; an XLSX unpacked."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    if not body.startswith(b"PK\x03\x04"):
        return body
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        return b"".join(packed.read(name) for name in packed.namelist())


def bare(response) -> bytes:
    """Return a page without what differs at every request or repeats its own address."""
    text = re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", response.content)
    text = re.sub(rb'"X-CSRFToken": "\w+"', b"", text)
    return re.sub(rb"/o/[^\"'<>\s]*", b"", text)


@pytest.mark.parametrize("person", ["lea", "bob", "vi"])
def test_no_page_shows_a_word_of_the_other(sides, person):
    client, leaks, shown = client_for(sides, person), [], 0
    theirs = sides.birchwood.services[0]
    for name, (see, _write) in ORGANISATION.items():
        if person not in see:
            continue
        where = address(name, sides.ashdown.organisation, objects_of(sides.ashdown))
        mark = "&" if "?" in where else "?"
        for asked in (where, f"{where}{mark}service={theirs.slug}", f"{where}{mark}service={theirs.pk}"):
            # the marker in the asked address itself may come back in links to that very page
            response, _ = ask(client, "GET", asked)
            body = body_of(response)
            shown += response.status_code == 200
            if MARKER.encode() in body or (theirs.slug.encode() in body and asked == where):
                leaks.append(asked)
    assert not leaks, "\n".join(leaks)
    assert shown > len([name for name, (see, _write) in ORGANISATION.items() if person in see])


def test_the_marker_does_show_at_home(sides):
    """Or the test above would pass for want of anything to find."""
    client, home = client_for(sides, "bo"), sides.birchwood.organisation
    seen = {
        name
        for name, (see, _write) in ORGANISATION.items()
        if MARKER in body_of(client.get(address(name, home, objects_of(sides.birchwood)))).decode(errors="replace")
    }
    # slugs and numbers only; and what only takes a form; and what only a board member opens, whom they do not have
    of_the_board = {name for name, (see, _write) in ORGANISATION.items() if "lea" not in see}
    assert seen >= set(ORGANISATION) - of_the_board - {"map-csv", "map-json", "history-csv", "invitation-resend"}


@pytest.mark.parametrize("field", ["service", "piece"])
def test_the_others_ids_are_refused_in_a_form(sides, field):
    client, home = client_for(sides, "ed"), sides.ashdown.organisation
    theirs = {"service": sides.birchwood.services[0], "piece": sides.birchwood.piece}[field]
    for value in {str(theirs.pk), getattr(theirs, "slug", str(theirs.pk))}:
        words = {"title": "A new thing", "method": "survey", "request_key": str(uuid.uuid4()), field: value}
        response = client.post(f"/o/{home.slug}/activities/new/", words)
        assert response.status_code in (200, 422)
        assert not home.activities.filter(title="A new thing").exists()


def test_a_file_goes_to_members_of_its_organisation_only(sides):
    where = reverse("stored-file", args=[sides.ashdown.file.pk])
    never = reverse("stored-file", args=[NOWHERE])
    for person in ASHDOWN:
        response = client_for(sides, person).get(where)
        assert (response.status_code, b"".join(response.streaming_content)) == (200, b"x")
        assert response["Cache-Control"] == "no-store, private"
    for person in ("sam", *BIRCHWOOD):
        refused, missing = client_for(sides, person).get(where), client_for(sides, person).get(never)
        assert (refused.status_code, bare(refused)) == (404, bare(missing))
    assert verdict(client_for(sides, None).get(where)) == "sign in"


def test_who_has_left_is_refused_at_the_next_request(sides):
    home = sides.ashdown.organisation
    client = client_for(sides, "vi")
    assert client.get("/o/ashdown/activities/").status_code == 200
    membership = home.memberships.get(user=sides.people["vi"], until=None)
    organisations.end_role(membership=membership, by=sides.people["lea"])
    assert client.get("/o/ashdown/activities/").status_code == 404


@pytest.mark.parametrize("fragment", [False, True], ids=["page", "fragment"])
@pytest.mark.parametrize("person", ["lea", "ed", "pat"])
def test_who_was_removed_meets_what_a_stranger_meets_everywhere(sides, person, fragment):
    """Signed in all the while, and also where htmx asks for a part of a page."""
    home, client, stranger = sides.ashdown.organisation, client_for(sides, person), client_for(sides, "sam")
    if fragment:
        client.defaults["HTTP_HX_REQUEST"] = stranger.defaults["HTTP_HX_REQUEST"] = "true"
    assert client.get("/o/ashdown/activities/").status_code == 200
    organisations.give_role(organisation=home, user=sides.people["vi"], role="lead", by=None)
    memberships.remove_member(organisation=home, user=sides.people[person], by=sides.people["vi"], reason="moved on")
    failing, walked = [], 0
    addresses = [address(name, home, objects_of(sides.ashdown)) for name in ORGANISATION]
    for where in [*addresses, reverse("stored-file", args=[sides.ashdown.file.pk])]:
        for method in ("GET", "POST"):
            (response, written), (refused, _none) = ask(client, method, where), ask(stranger, method, where)
            walked += 1
            as_stranger = (response.status_code, bare(response)) == (refused.status_code, bare(refused))
            if response.status_code not in (404, 405) or written or not as_stranger:
                failing.append(f"{method} {where}: {response.status_code}, wrote {written}")
    assert not failing, "\n".join(failing)
    assert walked == 2 * len(ORGANISATION) + 2


def test_every_page_answers_whoever_asks_for_a_part_of_it(sides):
    clients, home = {name: client_for(sides, name) for name in ("lea", "bob", "pat")}, sides.ashdown.organisation
    for name, (see, _write) in ORGANISATION.items():
        where = address(name, home, objects_of(sides.ashdown))
        response = next(clients[each] for each in clients if each in see).get(where, headers={"HX-Request": "true"})
        assert verdict(response) == "in", where
        assert MARKER.encode() not in body_of(response)


def test_who_keeps_another_role_keeps_what_that_one_may(sides):
    """A lead who is made a viewer is refused what leads do, and nothing else, at the next request."""
    home, client, lea = sides.ashdown.organisation, client_for(sides, "lea"), sides.people["lea"]
    for role, user in (("lead", "vi"), ("viewer", "lea")):
        organisations.give_role(organisation=home, user=sides.people[user], role=role, by=None)
    assert client.get("/o/ashdown/members/invite/").status_code == 200
    memberships.end_roles(organisation=home, user=lea, roles=["lead"], by=sides.people["vi"], reason="")
    for name, (see, _write) in ORGANISATION.items():
        if name in OWN:
            continue
        response, written = ask(client, "GET", address(name, home, objects_of(sides.ashdown)))
        kept = [sql for sql in written if "securityevent" in sql]
        assert verdict(response) == ("in" if "vi" in see else "forbidden"), name
        assert written == (kept if name in EXPORTS and "vi" in see else []), name


def test_pages_of_no_organisation_ask_for_an_account_or_do_not(sides):
    """The rest of the addresses: none fails, and each is open or closed as it says."""
    failing, walked = [], set()
    for route, pattern in checks.routes():
        name = checks.name_of(pattern)
        if name in ORGANISATION:
            continue
        captured = set(re.findall(r"<(?:\w+:)?(\w+)>", route))
        operators = route.startswith(checks.OPERATORS_PREFIX)
        where = reverse(name, kwargs={each: OTHER[each] for each in captured})
        needs_account = getattr(pattern.callback, "login_required", True)
        walked.add(name)
        for method in ("GET", "POST"):
            stranger, _written = ask(client_for(sides, None), method, where)
            sent_away = verdict(stranger) == "sign in"  # an open account page may also do so, with nothing to confirm
            if sent_away != needs_account and not (sent_away and name in checks.ACCOUNT_VIEWS):
                failing.append(f"{method} {where} by nobody: {stranger.status_code}")
            member, _written = ask(client_for(sides, "sam"), method, where)
            if operators and (verdict(member) != "not found" or _written):
                failing.append(f"{method} {where} by no operator: {member.status_code}")
            if max(stranger.status_code, member.status_code) >= 500:
                failing.append(f"{method} {where}: {stranger.status_code}, {member.status_code}")
    assert not failing, "\n".join(failing)
    assert walked | set(ORGANISATION) == set(patterns())
    assert ELSEWHERE <= walked


def test_a_room_opens_to_its_own_people_and_its_own_cards_only(sides):
    """Every address of a room × nobody, somebody of another room, somebody of this one with the other's card."""
    rooms = {name: pattern for name, pattern in patterns().items() if getattr(
        getattr(pattern.callback, "policy", None), "kind", "") == "participant"}  # fmt: skip
    assert len(rooms) >= 5
    ours, theirs = sides.ashdown, sides.birchwood
    mine, other = phone(ours.workshop), phone(theirs.workshop)
    crossed = Client(raise_request_exception=False)
    crossed.cookies["room"] = other.cookies["room"].value
    nobody, failing = Client(raise_request_exception=False), []
    for name in rooms:
        needs_card = "<uuid:card>" in str(rooms[name].pattern)
        for card in (ours.card.pk, theirs.card.pk, NOWHERE) if needs_card else (None,):
            captured = {"code": ours.workshop.room.code} | ({"card": card} if card else {})
            for method in ("GET", "POST"):
                where = reverse(name, kwargs=captured)
                for who, client in (("nobody", nobody), ("another room's", crossed), ("a member", mine)):
                    response, written = ask(client, method, where)
                    told = MARKER in response.content.decode(errors="replace")
                    strange = card in (theirs.card.pk, NOWHERE) and response.status_code not in (403, 404, 405)
                    alone = who != "a member" and name != "room" and response.status_code < 400
                    if told or strange or alone or (written and who != "a member") or response.status_code >= 500:
                        failing.append(f"{method} {where} by {who}: {response.status_code}, wrote {written}")
    assert not failing, "\n".join(failing)
