"""Two web processes, two databases, and what breaks: python benchmarks/two_machines.py [--people 9] [--seconds 30]

In a temporary folder and on free ports, for real: a PostgreSQL primary and a synchronous replica (`remote_apply`), two
gunicorns that connect as the role of production, and nginx with the configuration of deploy/, only its addresses
changed. Sessions lie in the database; limits and cache there too, or in the Redis that REDIS_URL names, and then pages
are read from the replica (REPLICA_URL): how many transactions it answered is said before it takes over. People sign in
over HTTPS and go on writing and reading while one thing after another is taken from them. A DATABASE_URL that names
both databases and asks for the one that can be written to is all else that the app knows. Needs nginx, openssl and
PostgreSQL's programs.

kill -9 web        one web process with all its workers is killed, and started again after a third of the time
stop web           one after the other is stopped gently (SIGTERM) and started again, six times
restart database   the primary is stopped (fast) and started
lose the primary   the primary is killed (-9) and never comes back; the replica is promoted
new replica        in the place of the lost one a replica is made under load, and the primary waits for it again

--only does one of them alone, by its name. --asynchronous is the test of this test: the primary does not wait, and the
replica is away for three seconds before it is lost. Something has to be lost then. Prints a row a phase, and exits with
1 where a figure is missed.
"""

import argparse
import asyncio
import os
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from desks import LOOK, Desks, Limits, report
from place import ROOT, Cluster, Place, free_ports, kill

AWAY, NGINX_LOOKS_AGAIN, STOPS = 3.0, 5.0, 6  # seconds, seconds, times


class Machines:
    """The two databases, the two web processes and nginx before them."""

    def __init__(self, folder: Path, synchronous: bool):
        folder.chmod(0o755)
        self.folder, self.synchronous = folder, synchronous
        *self.web_ports, self.port, plain, first, second = free_ports(6)
        self.webs: list[subprocess.Popen | None] = [None, None]
        self.primary = Cluster(folder / "first", first)
        self.place = Place(folder, self.primary.url, "two_machines")
        self.replica, self.copy = Cluster(folder / "second", second, copy_of=self.primary), f"127.0.0.1:{second}"
        for each in (self.primary, self.replica):
            each.set("synchronous_commit", "remote_apply")
            each.set("wal_retrieve_retry_interval", "250ms")  # writes wait until the replica is back: by default 5 s
        if synchronous:
            self.primary.set("synchronous_standby_names", "*")
        self.url = (
            f"postgres://involvement_app@/{self.place.name}?host=127.0.0.1,127.0.0.1&port={first},{second}"
            "&target_session_attrs=read-write&connect_timeout=2"
        )
        self.nginx = self._nginx(plain)

    def fill(self, people: int) -> None:
        """Make the database, its role and the people, and start the web processes."""
        self.place.create()
        self.place.python("manage.py", "migrate", "--verbosity", "0")
        self.place.python("manage.py", "demo")
        self.place.python("-c", Desks.prepare(people))
        server = {"PGHOST": "127.0.0.1", "PGPORT": str(self.primary.port), "POSTGRES_USER": "postgres"}
        names = {"POSTGRES_DB": self.place.name, "APP_PASSWORD": self.place.secret}
        subprocess.run(["/bin/sh", ROOT / "deploy" / "roles.sh"], env=os.environ | server | names, check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        for number in range(2):
            self.serve(number)

    def serve(self, number: int) -> None:
        shared = {"DATABASE_URL": self.url}
        if os.environ.get("REDIS_URL"):
            shared["REPLICA_URL"] = f"postgres://involvement_app@{self.copy}/{self.place.name}?connect_timeout=2"
        self.webs[number] = self.place.serve(self.web_ports[number], **shared)

    def read_there(self) -> int:
        """Return how many transactions the replica has answered in this database."""
        statement = f"SELECT xact_commit FROM pg_stat_database WHERE datname = '{self.place.name}'"  # noqa: S608
        command = [self.replica.bin / "psql", "-AtX", self.replica.url, "-c", statement]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    def rows(self) -> str:
        """Return the activities, as desks.LOOK prints them, from the database that is written to now."""
        self.place.environment["DATABASE_URL"] = f"{self.primary.url.rpartition('/')[0]}/{self.place.name}"
        return self.place.python("-c", LOOK)

    @property
    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.folder / "fullchain.pem")

    def close(self) -> None:
        for each in (*self.webs, self.nginx):
            if each is not None:
                kill(each.pid)
                each.wait()
        for each in (self.primary, self.replica):
            each.stop("immediate")

    def _nginx(self, plain: int) -> subprocess.Popen:
        certificate = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
        files = ["-keyout", self.folder / "privkey.pem", "-out", self.folder / "fullchain.pem"]
        subprocess.run(["/usr/bin/openssl", *certificate.split(), "-addext", "subjectAltName=IP:127.0.0.1", *files],
                       check=True, capture_output=True)  # fmt: skip
        text = (ROOT / "deploy" / "nginx.conf").read_text()
        kept = "".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in
                       ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))  # fmt: skip
        for ours, here in {
            "http {": "http {" + kept, "listen 80 ": f"listen 127.0.0.1:{plain} ",
            "listen 443 ": f"listen 127.0.0.1:{self.port} ", "web-1:8000": f"127.0.0.1:{self.web_ports[0]}",
            "web-2:8000": f"127.0.0.1:{self.web_ports[1]}", "/etc/nginx/tls": str(self.folder),
            "/etc/nginx/pages": str(ROOT / "deploy"), "/tmp/nginx.pid": f"{self.folder}/nginx.pid",  # noqa: S108
        }.items():  # fmt: skip
            if ours not in text:
                raise SystemExit(f"deploy/nginx.conf no longer says {ours!r}")
            text = text.replace(ours, here)
        (self.folder / "nginx.conf").write_text(text)
        log = (self.folder / "nginx.log").open("ab")
        command = ["/usr/sbin/nginx", "-c", self.folder / "nginx.conf", "-g", "daemon off;"]
        return subprocess.Popen(command, stdout=log, stderr=log)


