"""Who belongs to an organisation: the list, roles, removing, leaving; and what the history says of it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.html import strip_tags

from involvement.access import Role
from involvement.actions import memberships, organisations
from involvement.actions.activities import add_activity
from involvement.actions.base import Refused, today
from involvement.members import members, waiting_invitations
from involvement.models import SecurityEvent

pytestmark = pytest.mark.django_db

MEMBERS, HISTORY = "/o/ashdown/members/", "/o/ashdown/history/"


def words(answer) -> str:
    return " ".join(strip_tags(answer.content.decode().replace("<", " <")).split())


def of(world, name: str) -> str:
    return f"{MEMBERS}{world.people[name].pk}/"


def roles(world, name: str) -> set[str]:
    held = world.ashdown.organisation.memberships.filter(user=world.people[name], until=None)
    return set(held.values_list("role", flat=True))


@pytest.fixture
def lea(client, world):
    client.force_login(world.people["lea"])
    return client


def test_what_others_may_not_know_is_not_even_read(world):
    assert {(each.email, each.last_seen) for each in members(world.viewer("bob"))} == {("", None)}
    assert "bob@example.org" in {each.email for each in members(world.viewer("lea"))}
    with pytest.raises(PermissionDenied):
        waiting_invitations(world.viewer("ed"))


@pytest.mark.parametrize("person", ["pat", "bob", "vi", "ed"])
def test_every_member_sees_who_is_who_but_no_address(client, world, person):
    client.force_login(world.people[person])
    page = client.get(MEMBERS)
    said = words(page)
    for told in ("6 people belong to Ashdown Hospitals", "Lea", "Patient leader since", "Board member since"):
        assert told in said
    assert "example.org" not in page.content.decode() and "signed in" not in said
    assert "Invite people" not in said and "without an answer" not in said
    assert f"{person.capitalize()} (you)" in said


def test_a_lead_sees_addresses_the_day_of_the_last_visit_and_what_waits(client, world):
    vi = world.people["vi"]
    vi.last_login = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    vi.save()
    client.force_login(world.people["lea"])
    said = words(client.get(MEMBERS))
    assert "vi@example.org" in said and "1 March 2026" in said and "23:30" not in said
    assert "ashdown-invited@example.org Ashdown person Viewer Lea" in said
    assert "Not sent" in said, "the letter of the world was never handed to a mail server"
    assert "Zebrafinch" not in said


def test_the_number_of_queries_does_not_grow_with_the_members(client, world, django_assert_max_num_queries):
    from involvement.models import User

    for number in range(12):
        user = User.objects.create_user(f"many{number}@example.org", name=f"Many {number}")
        organisations.give_role(organisation=world.ashdown.organisation, user=user, role=Role.VIEWER, by=None)
    client.force_login(world.people["lea"])
    with django_assert_max_num_queries(7):
        client.get(MEMBERS)


def test_roles_add_up_and_end_one_by_one(lea, world):
    assert "Give another role" in words(lea.get(of(world, "ed")))
    lea.post(of(world, "ed"), {"role": "board-member"})
    assert roles(world, "ed") == {"editor", "board-member"}
    asked = lea.get(of(world, "ed") + "end/?role=editor")
    assert "End the role “Editor”?" in words(asked) and roles(world, "ed") == {"editor", "board-member"}
    lea.post(of(world, "ed") + "end/?role=editor", {})
    assert roles(world, "ed") == {"board-member"}
    stale = lea.post(of(world, "ed") + "end/?role=editor", {}, follow=True)
    assert "does not have that role any more" in words(stale)
    assert roles(world, "ed") == {"board-member"}, "an old page removes nobody"


@pytest.mark.parametrize("role", ["editor", "king", ""])
def test_a_role_that_is_held_or_unknown_is_not_given(lea, world, role):
    before = SecurityEvent.objects.count()
    assert lea.post(of(world, "ed"), {"role": role, "x": 1}).status_code == 200
    assert roles(world, "ed") == {"editor"} and SecurityEvent.objects.count() == before


def test_a_removed_person_is_refused_at_the_next_request_and_their_words_stay(client, world):
    organisation, vi = world.ashdown.organisation, world.people["vi"]
    organisations.give_role(organisation=organisation, user=vi, role=Role.EDITOR, by=world.people["lea"])
    activity = add_activity(organisation=organisation, by=vi, facts={"title": "What Vi wrote"})
    theirs = client.__class__()
    theirs.force_login(vi)
    assert theirs.get("/o/ashdown/map/").status_code == 200
    client.force_login(world.people["lea"])
    asked = client.get(of(world, "vi") + "end/")
    assert "Remove this person?" in words(asked) and roles(world, "vi") == {"viewer", "editor"}
    done = client.post(of(world, "vi") + "end/", {"reason": "Left the trust"}, follow=True)
    assert "Vi is no longer a member" in words(done)
    assert theirs.get("/o/ashdown/map/").status_code == 404
    assert theirs.get("/").status_code == 200
    assert client.get(of(world, "vi")).status_code == 404
    history = words(client.get(f"/o/ashdown/activities/{activity.pk}/history/"))
    assert "Vi added it to the list" in history
    assert "Vi" not in words(client.get(MEMBERS)).split("Invitations")[0].replace("Viewer", "")


def test_a_patient_leaders_role_ends_only_with_a_reason_that_all_can_read(lea, world):
    where = of(world, "pat") + "end/"
    assert "Say why." in words(lea.post(where, {"reason": "  "}))
    assert roles(world, "pat") == {"patient-leader"}
    lea.post(where, {"reason": "Asked to stop"})
    assert roles(world, "pat") == set()
    lea.force_login(world.people["vi"])
    assert "Lea removed Pat (patient leader), because “Asked to stop”" in words(lea.get(HISTORY))
    lea.force_login(world.people["lea"])


def test_the_last_lead_stays_whatever_way_they_go(lea, world):
    sentence = "You are the only lead. Make somebody else a lead first"
    for where in (of(world, "lea") + "end/", of(world, "lea") + "end/?role=lead", "/o/ashdown/members/leave/"):
        assert sentence in words(lea.post(where, {"reason": ""})), where
    assert roles(world, "lea") == {"lead"}
    organisations.give_role(
        organisation=world.ashdown.organisation, user=world.people["ed"], role=Role.LEAD, by=world.people["lea"]
    )
    assert lea.post("/o/ashdown/members/leave/", {}).url == "/"
    assert roles(world, "lea") == set()
    assert lea.get(MEMBERS).status_code == 404


def test_a_lead_whose_account_is_closed_is_no_other_lead(world):
    organisation, ed, lea = world.ashdown.organisation, world.people["ed"], world.people["lea"]
    organisations.give_role(organisation=organisation, user=ed, role=Role.LEAD, by=lea)
    ed.is_active = False
    ed.save()
    with pytest.raises(Refused, match="only lead"):
        memberships.leave(organisation=organisation, by=lea)
    assert roles(world, "lea") == {"lead"}


def test_somebody_leaves_by_themselves(client, world):
    client.force_login(world.people["pat"])
    assert "Leave Ashdown Hospitals?" in words(client.get("/o/ashdown/members/leave/"))
    left = client.post("/o/ashdown/members/leave/", {}, follow=True)
    assert "You have left Ashdown Hospitals" in words(left)
    assert client.get(MEMBERS).status_code == 404
    client.force_login(world.people["bob"])
    assert "Pat left (patient leader)" in words(client.get(HISTORY))


def test_a_removed_leads_invitations_are_named_before(lea, world):
    organisations.give_role(
        organisation=world.ashdown.organisation, user=world.people["ed"], role=Role.LEAD, by=world.people["lea"]
    )
    lea.force_login(world.people["ed"])
    assert "One invitation that they sent has no answer yet" in words(lea.get(of(world, "lea") + "end/"))
    assert "has no answer yet" not in words(lea.get(of(world, "vi") + "end/"))


def test_every_change_is_a_security_event_and_a_sentence(lea, world):
    organisation = world.ashdown.organisation
    lea.post(of(world, "ed"), {"role": "facilitator"})
    lea.post(of(world, "ed") + "end/?role=editor", {"reason": "No time"})
    lea.post(of(world, "vi") + "end/", {"reason": ""})
    lea.post(f"/o/ashdown/invitations/{world.ashdown.invitation.pk}/revoke/", {})
    kinds = list(SecurityEvent.objects.filter(organisation=organisation).order_by("pk").values_list("kind", flat=True))
    assert kinds[-5:] == ["role-given", "role-ended", "role-ended", "member-removed", "invitation-revoked"]
    said = words(lea.get(HISTORY))
    for sentence in (
        "Lea gave Ed the role “facilitator”",
        "Lea ended the role “editor” of Ed, because “No time”",
        "Lea removed Vi (viewer)",
        "Lea took back the invitation of Ashdown person (ashdown-invited@example.org)",
        "Lea invited Ashdown person (ashdown-invited@example.org) as viewer",
        "Those who run this website made this organisation’s map",
        "Lea added the service “Cancer”",
    ):
        assert sentence in said, sentence
    assert "ended the role “viewer” of Vi" not in said, "told once, as the removal"
    lea.force_login(world.people["bob"])
    theirs = words(lea.get(HISTORY))
    assert "Lea invited Ashdown person as viewer" in theirs and "example.org" not in theirs


def test_the_history_comes_in_pages_and_in_a_fixed_number_of_queries(lea, world, django_assert_max_num_queries):
    SecurityEvent.objects.bulk_create(
        SecurityEvent(
            organisation=world.ashdown.organisation, actor=world.people["lea"], kind="role-given",
            detail={"user": world.people["vi"].pk, "role": "viewer"},
        )
        for _each in range(60)
    )  # fmt: skip
    with django_assert_max_num_queries(18):
        first = lea.get(HISTORY)
    assert words(first).count("gave Vi the role") == 50
    assert words(lea.get(f"{HISTORY}?page=2")).count("gave Vi the role") >= 10


def test_since_when_is_the_day_of_each_role(lea, world):
    world.ashdown.organisation.memberships.filter(user=world.people["ed"]).update(from_on=today() - timedelta(days=400))
    lea.post(of(world, "ed"), {"role": "viewer"})
    from involvement.templatetags.components import day

    said = words(lea.get(MEMBERS))
    assert f"Editor since {day(today() - timedelta(days=400))} Viewer since {day(today())}" in said


def test_the_first_lead_is_told_to_invite_others_until_somebody_is(client, world):
    from involvement.actions import invitations

    organisation = organisations.create_organisation(slug="new", name="New trust")
    lea = world.people["lea"]
    organisations.give_role(organisation=organisation, user=lea, role=Role.LEAD, by=None)
    client.force_login(lea)
    assert "You are the only one here" in words(client.get("/o/new/"))
    invitations.invite(organisation=organisation, by=lea, people=[("a@x.org", "")], roles=["viewer"])
    assert "You are the only one here" not in words(client.get("/o/new/"))
    assert "You are the only one here" not in words(client.get("/o/ashdown/"))
