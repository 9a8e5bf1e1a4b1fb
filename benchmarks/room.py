"""A hall full of phones: python benchmarks/room.py [--people 300] [--join 60] [--seconds 100]

The example organisation in a database of its own (DATABASE_URL's server, else a SQLite file), gunicorn with two
workers, and a browser with its own cookies for each person. All join, some write a card, everybody places every card
and changes their mind once, everybody gives votes; meanwhile every phone asks every two seconds whether something has
changed. Prints what was acknowledged against what is in the database, the answers' times, and how the processor's time
was shared between server and load. Exit code 1 where one is lost or doubled, or a request failed.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from uuid import uuid4

from crowd import Browser
from place import Place, cpu_seconds

PORT, CARDS, EVERY = 8315, 20, 2.0
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
print(hosting.open_door(workshop=workshop, by=by).code)
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
print(json.dumps([Participant.objects.count(), sorted(Card.objects.values_list("text", flat=True)),
    sorted([str(p), str(c), now] for p, c, now in Placing.objects.values_list("participant__nickname", "card", "now")),
    sorted([n, str(c), v] for n, c, v in Vote.objects.values_list("participant__nickname", "card", "number"))]))
"""


class Hall:
    """Everybody's phones, and what was acknowledged to each."""

    def __init__(self, code: str, people: int):
        self.path = f"/w/{code}/"
        self.phones = [Browser(PORT) for _each in range(people)]
        self.times, self.codes, self.errors = {"poll": [], "deed": [], "join": []}, Counter(), []
        self.joined, self.cards, self.placed, self.votes = set(), [], {}, {}
        self.going = True

    async def ask(self, kind: str, phone: Browser, method: str, path: str, form=None):
        started = time.perf_counter()
        try:
            status, headers, body = await phone.ask(method, path, form)
        except (OSError, asyncio.IncompleteReadError) as error:
            self.errors.append(repr(error))
            return 0, {}, b""
        self.times[kind].append(time.perf_counter() - started)
        self.codes[kind, status] += 1
        return status, headers, body

    async def join(self, number: int, within: float) -> None:
        phone = self.phones[number]
        await asyncio.sleep(random.uniform(0, within))
        await self.ask("join", phone, "GET", self.path)
        said = {"perspective": random.choice(("patient", "staff", "carer")), "nickname": f"n{number}"}
        status, _headers, _body = await self.ask("join", phone, "POST", self.path, {**said, "request_key": uuid4()})
        if status == 302:
            self.joined.add(number)
            await self.ask("join", phone, "GET", self.path)

    async def poll(self, number: int) -> None:
        await asyncio.sleep(random.uniform(0, EVERY))
        where = f"{self.path}board/?v=0&stage=0"
        while self.going:
            started = time.perf_counter()
            status, _headers, body = await self.ask("poll", self.phones[number], "GET", where)
            if status == 200:
                where = body.split(b'data-hx-get="', 1)[1].split(b'"', 1)[0].decode().replace("&amp;", "&")
            await asyncio.sleep(max(0, EVERY - (time.perf_counter() - started)))

    async def write(self, number: int, within: float) -> None:
        await asyncio.sleep(random.uniform(0, within))
        text, key = f"Card of {number}", uuid4()
        for _twice in range(2):  # a double press
            form = {"text": text, "request_key": key}
            status, _headers, _body = await self.ask("deed", self.phones[number], "POST", f"{self.path}cards/", form)
        if status == 302:
            self.cards.append(text)

    async def place(self, number: int, cards: list[str], within: float) -> None:
        pause = within / (len(cards) + 2)
        await asyncio.sleep(random.uniform(0, pause))
        for card in [*cards, random.choice(cards)]:
            place = random.choice(PLACES)
            where = f"{self.path}place/{card}/"
            status, _headers, _body = await self.ask("deed", self.phones[number], "POST", where, {"place": place})
            if status == 302:
                self.placed[f"n{number}", card] = place
            await asyncio.sleep(random.uniform(0.5, 1.5) * pause * 0.8)

    async def vote(self, number: int, cards: list[str], within: float) -> None:
        for card, votes in zip(random.sample(cards, 3), (2, 2, 1), strict=True):
            await asyncio.sleep(random.uniform(0, within / 3))
            where = f"{self.path}vote/{card}/"
            status, _headers, _body = await self.ask("deed", self.phones[number], "POST", where, {"number": votes})
            if status == 302:
                self.votes[f"n{number}", card] = votes