class Drill:
    """What is done to the machines while people work; each notes in its phase how long it took."""

    def __init__(self, machines: Machines, desks: Desks, seconds: float):
        self.machines, self.desks, self.seconds = machines, desks, seconds

    def say(self, words: str) -> None:
        self.desks.phases[-1].said.append(words)

    async def kill_web(self) -> None:
        web = self.machines.webs[0]
        kill(web.pid)
        web.wait()
        await asyncio.sleep(self.seconds / 3)
        await asyncio.to_thread(self.machines.serve, 0)

    async def stop_web(self) -> None:
        took = []
        for number in range(STOPS):
            web, began = self.machines.webs[number % 2], time.perf_counter()
            web.terminate()
            await asyncio.to_thread(web.wait)
            took.append(time.perf_counter() - began)
            await asyncio.to_thread(self.machines.serve, number % 2)
            await asyncio.sleep(NGINX_LOOKS_AGAIN)
        self.say(f"stopped {STOPS} times, each after {max(took):.1f} s at most")

    async def restart_database(self) -> None:
        began = time.perf_counter()
        await asyncio.to_thread(self.machines.primary.stop)
        await asyncio.to_thread(self.machines.primary.start)
        self.say(f"took {time.perf_counter() - began:.1f} s")

    async def lose_primary(self) -> None:
        machines = self.machines
        if not machines.synchronous:
            await asyncio.to_thread(machines.replica.stop)
            await asyncio.sleep(AWAY)
        if os.environ.get("REDIS_URL"):
            self.say(f"{machines.read_there()} transactions read from the replica before")
        began = time.perf_counter()
        machines.primary.kill()
        if not machines.synchronous:
            await asyncio.to_thread(machines.replica.start)
        await asyncio.to_thread(machines.replica.promote)
        self.say(f"promoted {time.perf_counter() - began:.1f} s after the loss")
        machines.primary, machines.replica = machines.replica, machines.primary

    async def new_replica(self) -> None:
        machines, began = self.machines, time.perf_counter()
        machines.replica = await asyncio.to_thread(
            Cluster, machines.folder / "third", machines.replica.port, machines.primary
        )
        if machines.synchronous:
            machines.primary.set("synchronous_standby_names", "*")
        self.say(f"there after {time.perf_counter() - began:.1f} s")


def main() -> int:
    """Run it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--asynchronous", action="store_true")
    parser.add_argument("--only", help="do nothing else but this phase")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="involvement-machines-") as folder:
        machines = Machines(Path(folder), not asked.asynchronous)
        try:
            machines.fill(asked.people)
            return 0 if asyncio.run(_run(machines, asked)) else 1
        finally:
            machines.close()


async def _run(machines: Machines, asked) -> bool:
    desks = Desks(machines.port, asked.people, machines.tls)
    await desks.sign_in()
    drill = Drill(machines, desks, asked.seconds)
    deeds = {
        "nothing": None, "kill -9 web": drill.kill_web, "stop web": drill.stop_web,
        "restart database": drill.restart_database, "lose the primary": drill.lose_primary,
        "new replica": drill.new_replica,
    }  # fmt: skip
    await desks.work([(name, asked.seconds, deed) for name, deed in deeds.items() if asked.only in (None, name)])
    how = "synchronous" if machines.synchronous else "asynchronous"
    print(f"two web processes behind nginx, PostgreSQL with a replica ({how}), {asked.people} people")
    limits = {
        "nothing": Limits(0, 0),
        "kill -9 web": Limits(0, asked.people, 3),
        "stop web": Limits(0, 0, 3),
        "restart database": Limits(0, asked.people, 10),
        "lose the primary": Limits(None, None, 15),
        "new replica": Limits(0, 0),
    }
    return report(desks.phases, machines.rows(), limits)


if __name__ == "__main__":
    sys.exit(main())
