"""A hall full of phones: python benchmarks/room.py [--people 300] [--join 60] [--seconds 300] [--every 1] [--break]

The example organisation in a database of its own (a PostgreSQL cluster of its own where DATABASE_URL names a
PostgreSQL, else a SQLite file), gunicorn with two workers, and a browser with its own cookies for each person. All
join, some write a card, everybody places every card and changes their mind once, everybody gives votes; meanwhile
every phone asks every second whether something has changed, and fetches its own part where the room has moved on. As
the page's script does, a phone sends again, three seconds later, what was not answered. With --break a worker is
killed (-9) while people place, and PostgreSQL is crashed and started again while they do.

Prints what was acknowledged against what is in the database, the answers' times, how old a card is when phones show
it, and how the processor's time was shared between server, database and load. Exit code 1 where one is lost or doubled,
or, without --break, where a request failed.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from uuid import uuid4

from crowd import Browser
from place import Cluster, Place, cpu_seconds, kill_worker

PORT, CLUSTER_PORT, CARDS, RETRY = 8315, 8316, 20, 3.0
PLACES = ("owners", "users", "choosers", "coproducers", "not-involvement", "unsure")
PREPARE = """
import django; django.setup()
from involvement.actions import hosting
from involvement.actions.base import today
from involvement.models import Organisation, User
home = Organisation.objects.get(slug="northfield")
by = User.objects.get(email="facilitator@northfield.example")
workshop = hosting.plan_workshop(
    organisation=home, by=by, title="Hall", mode="map", purpose="To see", promise="By March", held_on=today()
)
code = hosting.open_door(workshop=workshop, by=by).code
hosting.move(workshop=workshop, by=by, step="gather")
print(code)
"""
MOVE = """
import django; django.setup()
from involvement.actions import hosting
from involvement.models import User, Workshop
by = User.objects.get(email="facilitator@northfield.example")
hosting.move(workshop=Workshop.objects.last(), by=by, step="{step}")
"""
LOOK = """
import django, json; django.setup()
from involvement.models import Card, Participant, Placing, Vote
print(json.dumps([sorted(Participant.objects.values_list("nickname", flat=True)),
    sorted(Card.objects.values_list("text", flat=True)),
    sorted([str(p), str(c), now] for p, c, now in Placing.objects.values_list("participant__nickname", "card", "now")),
    sorted([n, str(c), v] for n, c, v in Vote.objects.values_list("participant__nickname", "card", "number"))]))