async def evening(hall: Hall, place: Place, asked) -> None:
    """Take the hall through its evening."""
    people, part = range(asked.people), asked.seconds / 4
    await asyncio.gather(*(hall.join(number, asked.join) for number in people))
    polls = [asyncio.create_task(hall.poll(number)) for number in people]
    await asyncio.gather(*(hall.write(number, part) for number in list(people)[:CARDS]))
    await asyncio.to_thread(place.python, "-c", MOVE.format(step="place"))
    _status, _headers, page = await hall.phones[0].ask("GET", hall.path)
    cards = [each.split(b'/"', 1)[0].decode() for each in page.split(f'action="{hall.path}place/'.encode())[1:]]
    await asyncio.gather(*(hall.place(number, cards, part * 2) for number in people))
    await asyncio.to_thread(place.python, "-c", MOVE.format(step="vote"))
    await asyncio.gather(*(hall.vote(number, cards, part) for number in people))
    hall.going = False
    await asyncio.gather(*polls)


def main() -> int:
    """Run it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--join", type=float, default=60)
    parser.add_argument("--seconds", type=float, default=100)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="involvement-room-") as folder:
        place = Place(Path(folder), os.environ.get("DATABASE_URL", ""), "room")
        place.create()
        try:
            return _run(place, asked)
        finally:
            place.drop()


def _run(place: Place, asked) -> int:
    import json

    place.python("manage.py", "migrate", "--verbosity", "0")
    place.python("manage.py", "demo")
    hall = Hall(place.python("-c", PREPARE).strip(), asked.people)
    server = place.serve(PORT)
    try:
        used, own, began = cpu_seconds(server.pid), time.process_time(), time.perf_counter()
        asyncio.run(evening(hall, place, asked))
        used, own, took = cpu_seconds(server.pid) - used, time.process_time() - own, time.perf_counter() - began
    finally:
        server.terminate()
        server.wait()
    people, cards, placed, votes = json.loads(place.python("-c", LOOK))
    kept = {(who, card): where for who, card, where in placed}
    voted = {(who, card): number for who, card, number in votes}
    lost = len(set(hall.cards) - set(cards)) + sum(kept.get(key) != where for key, where in hall.placed.items())
    lost += sum(voted.get(key) != number for key, number in hall.votes.items()) + max(0, len(hall.joined) - people)
    doubled = len(cards) - len(set(cards)) + len(placed) - len(kept) + max(0, people - asked.people)
    failed = {str(key): number for key, number in hall.codes.items() if key[1] not in (200, 204, 302)}
    kind = "PostgreSQL" if place.is_postgresql else "SQLite"
    print(
        f"{kind}, {asked.people} people in {took:.0f} s: {len(hall.joined)} joined, {len(hall.cards)} cards, "
        f"{len(hall.placed)} places, {len(hall.votes)} votes acknowledged; lost {lost}, doubled {doubled}, "
        f"errors {len(hall.errors)}, other answers {failed}"
    )
    for name, times in hall.times.items():
        ranked = sorted(times)
        at = [ranked[int(len(ranked) * share)] * 1000 for share in (0.5, 0.95, 0.99)]
        print(f"  {name}: {len(ranked)} requests, p50 {at[0]:.0f}, p95 {at[1]:.0f}, p99 {at[2]:.0f} ms")
    unchanged = hall.codes["poll", 204] / max(1, len(hall.times["poll"]))
    print(f"  {unchanged:.0%} of the polls found nothing new; server {used:.0f} CPU s, load {own:.0f}, of {took:.0f} s")
    return 1 if lost or doubled or hall.errors or failed or len(hall.joined) != asked.people else 0


if __name__ == "__main__":
    sys.exit(main())
