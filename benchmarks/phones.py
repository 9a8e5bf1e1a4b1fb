"""What a room full of phones costs: python benchmarks/phones.py [--seconds 20]

The example organisation with an open room in a database of its own (DATABASE_URL's server, else a SQLite file) and
gunicorn with two workers; beside it, in turns, the smallest Django page under the same load. Somebody lays a card
every second, so that polls bring news. Prints, for 300 phones every two seconds, for 300 every second (what the page
does) and for 1,000 every two seconds: the processor's time of a poll against that of the small page, how long polls
take, how old a card is when it is seen; and what it costs to come in, from the code to the cards.
"""

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

from crowd import Browser
from place import Place, cpu_seconds
from room import PREPARE, Hall, at

PORT, HELLO = 8321, 8322
LOADS = ((300, 2.0), (300, 1.0), (1000, 2.0))


def spent(place: Place, server) -> float:
    """Return the CPU seconds of a server and of the database's processes that answer it."""
    return cpu_seconds(server.pid) + sum(cpu_seconds(each) for each in place.backends())


async def greet(port: int, people: int, every: float, seconds: float) -> int:
    """Ask the small page as phones would; return how often."""
    asked, end = 0, time.perf_counter() + seconds

    async def one() -> None:
        nonlocal asked
        browser = Browser(port)
        await asyncio.sleep(random.uniform(0, every))
        while (started := time.perf_counter()) < end:
            await browser.ask("GET", "/hello/")
            asked += 1
            await asyncio.sleep(max(0, every - (time.perf_counter() - started)))

    await asyncio.gather(*(one() for _each in range(people)))
    return asked


async def poll(hall: Hall, seconds: float) -> None:
    """Let all phones poll while the first lays a card every second."""
    hall.going = True
    polls = [asyncio.create_task(hall.poll(number)) for number in range(len(hall.phones))]
    end, number = time.perf_counter() + seconds, 0
    while time.perf_counter() < end:
        started, number = time.perf_counter(), number + 1
        writer, text = number % len(hall.phones), f"News {uuid4().hex[:12]}."
        form = {"text": text, "request_key": uuid4()}
        status, _headers, _body = await hall.ask("deed", hall.phones[writer], "POST", f"{hall.path}cards/", form)
        if status == 302 and time.perf_counter() < end - 2 * hall.every:
            hall.cards[text] = time.perf_counter()
        await asyncio.sleep(max(0, 1 - (time.perf_counter() - started)))
    hall.going = False
    await asyncio.gather(*polls)


def hall_of(place: Place, people: int, every: float) -> Hall:
    """Open a new room and let everybody in, not too fast."""
    hall = Hall(place.python("-c", PREPARE).strip(), people, every, PORT)
    asyncio.run(_all_in(hall, people / 25))
    return hall


async def _all_in(hall: Hall, within: float) -> None:
    await asyncio.gather(*(hall.join(number, within) for number in range(len(hall.phones))))


def measure(place: Place, people: int, every: float, seconds: float) -> dict:
    """Return what a load costs: three turns each of the small page and the room, medians of their ratio."""
    server, hello = place.serve(PORT), place.hello(HELLO)
    try:
        hall, ratios, cores = hall_of(place, people, every), [], []
        asyncio.run(poll(hall, 2 * every))  # each has the room as it is
        hall.times["poll"].clear()
        hall.ages.clear()
        for _turn in range(3):
            used = cpu_seconds(hello.pid)
            asked = asyncio.run(greet(HELLO, people, every, seconds / 2))
            unit = (cpu_seconds(hello.pid) - used) / asked
            used, before, began = spent(place, server), len(hall.times["poll"]), time.perf_counter()
            asyncio.run(poll(hall, seconds))
            used = spent(place, server) - used
            ratios.append(used / (len(hall.times["poll"]) - before) / unit)
            cores.append(used / (time.perf_counter() - began))
        p50, p95 = at(hall.times["poll"], 0.5, 0.95)
        return {
            "phones": people, "every": every, "x_cpu": statistics.median(ratios), "x_cpu_all": sorted(ratios),
            "cores": statistics.median(cores), "p50_ms": 1000 * p50, "p95_ms": 1000 * p95,
            "age_p95": at(hall.ages, 0.95)[0], "ages": len(hall.ages), "errors": len(hall.errors),
            "failed": sum(n for (_kind, status), n in hall.codes.items() if status not in (200, 204, 302)),
        }  # fmt: skip
    finally:
        for each in (server, hello):
            each.terminate()
            each.wait()


