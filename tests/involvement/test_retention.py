"""What is past its time goes, what is not stays, and a dry run only counts."""

import os
from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings as project
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone

from involvement.actions import hosting, retention, security, taking_part
from involvement.cachekeys import key
from involvement.events import NO_ADDRESS
from involvement.models import Invitation, Participant, Placing, RequestKey, SecurityEvent, StoredFile
from involvement.results import results_of, results_page
from tests.rooms import fresh, hall, plan
from tests.world import rewrite

DAY = timedelta(days=1)


def past(**moved) -> dict:
    return {words: number for words, number in retention.past(**moved).items() if number}


@pytest.fixture
def old(world):
    """One thing of each kind that is past its time, beside one that is not."""
    now, home = timezone.now(), world.ashdown.organisation
    Invitation.objects.filter(organisation=home).update(expires_at=now - 91 * DAY)
    for days in (31, 1):
        RequestKey.objects.create(
            organisation=home, actor=world.people["ed"], key=f"00000000-0000-4000-8000-0000000000{days:02d}", result={},
            recorded_at=now - days * DAY,
        )  # fmt: skip
    for days in (731, 1):
        event = security.record("sign-in", by=world.people["ed"])
        rewrite(SecurityEvent.objects.filter(pk=event.pk), at=now - days * DAY)
    rewrite(SecurityEvent.objects.filter(organisation=home), at=now - 3000 * DAY)
    for number, days in enumerate((-1, 1)):
        store = SessionStore()
        store.set_expiry(days * 3600)
        store.create()
        UserSession.objects.create(
            user=world.people["ed"], session_key=store.session_key, ip=NO_ADDRESS, user_agent=f"browser {number}"
        )
    stray = default_storage.save("evidence/2026/stray", ContentFile(b"x"))
    fresh = default_storage.save("evidence/2026/fresh", ContentFile(b"x"))
    before = (now - 2 * DAY).timestamp()
    os.utime(default_storage.path(stray), (before, before))
    world.fresh = fresh
    return world


def test_what_is_past_its_time_goes_and_the_rest_stays(old, capsys):
    expected = {
        "Invitations that are over: address and name": 1, "Sessions that are over": 1, "Where people were signed in": 1,
        "Keys of forms that were sent": 1, "Files that no record names": 1,
        "Events of accounts: sign-ins, failures, changes of a password": 1,
    }  # fmt: skip
    kept = SecurityEvent.objects.filter(organisation__isnull=False).count()
    call_command("retention", dry_run=True)
    assert "Nothing was deleted." in capsys.readouterr().out
    assert past() == expected
    call_command("retention")
    assert f"Deleted: {sum(expected.values())}" in capsys.readouterr().out
    assert past() == {}
    assert SecurityEvent.objects.filter(organisation__isnull=False).count() == kept > 0
    assert SecurityEvent.objects.filter(kind="sign-in").count() == 1
    assert Invitation.objects.count() == 1  # the other organisation's, still open
    assert default_storage.exists(old.fresh)
    assert UserSession.objects.get().user_agent == "browser 1"


def test_the_history_still_tells_of_the_invitation(old, client):
    retention.clear()
    client.force_login(old.people["lea"])
    page = client.get("/o/ashdown/history/").content.decode()
    assert "invited somebody as viewer" in page
    assert "Ashdown-invited@example.org" not in page


def test_a_file_of_a_record_stays_whatever_its_age(world):
    stored = StoredFile.objects.create(
        organisation=world.ashdown.organisation, size=1, content_type="image/png", name="a.png",
        file=ContentFile(b"x", "a.png"),
    )  # fmt: skip
    retention.clear(timezone.now() + 4000 * DAY)
    assert default_storage.exists(stored.file.name)


def test_the_cache_forgets_what_ran_out(world, settings):
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"},
    }
    call_command("createcachetable", verbosity=0)
    cache.set("short", "x", 1)
    cache.set("long", "x", 9000)
    later = timezone.now() + timedelta(seconds=60)
    assert past(now=later)["What lists that are being brought in, and limits on guessing, left in the cache"] == 1
    retention.clear(later)
    assert cache.get("long") == "x"
    cache.delete("long")


def test_no_internet_address_stands_in_a_key_of_the_cache():
    from involvement import settings as written

    assert written.CACHES["default"]["KEY_FUNCTION"] == "involvement.cachekeys.key"
    counted = key("allauth:rl:account:login_failed:300/10m:ip:203.0.113.9", "", 1)
    assert "203.0" not in counted
    assert counted == key("allauth:rl:account:login_failed:300/10m:ip:203.0.113.9", "", 1)
    assert counted != key("allauth:rl:account:login_failed:300/10m:ip:203.0.113.8", "", 1)
    assert key("map-1", "", 1) == ":1:map-1"
    assert set(project.KEEP_DAYS) == {"backups", "invitations", "sign_ins", "workshops", "request_keys"}


def placed_by_six(world):
    """Return an open workshop in which six patients put one card under "users"."""
    fay = world.people["fay"]
    workshop = plan(world.ashdown.organisation, fay)
    (card,) = hosting.add_lines(workshop=workshop, by=fay, lines="A survey")
    hosting.move(workshop=workshop, by=fay, step="place")
    workshop = fresh(workshop)
    for person in hall(workshop, patient=6):
        taking_part.place(room=workshop.room, participant=person, card=card, place="users")
    return workshop


def test_who_was_in_a_room_is_forgotten_and_what_came_out_is_not(world):
    workshop = placed_by_six(world)
    hosting.close_room(workshop=workshop, by=workshop.facilitator, results=results_of(workshop))
    assert retention.clear(timezone.now() + 89 * DAY)["Who was in a workshop’s room, what each chose and voted"] == 0
    assert retention.clear(timezone.now() + 91 * DAY)["Who was in a workshop’s room, what each chose and voted"] == 6
    assert not Placing.objects.exists() and not Participant.objects.exists()
    assert results_page(fresh(workshop)).rows[0].after_most == "Users: 6 of the 6 who chose"


def test_a_room_that_nobody_closed_is_closed_and_what_came_out_is_kept(world):
    workshop = placed_by_six(world)
    call_command("retention")
    assert fresh(workshop).room.state == "open", "its day is not over"
    workshop.room.opened_at = timezone.now() - 100 * DAY
    workshop.room.save()
    call_command("retention", "--dry-run")
    assert fresh(workshop).results is None
    call_command("retention")
    workshop = fresh(workshop)
    assert workshop.room.state == "closed"
    assert results_page(workshop).rows[0].before_most == "Users: 6 of the 6 who chose"
    assert workshop.participants.count() == 6, "they stay for as long as those of a room that was closed today"
