"""Asking people to join, and joining: the only way in."""

import re
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection, connections
from django.utils import timezone
from django.utils.html import strip_tags

from involvement.access import Role
from involvement.actions import invitations
from involvement.actions.base import Refused
from involvement.models import Invitation, SecurityEvent, User
from tests.world import PASSWORD, build

pytestmark = pytest.mark.django_db

INVITE, MEMBERS = "/o/ashdown/members/invite/", "/o/ashdown/members/"
NEW = "a longer-password of mine"


def words(answer) -> str:
    return " ".join(strip_tags(answer.content.decode().replace("<", " <")).split())


def link_in(letter) -> str:
    """Return the path of the link in a letter."""
    return re.search(r"http://testserver(/accounts/invitations/\S+)", letter.body)[1]


def key_of(answer) -> str:
    return re.search(r'name="request_key" value="([^"]+)"', answer.content.decode())[1]


def page_of(token: str) -> str:
    return f"/accounts/invitations/{token}/"


@pytest.fixture
def lea(client, world):
    client.force_login(world.people["lea"])
    return client


@pytest.fixture
def issue(world):
    """Return a function that invites an address to Ashdown, and returns (invitation, token)."""

    def one(email="new@example.org", roles=(Role.PATIENT_LEADER,), name="New Person"):
        organisation, lead = world.ashdown.organisation, world.people["lea"]
        [issued] = invitations.invite(organisation=organisation, by=lead, people=[(email, name)], roles=roles)
        return issued

    return one


def kinds(world) -> list[str]:
    events = SecurityEvent.objects.filter(organisation=world.ashdown.organisation).order_by("pk")
    return list(events.values_list("kind", flat=True))


# -- Inviting


def test_a_lead_checks_first_and_then_sends(lea, world):
    text = "Jane Doe <jane@x.org>\nvi@example.org\nnobody\nASHDOWN-invited@example.org; jane@x.org"
    key = key_of(lea.get(INVITE))
    asked = {"people": text, "roles": ["patient-leader", "viewer"], "act": "check", "request_key": key}
    shown = lea.post(INVITE, asked)
    said = words(shown)
    assert mail.outbox == []
    assert "2 people will be invited as: Patient leader, Viewer" in said
    assert "Line 3 has no email address: “nobody”" in said
    assert "vi@example.org" in said.partition("Members already")[2].partition("2 people")[0]
    assert "Invited before" in said and "invited once: jane@x.org" in said

    assert key_of(shown) == key
    sent = lea.post(INVITE, asked | {"act": "send"}, follow=True)
    assert "2 invitations are on their way" in words(sent)
    assert [letter.to for letter in mail.outbox] == [["jane@x.org"], ["ashdown-invited@example.org"]]
    letter = mail.outbox[0]
    for told in ("Hello Jane Doe", "Lea invites you", "Ashdown Hospitals", "Patient leader.", "jane@x.org only"):
        assert told in letter.body
    waiting = world.ashdown.organisation.invitations.filter(accepted_at=None)
    assert {(each.email, tuple(each.roles)) for each in waiting} == {
        ("jane@x.org", ("patient-leader", "viewer")),
        ("ashdown-invited@example.org", ("patient-leader", "viewer")),
    }
    lea.post(INVITE, asked | {"act": "send"})
    assert len(mail.outbox) == 2, "the same form sent twice invites once"


def test_changing_ones_mind_keeps_the_words(lea):
    said = lea.post(INVITE, {"people": "jane@x.org", "roles": ["viewer"], "act": "change"}).content.decode()
    assert "jane@x.org</textarea>" in said and 'value="viewer" checked' in said


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"people": "", "roles": ["viewer"]}, "Enter at least one email address"),
        ({"people": "nobody", "roles": ["viewer"]}, "Line 1 has no email address"),
        ({"people": "a@x.org"}, "Choose at least one role"),
        ({"people": "\n".join(f"a{n}@x.org" for n in range(101)), "roles": ["viewer"]}, "101 people"),
        ({"people": "a@x.org", "roles": ["king"]}, "king"),
    ],
)
def test_what_is_wrong_is_said_and_nobody_is_invited(lea, asked, told):
    before = Invitation.objects.count()
    assert told in words(lea.post(INVITE, asked | {"act": "send"}))
    assert Invitation.objects.count() == before and mail.outbox == []


