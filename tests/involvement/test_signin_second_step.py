"""The second step: codes from an app, backup codes, asking once more, and organisations that ask for one."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.test import Client

from involvement import access
from involvement.access import Role
from involvement.actions import organisations
from involvement.models import Organisation, SecurityEvent, StoredFile, User
from tests import phone
from tests.involvement.test_signin import LOGIN, errors, signed_in
from tests.world import ASHDOWN, PASSWORD

SET_UP = "/accounts/second-step/totp/activate/"


@pytest.fixture(autouse=True)
def _at_commit(monkeypatch):
    """What the library does once its transaction is over happens at once, since a test's never is."""
    monkeypatch.setattr("django.db.transaction.on_commit", lambda function, **_how: function())


def sign_in(client: Client, name: str, **more):
    return client.post(LOGIN, {"login": f"{name}@example.org", "password": PASSWORD, **more})


def again(client: Client, where: str):
    """Open a page that asks for the password once more, and give it."""
    asked = client.get(where)
    assert asked.status_code == 302 and asked.url.startswith("/accounts/reauthenticate/"), where
    return client.post(asked.url, {"password": PASSWORD, "next": where}, follow=True)


def set_up_codes(client: Client) -> tuple[str, list[str]]:
    """Set codes up as a person does; return what makes them and the backup codes."""
    page = again(client, SET_UP).content.decode()
    secret = re.search(r'app-secret">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
    shown = client.post(SET_UP, {"code": phone.code(secret)}, follow=True)
    assert shown.redirect_chain[-1][0] == "/accounts/second-step/recovery-codes/"
    codes = [each.replace(" ", "") for each in re.findall(r'<li class="app-secret">([\d ]+)<', shown.content.decode())]
    return secret, codes


def kinds() -> list[str]:
    return list(SecurityEvent.objects.order_by("pk").values_list("kind", flat=True))


@pytest.fixture
def ed(client, world):
    """Ed, who has set up codes and signed out: his secret and his backup codes."""
    sign_in(client, "ed")
    found = set_up_codes(client)
    client.logout()
    return found


def test_codes_are_asked_for_after_the_password(client, ed):
    secret, _codes = ed
    asked = sign_in(client, "ed", next="/o/ashdown/gaps/")
    assert asked.url == "/accounts/second-step/authenticate/" and not signed_in(client)
    assert "I do not have my phone" in client.get(asked.url).content.decode()
    wrong = client.post(asked.url, {"code": "000000"})
    assert errors(wrong)[0].startswith("That code is not right") and not signed_in(client)
    inside = client.post(asked.url, {"code": phone.code(secret, 1)})
    assert signed_in(client) and inside.url == "/o/ashdown/gaps/"
    assert kinds()[-2:] == ["second-step-failed", "sign-in"]
    assert SecurityEvent.objects.latest("pk").detail == {"steps": ["password", "totp"]}


def test_a_code_works_once_and_a_backup_code_too(client, ed):
    secret, codes = ed
    assert len(codes) == len(set(codes)) == 10
    for right in (phone.code(secret, 1), codes[3]):
        for again_, works in ((right, True), (right, False)):
            asked = sign_in(client, "ed")
            client.post(asked.url, {"code": again_})
            assert signed_in(client) is works
            client.logout()


def test_a_code_is_not_taken_again_while_a_slow_clock_would_still_show_it(client, ed):
    secret, _codes = ed
    shown = phone.code(secret, 1)
    client.post(sign_in(client, "ed").url, {"code": shown})
    client.logout()
    cache.delete(f"allauth.mfa.totp.used?user={User.objects.get(email='ed@example.org').pk}&code={shown}")  # 30 s later
    asked = sign_in(client, "ed")
    assert errors(client.post(asked.url, {"code": f"{shown[:3]} {shown[3:]}"})) and not signed_in(client)


def test_guessing_codes_is_stopped_for_the_account(client, ed):
    secret, _codes = ed
    asked = sign_in(client, "ed")
    for _try in range(5):
        client.post(asked.url, {"code": "000000"})
    refused = client.post(asked.url, {"code": phone.code(secret, 1)})
    assert "Wait 5 minutes" in errors(refused)[0] and not signed_in(client)
    assert sign_in(Client(), "vi").url == "/"


def test_what_makes_the_codes_cannot_be_read_in_the_database(client, ed, settings):
    secret, codes = ed
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored and not any(code in stored for code in codes)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key " * 8
    second = Client()
    asked = sign_in(second, "ed")
    second.post(asked.url, {"code": phone.code(secret, 1)})
    assert signed_in(second)  # a new key of the site, with the old one kept beside it, locks nobody out


@pytest.mark.parametrize(
    "where", [SET_UP, "/accounts/second-step/webauthn/add/", "/accounts/second-step/recovery-codes/generate/"]
)
def test_what_changes_the_second_step_asks_for_the_password_once_more(client, world, where):
    sign_in(client, "ed")
    asked = client.get(where)
    assert asked.url.startswith("/accounts/reauthenticate/")
    assert errors(client.post(asked.url, {"password": "wrong"})) == ["This is not your password"]
    assert client.get(where).status_code == 302


def test_turning_codes_off_tells_the_owner(client, ed):
    secret, _codes = ed
    client.post(sign_in(client, "ed").url, {"code": phone.code(secret, 1)})
    mail.outbox.clear()
    off = "/accounts/second-step/totp/deactivate/"
    assert "Turn codes off?" in again(client, off).content.decode()
    client.post(off)
    assert not Authenticator.objects.exists()  # backup codes for nothing are gone too
    assert [letter.subject for letter in mail.outbox] == ["Involvement Map: Codes are off"]
    assert "If this was not you" in mail.outbox[0].body
    client.logout()
    sign_in(client, "ed")
    assert signed_in(client)


def test_new_backup_codes_end_the_old_ones(client, ed):
    secret, old = ed
    client.post(sign_in(client, "ed").url, {"code": phone.code(secret, 1)})
    again(client, "/accounts/second-step/recovery-codes/generate/")
    shown = client.post("/accounts/second-step/recovery-codes/generate/", follow=True).content.decode()
    assert old[0] not in shown.replace(" ", "")
    saved = client.get("/accounts/second-step/recovery-codes/download/")
    assert saved["Content-Type"].startswith("text/plain") and "attachment" in saved["Content-Disposition"]
    client.logout()
    client.post(sign_in(client, "ed").url, {"code": old[0]})
    assert not signed_in(client)


def test_somebody_who_lost_everything_is_helped_by_an_operator(client, ed, capsys):
    call_command("forget_second_step", "ED@example.org")
    assert "Taken away: 2" in capsys.readouterr().out
    sign_in(client, "ed")
    assert signed_in(client)
    with pytest.raises(CommandError, match="no account"):
        call_command("forget_second_step", "nobody@example.org")


# -- An organisation that asks for one ------------------------------------------------------------------------------


@pytest.fixture
def asking(world):
    """Ashdown asks its leads and board members for a second step; Birchwood does not."""
    Organisation.objects.filter(slug="ashdown").update(second_factor_required=True)
    return world


@pytest.mark.parametrize("name", ASHDOWN)
def test_leads_and_board_members_are_led_to_set_one_up(client, asking, name):
    client.force_login(asking.people[name])
    led = name in ("lea", "bob")
    for where in ("/o/ashdown/", "/o/ashdown/map.json", "/o/ashdown/activities/?q=x"):
        for answer in (client.get(where), client.post(where)):
            sent = answer.status_code == 302 and answer.url.startswith("/accounts/second-step/needed/?next=%2Fo%2Fash")
            assert sent is led, (name, where, answer.status_code)


def test_a_role_that_is_added_counts(client, asking):
    organisations.give_role(
        organisation=asking.ashdown.organisation, user=asking.people["vi"], role=Role.BOARD_MEMBER, by=None
    )
    client.force_login(asking.people["vi"])
    assert client.get("/o/ashdown/map/").url.startswith("/accounts/second-step/needed/")


def test_whatever_asks_for_the_viewer_is_shut(asking):
    with pytest.raises(access.SecondStepMissing):
        access.viewer_for(asking.people["bob"], "ashdown")
    assert access.viewer_for(asking.people["bo"], "birchwood").roles == {Role.LEAD}


def test_a_file_of_that_organisation_is_shut(client, asking):
    file = StoredFile.objects.create(
        organisation=asking.ashdown.organisation, recorded_by=asking.people["ed"], size=1, content_type="image/png",
        name="x.png", file=ContentFile(b"x", "x.png"),
    )  # fmt: skip
    client.force_login(asking.people["bob"])
    assert client.get(f"/files/{file.pk}/").status_code == 403
    client.force_login(asking.people["ed"])
    let_in = client.get(f"/files/{file.pk}/")
    assert (let_in.status_code, b"".join(let_in.streaming_content)) == (200, b"x")
    let_in.close()


@pytest.mark.parametrize("deed", ["edit", "remove"])
def test_anothers_passkey_might_as_well_not_exist(client, world, deed):
    theirs = Authenticator.objects.create(user=world.people["vi"], type="webauthn", data={"name": "Vi’s phone"})
    sign_in(client, "ed")
    where = "/accounts/second-step/webauthn/keys/{}/" + deed + "/"
    assert again(client, where.format(theirs.pk)).status_code == 404
    assert client.get(where.format(999_999)).status_code == 404
    assert client.post(where.format(theirs.pk), {"name": "mine"}).status_code == 404
    assert Authenticator.objects.get(pk=theirs.pk).data == {"name": "Vi’s phone"}


def test_they_set_it_up_and_go_where_they_wanted(client, asking):
    sign_in(client, "bob")
    led = client.get("/o/ashdown/gaps/")
    page = client.get(led.url).content.decode()
    assert "Ashdown Hospitals asks everybody who is a lead or board member" in page
    assert SET_UP in page and "/accounts/second-step/webauthn/add/" in page
    set_up_codes(client)
    shown = client.get("/accounts/second-step/recovery-codes/").content.decode()
    assert 'href="/o/ashdown/gaps/"' in shown
    assert client.get("/o/ashdown/gaps/").status_code == 200
    assert client.get(led.url).url == "/o/ashdown/gaps/"


def test_backup_codes_alone_are_no_second_step(asking):
    Authenticator.objects.create(user=asking.people["bob"], type="recovery_codes", data={})
    assert not access.has_second_step(asking.people["bob"])
    Authenticator.objects.create(user=asking.people["bob"], type="webauthn", data={})
    assert access.has_second_step(asking.people["bob"])


def test_nobody_is_led_to_another_website(client, asking):
    sign_in(client, "bob")
    client.get("/accounts/second-step/needed/?next=https://elsewhere.example/")
    assert "go_on" not in client.session


def test_the_setting_of_an_organisation_itself_is_asked(world):
    organisation = world.ashdown.organisation
    organisation.second_factor_required = True
    assert access.asks_for_second_step(organisation, frozenset({Role.LEAD, Role.VIEWER}))
    assert not access.asks_for_second_step(organisation, frozenset({Role.EDITOR}))
    organisation.second_factor_required = False
    assert not access.asks_for_second_step(organisation, frozenset({Role.LEAD}))
