"""Six people at once, fifty times: is anything lost, or written twice?

    DATABASE_URL=… .venv/bin/python benchmarks/races.py [--clients 6] [--rounds 50]

Run it with DATABASE_URL set to a migrated, *empty* database that may be filled: an SQLite file, or PostgreSQL as the
role that the app connects as. Each client is a thread with a connection and a session of its own, and asks through
every middleware and view; all are let go at the same moment. Prints a line for each race, and exits with 1 where
something was lost or doubled:

edits         all save one record from the version that all saw: one wins, each other gets 409 with their own words
request keys  one form sent by all at once: it writes one record, and all are led to it
invitations   all open one letter with one account: it is accepted once, and gives one role
last lead     all leads leave at once: one stays
"""

import argparse
import logging
import os
import sys
import threading
from pathlib import Path
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "involvement.settings")

import django  # noqa: E402

django.setup()

from django.db import connection, connections  # noqa: E402
from django.test import Client  # noqa: E402

from involvement.access import Role  # noqa: E402
from involvement.actions import invitations, organisations, pieces  # noqa: E402
from involvement.models import User  # noqa: E402
from involvement.tenancy import everywhere, holds  # noqa: E402
from tests.world import build  # noqa: E402


class Crowd:
    """Clients that act at the same moment, round after round; ``at_once`` returns their answers in order."""

    def __init__(self, people: list[User]):
        self.clients = [Client(SERVER_NAME="localhost", raise_request_exception=False) for _person in people]
        for client, person in zip(self.clients, people, strict=True):
            client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        self.start, self.end = (threading.Barrier(len(people) + 1) for _each in "se")
        self.act, self.answers = None, [None] * len(people)
        for number in range(len(people)):
            threading.Thread(target=self._work, args=[number], daemon=True).start()

    def _work(self, number: int) -> None:
        while True:
            self.start.wait()
            if self.act is None:
                connections.close_all()
                return
            try:
                self.answers[number] = self.act(self.clients[number], number)
            except Exception as error:  # noqa: BLE001  whatever it is, it is counted as a wrong answer
                self.answers[number] = error
            self.end.wait()

    def at_once(self, act) -> list:
        self.act = act
        self.start.wait()
        self.end.wait()
        return list(self.answers)

    def go(self) -> None:
        self.act = None
        self.start.wait()


def status(answer) -> int | str:
    return getattr(answer, "status_code", repr(answer))


class Tally:
    """What a race came to."""

    def __init__(self, name: str):
        self.name, self.rounds, self.lost, self.doubled, self.odd = name, 0, 0, 0, []

    def note(self, answers, wanted: dict, lost: int, doubled: int) -> None:
        self.rounds += 1
        self.lost, self.doubled = self.lost + lost, self.doubled + doubled
        found = {}
        for answer in answers:
            found[status(answer)] = found.get(status(answer), 0) + 1
        if found != wanted:
            self.odd.append(found)

    def told(self) -> str:
        odd = f", other answers than expected in {len(self.odd)} ({self.odd[0]})" if self.odd else ""
        return f"{self.name:<13} {self.rounds} rounds: lost {self.lost}, doubled {self.doubled}{odd}"


def edits(world, crowd, rounds) -> Tally:
    tally, home, others = Tally("edits"), world.ashdown.organisation, len(crowd.clients) - 1
    with everywhere():
        piece = pieces.add_piece(organisation=home, by=world.people["lea"], title="Raced", problem_statement="")
    where = f"/o/{home.slug}/pieces/{piece.pk}/edit/"
    for number in range(rounds):
        seen = number + 1

        def save(client, who, number=number, seen=seen):
            words = {"title": f"Round {number} by {who}", "problem_statement": "", "version": str(seen)}
            return client.post(where, words)

        answers = crowd.at_once(save)
        with everywhere():
            now = home.pieces.get(pk=piece.pk)
            told = now.history.count()
        won = [who for who, answer in enumerate(answers) if status(answer) == 302]
        kept = [
            who for who, answer in enumerate(answers)
            if status(answer) == 409 and f"Round {number} by {who}" in answer.content.decode()
        ]  # fmt: skip
        lost = len(answers) - len(won) - len(kept) + (not won or now.title != f"Round {number} by {won[-1]}")
        tally.note(answers, {302: 1, 409: others}, lost, max(0, len(won) - 1, now.version - seen - 1, told - seen - 1))
    return tally