def test_the_token_is_kept_nowhere(lea, world):
    lea.post(INVITE, {"people": "jane@x.org", "roles": ["viewer"], "act": "send"})
    token = link_in(mail.outbox[0]).split("/")[3]
    invitation = invitations.find(token)
    assert invitation.email == "jane@x.org"
    assert len(token) >= 43 and token not in str(vars(invitation))
    events = SecurityEvent.objects.filter(kind="invited", detail__invitation=invitation.pk)
    assert "jane" not in str(events.get().detail) and token not in str(events.get().detail)


def test_a_mail_server_that_does_not_answer_is_said_and_the_invitation_can_be_sent_again(lea, settings, world):
    broken = {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": {"host": "127.0.0.1", "port": 1}}
    working, settings.MAILERS = settings.MAILERS, {"default": broken}
    said = lea.post(INVITE, {"people": "jane@x.org", "roles": ["viewer"], "act": "send"}, follow=True)
    assert "1 letter could not be sent" in words(said) and "Not sent" in words(said)
    settings.MAILERS = working
    invitation = world.ashdown.organisation.invitations.get(email="jane@x.org")
    again = lea.post(f"/o/ashdown/invitations/{invitation.pk}/send/", follow=True)
    assert "1 invitation is on its way" in words(again)
    invitation.refresh_from_db()
    assert invitation.sent_at is not None and invitation.letters == 2


def test_a_letter_that_is_sent_again_kills_the_link_before_it(client, issue, lea):
    invitation, old = issue()
    lea.post(f"/o/ashdown/invitations/{invitation.pk}/send/")
    lea.logout()
    assert client.get(page_of(old)).status_code == 404
    assert client.get(link_in(mail.outbox[-1])).status_code == 200


def test_an_old_invitation_is_revived_by_a_new_letter(client, issue, world):
    invitation, token = issue()
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(page_of(token)).status_code == 404
    fresh = invitations.send_again(invitation=invitation, by=world.people["lea"])
    assert client.get(page_of(fresh.token)).status_code == 200
    left = fresh.invitation.expires_at - timezone.now()
    assert timedelta(days=13, hours=23) < left <= timedelta(days=14)


def test_taking_back(client, issue, lea, world):
    invitation, token = issue()
    where = f"/o/ashdown/invitations/{invitation.pk}/revoke/"
    assert "Take back this invitation?" in words(lea.get(where))
    assert client.get(page_of(token)).status_code == 200
    lea.post(where)
    lea.logout()
    assert client.get(page_of(token)).status_code == 404
    with pytest.raises(Refused):
        invitations.send_again(invitation=invitation, by=world.people["lea"])
    assert kinds(world)[-2:] == ["invited", "invitation-revoked"]
    assert issue().invitation.pk != invitation.pk, "the address can be invited anew"


def test_letters_are_limited_by_the_day(issue, world, monkeypatch):
    lea = world.people["lea"]
    invitation, _token = issue()
    for _again in range(invitations.LETTERS_AN_INVITATION - 1):
        invitations.send_again(invitation=invitation, by=lea)
    with pytest.raises(Refused, match="often enough"):
        invitations.send_again(invitation=invitation, by=lea)
    monkeypatch.setattr(invitations, "LETTERS_A_DAY", invitations.LETTERS_AN_INVITATION + 2)  # one is in the world
    issue("second@example.org")
    with pytest.raises(Refused, match="0 more invitations today"):
        issue("third@example.org")


# -- Joining


def test_a_new_person_joins_with_a_name_and_a_password(client, issue, world):
    invitation, token = issue(roles=[Role.PATIENT_LEADER, Role.VIEWER])
    shown = words(client.get(page_of(token)))
    for told in ("Join Ashdown Hospitals", "Invited by Lea", "Patient leader . Reads everything", "and also Viewer"):
        assert told in shown
    assert User.objects.filter(email="new@example.org").count() == 0, "looking makes nobody"
    joined = client.post(page_of(token), {"name": " Nia  New ", "password": NEW}, follow=True)
    assert joined.redirect_chain[-1][0] == "/o/ashdown/"
    assert "Welcome. You have joined Ashdown Hospitals" in words(joined)
    nia = User.objects.get(email="new@example.org")
    assert (nia.name, nia.check_password(NEW)) == ("Nia New", True)
    held = nia.memberships.filter(until=None)
    assert set(held.values_list("role", flat=True)) == {"patient-leader", "viewer"}
    assert all(each.recorded_by == world.people["lea"] for each in held)
    assert nia.emailaddress_set.get().verified, "the link has proven the address"
    assert [letter.subject for letter in mail.outbox] == [], "no further letter to answer"
    assert kinds(world)[-3:] == ["invitation-accepted", "role-given", "role-given"]
    assert client.get(page_of(token)).url == "/o/ashdown/", "their own link leads them in"
    client.logout()
    assert client.get(page_of(token)).status_code == 404


def test_the_address_is_the_invited_one_whatever_is_sent(client, issue):
    _invitation, token = issue()
    client.post(page_of(token), {"name": "Nia", "password": NEW, "email": "evil@example.org"})
    assert not User.objects.filter(email="evil@example.org").exists()
    assert User.objects.filter(email="new@example.org").exists()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"name": "", "password": NEW}, "Enter your name"),
        ({"name": "Nia", "password": ""}, "Enter a password"),
        ({"name": "Nia", "password": "short"}, "12"),
        ({"name": "Nia", "password": "new@example.org"}, "similar"),
    ],
)
def test_what_is_missing_is_said_and_the_link_still_works(client, issue, said, told):
    _invitation, token = issue()
    answer = client.post(page_of(token), said)
    assert told in words(answer) and "<title>Error:" in answer.content.decode()
    assert not User.objects.filter(email="new@example.org").exists()
    assert client.get(page_of(token)).status_code == 200