"""


class Hall:
    """Everybody's phones, and what was acknowledged to each."""

    def __init__(self, code: str, people: int, every: float, port: int = PORT):
        self.path, self.every = f"/w/{code}/", every
        self.phones = [Browser(port) for _each in range(people)]
        self.times = {"poll": [], "page": [], "deed": [], "join": []}
        self.codes, self.errors = Counter(), []
        self.joined, self.cards, self.placed, self.votes = set(), {}, {}, {}
        self.asks = [f"{self.path}board/?v=0&stage=0"] * people  # what each phone asks next
        self.ages, self.seen = [], [set() for _each in range(people)]
        self.going = True

    async def ask(self, kind: str, phone: Browser, method: str, path: str, form=None, **headers):
        started = time.perf_counter()
        try:
            async with asyncio.timeout(15):  # as the page's script has it
                status, got, body = await phone.ask(method, path, form, **headers)
        except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError) as error:
            self.errors.append(type(error).__name__)
            return 0, {}, b""
        self.times[kind].append(time.perf_counter() - started)
        self.codes[kind, status] += 1
        return status, got, body

    async def insist(self, kind: str, phone: Browser, method: str, path: str, form=None):
        """Ask until there is an answer that is no breakdown, as a phone does with what waits on it."""
        while True:
            status, headers, body = await self.ask(kind, phone, method, path, form)
            if status and status < 500 and status != 429:
                return status, headers, body
            await asyncio.sleep(RETRY)

    async def join(self, number: int, within: float) -> None:
        phone = self.phones[number]
        await asyncio.sleep(random.uniform(0, within))
        await self.insist("join", phone, "GET", self.path)
        said = {"perspective": random.choice(("patient", "staff", "carer")), "nickname": f"n{number}"}
        status, _headers, _body = await self.insist("join", phone, "POST", self.path, {**said, "request_key": uuid4()})
        if status == 302:
            self.joined.add(f"n{number}")
            await self.insist("join", phone, "GET", self.path)

    async def poll(self, number: int) -> None:
        await asyncio.sleep(random.uniform(0, self.every))
        phone = self.phones[number]
        while self.going:
            started = time.perf_counter()
            status, headers, body = await self.ask("poll", phone, "GET", self.asks[number])
            if status == 200:
                self.look(number, body)
                self.asks[number] = body.split(b'data-hx-get="', 1)[1].split(b'"', 1)[0].decode().replace("&amp;", "&")
                if "hx-trigger" in headers:
                    await self.ask("page", phone, "GET", self.path, **{"HX-Request": "true"})
            await asyncio.sleep(max(0, self.every - (time.perf_counter() - started)))

    def look(self, number: int, body: bytes) -> None:
        """Note how old each card is that this phone shows for the first time."""
        now = time.perf_counter()
        for text, written in self.cards.items():
            if text not in self.seen[number] and text.encode() in body:
                self.seen[number].add(text)
                self.ages.append(now - written)

    async def write(self, number: int, within: float) -> None:
        await asyncio.sleep(random.uniform(1, within - 3))
        text, key = f"Card of {number}.", uuid4()
        for twice in (False, True):  # a double press
            form = {"text": text, "request_key": key}
            status, _headers, _body = await self.insist("deed", self.phones[number], "POST", f"{self.path}cards/", form)
            if status == 302 and not twice:
                self.cards[text] = time.perf_counter()

    async def place(self, number: int, cards: list[str], within: float) -> None:
        pause = within / (len(cards) + 2)
        await asyncio.sleep(random.uniform(0, pause))
        for card in [*cards, random.choice(cards)]:
            place = random.choice(PLACES)
            where = f"{self.path}place/{card}/"
            status, _headers, _body = await self.insist("deed", self.phones[number], "POST", where, {"place": place})
            if status == 302:
                self.placed[f"n{number}", card] = place
            await asyncio.sleep(random.uniform(0.5, 1.5) * pause * 0.8)

    async def vote(self, number: int, cards: list[str], within: float) -> None:
        for card, votes in zip(random.sample(cards, 3), (2, 2, 1), strict=True):
            await asyncio.sleep(random.uniform(0, within / 3))
            where = f"{self.path}vote/{card}/"
            status, _headers, _body = await self.insist("deed", self.phones[number], "POST", where, {"number": votes})
            if status == 302:
                self.votes[f"n{number}", card] = votes


async def trouble(server, cluster: Cluster | None, within: float) -> None:
    """Kill a worker; then, where the database is a server, crash it and start it again."""
    await asyncio.sleep(within * 0.3)
    kill_worker(server)
    print("  a worker was killed (-9)")
    if cluster is not None:
        await asyncio.sleep(within * 0.3)
        began = time.perf_counter()
        await asyncio.to_thread(cluster.stop, "immediate")
        await asyncio.to_thread(cluster.start)
        print(f"  PostgreSQL was crashed and started again: {time.perf_counter() - began:.1f} s")


async def evening(hall: Hall, place: Place, asked, server, cluster) -> None:
    """Take the hall through its evening."""
    people, part = range(asked.people), asked.seconds / 4
    began = time.perf_counter()
    await asyncio.gather(*(hall.join(number, asked.join) for number in people))
    print(f"  {len(hall.joined)} joined in {time.perf_counter() - began:.0f} s")
    polls = [asyncio.create_task(hall.poll(number)) for number in people]
    await asyncio.gather(*(hall.write(number, part) for number in list(people)[:CARDS]))
    await asyncio.sleep(2 * hall.every)
    await asyncio.to_thread(place.python, "-c", MOVE.format(step="place"))
    _status, _headers, page = await hall.ask("page", hall.phones[0], "GET", hall.path)
    cards = [each.split(b'/"', 1)[0].decode() for each in page.split(f'action="{hall.path}place/'.encode())[1:]]
    going = [hall.place(number, cards, part * 2) for number in people]
    await asyncio.gather(*going, *([trouble(server, cluster, part * 2)] if asked.breaks else []))
    await asyncio.to_thread(place.python, "-c", MOVE.format(step="vote"))
    await asyncio.gather(*(hall.vote(number, cards, part) for number in people))
    hall.going = False
    await asyncio.gather(*polls)