def coming_in(place: Place) -> dict:
    """Return what it costs to come in: the code typed, the door, joining, the room; and 300 people within 10 s."""
    server, hello = place.serve(PORT), place.hello(HELLO)
    try:
        ratios = []
        for _turn in range(3):
            used = cpu_seconds(hello.pid)
            asked = asyncio.run(greet(HELLO, 30, 0.1, 4))
            unit = (cpu_seconds(hello.pid) - used) / asked
            hall = Hall(place.python("-c", PREPARE).strip(), 60, 1, PORT)
            used = spent(place, server)
            asyncio.run(_knock(hall, 6))
            ratios.append((spent(place, server) - used) / len(hall.joined) / unit)
        hall = Hall(place.python("-c", PREPARE).strip(), 300, 1, PORT)
        took = asyncio.run(_knock(hall, 10))
        return {
            "x_cpu": statistics.median(ratios), "x_cpu_all": sorted(ratios), "joined": len(hall.joined),
            "p95_s": at(took, 0.95)[0], "request_p95_ms": 1000 * at(hall.times["join"], 0.95)[0],
        }  # fmt: skip
    finally:
        for each in (server, hello):
            each.terminate()
            each.wait()


async def _knock(hall: Hall, within: float) -> list[float]:
    """Let everybody in who types the code, spread over ``within`` seconds; return how long each took."""

    async def one(number: int) -> float:
        await asyncio.sleep(random.uniform(0, within))
        started, phone = time.perf_counter(), hall.phones[number]
        await hall.ask("join", phone, "GET", "/join/")
        await hall.ask("join", phone, "POST", "/join/", {"code": hall.path.split("/")[2]})
        await hall.join(number, 0)
        return time.perf_counter() - started

    return await asyncio.gather(*(one(number) for number in range(len(hall.phones))))


def main() -> int:
    """Run it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="involvement-phones-") as folder:
        place = Place(Path(folder), os.environ.get("DATABASE_URL", ""), "phones")
        place.create()
        try:
            place.python("manage.py", "migrate", "--verbosity", "0")
            place.python("manage.py", "demo")
            print("PostgreSQL" if place.is_postgresql else "SQLite")
            found = [measure(place, people, every, asked.seconds) for people, every in LOADS]
            for each in found:
                print(
                    f"  {each['phones']} phones every {each['every']:g} s: a poll {each['x_cpu']:.2f} x H "
                    f"({', '.join(f'{ratio:.2f}' for ratio in each['x_cpu_all'])}), {each['cores']:.2f} cores, "
                    f"p50 {each['p50_ms']:.0f} ms, p95 {each['p95_ms']:.0f} ms, age p95 {each['age_p95']:.2f} s "
                    f"of {each['ages']}, errors {each['errors'] + each['failed']}"
                )
            come = coming_in(place)
            print(
                f"  coming in: {come['x_cpu']:.1f} x H ({', '.join(f'{ratio:.1f}' for ratio in come['x_cpu_all'])}); "
                f"300 within 10 s: {come['joined']} in, p95 {come['p95_s']:.2f} s from code to cards, "
                f"a request {come['request_p95_ms']:.0f} ms"
            )
        finally:
            place.drop()
    return 1 if any(each["errors"] + each["failed"] for each in found) or come["joined"] != 300 else 0


if __name__ == "__main__":
    sys.exit(main())