def test_who_has_an_account_signs_in_and_agrees(client, issue, world):
    _invitation, token = issue("SAM@example.org")
    shown = client.get(page_of(token))
    assert "You have an account with sam@example.org" in words(shown)
    way = re.search(r'href="(/accounts/login/\?next=[^"]+)"', shown.content.decode())[1]
    made = client.post(page_of(token), {"name": "Thief", "password": NEW})
    assert made.status_code == 200 and not world.people["sam"].memberships.exists()
    assert world.people["sam"].check_password(PASSWORD), "nobody gives an account another password this way"
    target = re.search(r'name="next" value="([^"]+)"', client.get(way).content.decode())[1]
    back = client.post("/accounts/login/", {"login": "sam@example.org", "password": PASSWORD, "next": target})
    assert back.url == page_of(token)
    assert not world.people["sam"].memberships.exists(), "signing in alone agrees to nothing"
    client.post(page_of(token), {})
    assert world.people["sam"].memberships.get(until=None).role == "patient-leader"


def test_another_account_is_told_so_and_takes_nothing(client, issue, world):
    _invitation, token = issue()
    client.force_login(world.people["sam"])
    shown = client.get(page_of(token))
    assert "You are signed in as sam@example.org" in words(shown)
    assert "new@example.org" not in words(shown), "whose it is, is not told"
    client.post(page_of(token), {"name": "Sam", "password": NEW})
    assert not world.people["sam"].memberships.exists()
    assert not User.objects.filter(email="new@example.org").exists()
    assert client.post("/accounts/logout/", {"next": page_of(token)}).url == page_of(token)


def test_every_link_that_leads_nowhere_gets_the_same_answer(client, issue, world):
    revoked, used, old = issue("a@x.org"), issue("b@x.org"), issue("c@x.org")
    resent = issue("d@x.org")
    invitations.revoke(invitation=revoked.invitation, by=world.people["lea"])
    invitations.accept_as_new(invitation=used.invitation, name="B", password=NEW)
    Invitation.objects.filter(pk=old.invitation.pk).update(expires_at=timezone.now())
    invitations.send_again(invitation=resent.invitation, by=world.people["lea"])
    answers = [client.get(page_of(each)) for each in ("unknown", *(e.token for e in (revoked, used, old, resent)))]
    answers += [client.post(page_of("unknown"), {}), client.post(page_of(old.token), {"name": "C", "password": NEW})]
    assert {answer.status_code for answer in answers} == {404}
    assert len({words(answer) for answer in answers}) == 1
    assert "ask the person who invited you" in words(answers[0])
    for answer in answers:
        assert answer["Cache-Control"] == "no-store, private" and answer["X-Robots-Tag"] == "noindex"


def test_dead_links_are_counted_and_good_ones_are_not(client, issue):
    _invitation, token = issue()
    for _try in range(120):
        assert client.get(page_of("unknown")).status_code == 404
    assert client.get(page_of("unknown")).status_code == 429
    assert client.get(page_of(token)).status_code == 200