def main() -> int:
    """Run it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--join", type=float, default=60)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--every", type=float, default=1.0)
    parser.add_argument("--break", action="store_true", dest="breaks")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="involvement-room-") as folder:
        url = os.environ.get("DATABASE_URL", "")
        cluster = Cluster(Path(folder), CLUSTER_PORT) if url.startswith("postgres") else None
        try:
            place = Place(Path(folder), cluster.url if cluster else "", "room")
            place.create()
            return _run(place, cluster, asked)
        finally:
            if cluster:
                cluster.stop("immediate")


def at(values: list[float], *shares: float) -> list[float]:
    """Return the values below which these shares of all lie."""
    ranked = sorted(values) or [0.0]
    return [ranked[min(len(ranked) - 1, int(len(ranked) * share))] for share in shares]


def _run(place: Place, cluster: Cluster | None, asked) -> int:
    place.python("manage.py", "migrate", "--verbosity", "0")
    place.python("manage.py", "demo")
    hall = Hall(place.python("-c", PREPARE).strip(), asked.people, asked.every)
    server = place.serve(PORT)
    print(f"{'PostgreSQL' if cluster else 'SQLite'}, {asked.people} people, a poll every {asked.every:g} s")
    try:
        data = cluster.pid if cluster and not asked.breaks else None  # a new server begins to count anew
        used, base = cpu_seconds(server.pid), cpu_seconds(data) if data else 0.0
        own, began = time.process_time(), time.perf_counter()
        asyncio.run(evening(hall, place, asked, server, cluster))
        used, own, took = cpu_seconds(server.pid) - used, time.process_time() - own, time.perf_counter() - began
        base = cpu_seconds(data) - base if data else 0.0
    finally:
        server.terminate()
        server.wait()
    return _tell(hall, json.loads(place.python("-c", LOOK)), asked, (used, base, own, took))


def _tell(hall: Hall, found: list, asked, spent: tuple[float, ...]) -> int:
    people, cards, placed, votes = found
    kept = {(who, card): where for who, card, where in placed}
    voted = {(who, card): number for who, card, number in votes}
    lost = len(set(hall.cards) - set(cards)) + sum(kept.get(key) != where for key, where in hall.placed.items())
    lost += sum(voted.get(key) != number for key, number in hall.votes.items()) + len(hall.joined - set(people))
    doubled = len(cards) - len(set(cards)) + len(placed) - len(kept) + len(votes) - len(voted)
    again = len(people) - len(set(people))  # joined twice by a phone whose first answer was lost
    failed = {f"{kind} {status}": n for (kind, status), n in hall.codes.items() if status not in (200, 204, 302)}
    print(
        f"  acknowledged: {len(hall.joined)} joined, {len(hall.cards)} cards, {len(hall.placed)} places, "
        f"{len(hall.votes)} votes; lost {lost}, doubled {doubled + again}; "
        f"no answer {dict(Counter(hall.errors))}, other answers {failed}"
    )
    for name, times in hall.times.items():
        p50, p95, p99 = (1000 * each for each in at(times, 0.5, 0.95, 0.99))
        print(f"  {name}: {len(times)} requests, p50 {p50:.0f}, p95 {p95:.0f}, p99 {p99:.0f} ms")
    p50, p95 = at(hall.ages, 0.5, 0.95)
    shown = len(hall.cards) * asked.people
    print(
        f"  a card on the phones: {len(hall.ages)} of {shown} seen, age p50 {p50:.2f}, p95 {p95:.2f} s, "
        f"p95 less 0.95 of the interval {p95 - 0.95 * asked.every:.3f} s"
    )
    used, base, own, took = spent
    new = hall.codes["poll", 200] / max(1, len(hall.times["poll"]))
    print(
        f"  {new:.0%} of the polls brought something new; of {took:.0f} s on {os.cpu_count()} cores: server {used:.0f}"
        f" CPU s, database {base:.0f}, load {own:.0f} ({own / took / (os.cpu_count() or 1):.0%} of the machine)"
    )
    failures = 0 if asked.breaks else len(hall.errors) + len(failed)
    return 1 if lost or doubled + again or failures or len(hall.joined) != asked.people else 0


if __name__ == "__main__":
    sys.exit(main())