def request_keys(world, crowd, rounds) -> Tally:
    tally, home = Tally("request keys"), world.ashdown.organisation
    for number in range(rounds):
        words = {"title": f"Sent {number}", "problem_statement": "", "request_key": str(uuid4())}
        answers = crowd.at_once(lambda client, _who, words=words: client.post(f"/o/{home.slug}/pieces/new/", words))
        with everywhere():
            made = [each.pk for each in home.pieces.filter(title=words["title"])]
        led = [answer for answer in answers if made and getattr(answer, "url", "").endswith(f"/pieces/{made[0]}/")]
        tally.note(answers, {302: len(answers)}, len(answers) - len(led), max(0, len(made) - 1))
    return tally


def letters(world, crowd, rounds) -> Tally:
    tally, home = Tally("invitations"), world.ashdown.organisation
    sam, lea = world.people["sam"], world.people["lea"]
    for _number in range(rounds):
        with everywhere():
            home.memberships.filter(user=sam).delete()
            [issued] = invitations.invite(organisation=home, by=lea, people=[(sam.email, "")], roles=["viewer"])
            before = home.security_events.filter(kind="invitation-accepted").count()
        answers = crowd.at_once(
            lambda client, _who, issued=issued: client.post(f"/accounts/invitations/{issued.token}/", {})
        )
        with everywhere():
            roles = home.memberships.filter(user=sam).count()
            accepted = home.security_events.filter(kind="invitation-accepted").count() - before
        tally.note([], {}, roles < 1 or accepted < 1, max(0, roles - 1, accepted - 1))
        wrong = [status(each) for each in answers if status(each) not in (200, 302, 404)]
        if wrong:
            tally.odd.append(wrong)
    return tally


def last_lead(world, crowd, rounds, leads) -> Tally:
    tally, home = Tally("last lead"), world.ashdown.organisation
    for _number in range(rounds):
        with everywhere():
            for lead in leads:
                organisations.give_role(organisation=home, user=lead, role=Role.LEAD, by=None)
        answers = crowd.at_once(lambda client, _who: client.post(f"/o/{home.slug}/members/leave/", {}))
        with everywhere():
            left = home.memberships.filter(role=Role.LEAD, until=None).count()
        tally.note(answers, {302: len(answers) - 1, 200: 1}, left < 1, max(0, left - 1))
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=50)
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    with everywhere():
        world = build()
        home, lea = world.ashdown.organisation, world.people["lea"]
        addresses = [f"lead{number}@example.org" for number in range(asked.clients)]
        leads = [User.objects.create_user(address, name=address) for address in addresses]
    print(f"{connection.vendor}, {asked.clients} clients; the database keeps organisations apart: {holds()}")
    tallies = []
    for race, people in ((edits, [lea] * asked.clients), (request_keys, [lea] * asked.clients),
                         (letters, [world.people["sam"]] * asked.clients)):  # fmt: skip
        crowd = Crowd(people)
        tallies.append(race(world, crowd, asked.rounds))
        crowd.go()
        print(tallies[-1].told(), flush=True)
    with everywhere():
        home.memberships.filter(user=lea).update(role=Role.VIEWER)
    crowd = Crowd(leads)
    tallies.append(last_lead(world, crowd, asked.rounds, leads))
    crowd.go()
    print(tallies[-1].told(), flush=True)
    return int(any(tally.lost or tally.doubled or tally.odd for tally in tallies))


if __name__ == "__main__":
    sys.exit(main())