@pytest.mark.parametrize("meanwhile", ["sent again", "taken back", "accepted"])
def test_what_happened_since_the_page_was_opened_is_seen_under_the_lock(issue, world, meanwhile):
    lea, sam = world.people["lea"], world.people["sam"]
    found = invitations.find(issue(sam.email).token)
    invitation = invitations.find(issue("new@example.org").token)
    for each, user in ((found, sam), (invitation, None)):
        if meanwhile == "sent again":
            invitations.send_again(invitation=each, by=lea)
        elif meanwhile == "taken back":
            invitations.revoke(invitation=each, by=lea)
        elif user:
            invitations.accept(invitation=each, by=user)
        else:
            invitations.accept_as_new(invitation=each, name="New", password=NEW)
        with pytest.raises(Refused, match="does not work any more"):
            invitations.accept(invitation=each, by=user) if user else invitations.accept_as_new(
                invitation=each, name="Late", password=NEW
            )
    assert sam.memberships.count() == (meanwhile == "accepted")
    assert not User.objects.filter(name="Late").exists()


def test_the_action_itself_takes_no_other_account_and_makes_no_second_one(issue, world):
    found = invitations.find(issue(world.people["sam"].email).token)
    with pytest.raises(Refused, match="another email address"):
        invitations.accept(invitation=found, by=world.people["vi"])
    with pytest.raises(Refused, match="has an account already"):
        invitations.accept_as_new(invitation=found, name="Thief", password=NEW)
    found.refresh_from_db()
    assert found.accepted_by is None
    assert User.objects.get(email="sam@example.org").check_password(PASSWORD)


def test_an_unknown_token_costs_the_same_statements_as_a_dead_one(client, issue, world, django_assert_num_queries):
    invitation, token = issue()
    invitations.revoke(invitation=invitation, by=world.people["lea"])
    for each in ("unknown", token):
        with django_assert_num_queries(1):
            client.get(page_of(each))


def test_the_log_names_neither_address_nor_link(client, issue, caplog, lea):
    caplog.set_level("INFO")
    lea.post(INVITE, {"people": "jane@x.org", "roles": ["viewer"], "act": "send"})
    path = link_in(mail.outbox[0])
    lea.logout()
    client.post(path, {"name": "Jane", "password": NEW})
    ours = [record for record in caplog.records if record.name.startswith("involvement")]
    assert ours
    for record in ours:
        assert "jane" not in str(vars(record)).lower() and path.split("/")[3] not in record.getMessage()


def test_an_invitation_to_a_person_who_was_removed_dies_with_their_roles(client, issue, world):
    from involvement.actions import memberships

    vi, lea, organisation = world.people["vi"], world.people["lea"], world.ashdown.organisation
    memberships.remove_member(organisation=organisation, user=vi, by=lea)
    _invitation, token = issue("vi@example.org", roles=[Role.EDITOR])
    invitations.accept(invitation=invitations.find(token), by=vi)
    waiting = Invitation.objects.create(
        organisation=organisation, email="vi@example.org", roles=["lead"], token_hash="x", recorded_by=lea,
        expires_at=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    memberships.remove_member(organisation=organisation, user=vi, by=lea)
    waiting.refresh_from_db()
    assert waiting.revoked_by == lea


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["new", "known"])
def test_two_people_racing_for_one_invitation(way):
    """Six at once, several times: it is accepted once, and there is one account and one role."""
    if connection.vendor != "postgresql":
        pytest.skip("threads and rows need PostgreSQL")
    world = build()
    organisation, lea, sam = world.ashdown.organisation, world.people["lea"], world.people["sam"]
    for number in range(8):
        email = f"racer{number}@example.org" if way == "new" else sam.email
        if way == "known":
            organisation.memberships.filter(user=sam).delete()
        [issued] = invitations.invite(organisation=organisation, by=lea, people=[(email, "")], roles=["viewer"])
        won, lost, start = [], [], threading.Barrier(6)

        def run(issued=issued, won=won, lost=lost, start=start):
            found = invitations.find(issued.token)
            start.wait()
            try:
                if way == "new":
                    won.append(invitations.accept_as_new(invitation=found, name="Racer", password=NEW))
                else:
                    won.append(invitations.accept(invitation=found, by=sam))
            except Refused:
                lost.append(1)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=run) for _each in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(won), len(lost)) == (1, 5)
        assert organisation.memberships.filter(user__email=email, until=None).count() == 1
        assert User.objects.filter(email=email).count() == 1
