"""A database and a folder of files that a benchmark may throw away, and the production server on them."""

import contextlib
import http.client
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent


class Place:
    """A database and a folder of files that may be thrown away."""

    def __init__(self, folder: Path, url: str, name: str):
        self.folder, self.given, self.secret = folder, url, secrets.token_urlsafe(64)
        self.name, self.collected = f"{name}_{os.getpid()}", False
        self.is_postgresql = url.startswith("postgres")
        self.url = (
            urlunsplit(urlsplit(url)._replace(path=f"/{self.name}"))
            if self.is_postgresql
            else f"sqlite:///{folder / 'db.sqlite3'}"
        )
        self.environment = os.environ | {
            "DATABASE_URL": self.url, "MEDIA_ROOT": str(folder / "media"), "DEBUG": "1", "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "involvement.settings",
            # as an installation has them: our own modules compiled once, as everybody else's are
            "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
        }  # fmt: skip

    def create(self) -> None:
        if self.is_postgresql:
            self._sql(f"CREATE DATABASE {self.name}")

    def drop(self) -> None:
        if self.is_postgresql:
            self._sql(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    def wipe(self) -> None:
        self.drop()
        self.create()
        for path in self.folder.glob("db.sqlite3*"):
            path.unlink()
        shutil.rmtree(self.folder / "media")

    def _sql(self, statement: str) -> None:
        import psycopg2

        connection = psycopg2.connect(self.given)
        connection.autocommit = True
        connection.cursor().execute(statement)
        connection.close()

    def python(self, *arguments: str) -> str:
        ran = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True
        )
        if ran.returncode:
            raise SystemExit(ran.stderr)
        return ran.stdout

    def start(self, *arguments: str, out) -> subprocess.Popen:
        return subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=self.environment, stdout=out)

    def serve(
        self, port: int, workers: int = 2, app: str = "involvement.wsgi", **changes: str
    ) -> subprocess.Popen:
        """Start gunicorn as in production, behind a proxy that speaks HTTPS for it; return it once it is ready.

        ``changes`` are variables of its environment. All that one place serves have the same secret.
        """
        environment = self.environment | {
            "DEBUG": "0", "SECRET_KEY": self.secret, "ALLOWED_HOSTS": "127.0.0.1", "TRUSTED_PROXIES": "1",
            "MAIL_HOST": "127.0.0.1", "MAIL_FROM": "x@example.org", "WEB_CONCURRENCY": str(workers),
            "BIND": f"127.0.0.1:{port}", "DJANGO_SETTINGS_MODULE": "involvement.settings",
        } | changes  # fmt: skip
        if not self.collected:
            static = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
            subprocess.run(static, cwd=ROOT, env=environment, check=True)
            self.collected = True
        return self._served(app, port, "/readyz", environment)

    def hello(self, port: int) -> subprocess.Popen:
        """Start the smallest Django page in the same process model; return it once it answers."""
        environment = self.environment | {
            "PYTHONPATH": str(ROOT / "benchmarks"), "WEB_CONCURRENCY": "2", "BIND": f"127.0.0.1:{port}",
        }  # fmt: skip
        return self._served("hello:application", port, "/hello/", environment)

    def _served(self, app: str, port: int, ready: str, environment: dict) -> subprocess.Popen:
        command = [sys.executable, "-m", "gunicorn", app]
        log = (self.folder / "server.log").open("ab")
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        self.wait_until_ready(port, ready)
        return server

    def wait_until_ready(self, port: int, ready: str = "/readyz") -> None:
        """Wait for the server's own word that it can do its work; SystemExit with its log after a minute."""
        for _try in range(240):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", ready)
                if connection.getresponse().status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.25)
        raise SystemExit((self.folder / "server.log").read_text()[-4000:])

    def backends(self) -> list[int]:
        """Return the processes of PostgreSQL that answer this database now; none for SQLite, which has none."""
        if not self.is_postgresql:
            return []
        found = []
        for each in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                said = each.read_bytes().replace(b"\0", b" ")
            except OSError:
                continue
            if said.startswith(b"postgres:") and f" {self.name} ".encode() in said:
                found.append(int(each.parent.name))
        return found


class Cluster:
    """A PostgreSQL of one's own, that may be stopped in the middle: ``url`` is its server's.

    As a ``copy_of`` another it is a hot standby, which takes over what the other writes as it comes.
    """

    def __init__(self, folder: Path, port: int, copy_of: "Cluster | None" = None):
        self.data, self.port, self.url = folder / "cluster", port, f"postgres://postgres@127.0.0.1:{port}/postgres"
        self.user = "postgres" if os.getuid() == 0 else None
        self.bin = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        self.data.mkdir(mode=0o700)
        if self.user:
            shutil.chown(self.data, self.user)
        if copy_of is None:
            self._run("initdb", "--pgdata", self.data, "--username", "postgres", "--auth", "trust", "--no-sync")
        else:
            source = f"host=127.0.0.1 port={copy_of.port} user=postgres"
            self._run("pg_basebackup", "--pgdata", self.data, "--dbname", source, "--write-recovery-conf",
                      "--checkpoint", "fast", "--no-sync")  # fmt: skip
        self._write("listen_addresses", "127.0.0.1")
        self._write("unix_socket_directories", "")
        self._write("port", str(port))
        self._write("synchronous_standby_names", "")  # a copy does not wait for one of its own
        self.start()

    def set(self, name: str, value: str) -> None:
        """Change a setting of the running server."""
        self._write(name, value)
        self._run("pg_ctl", "reload", "--pgdata", self.data)

    def start(self) -> None:
        """Start it and wait until it answers. As a child of ours it leaves no process id behind when it is killed."""
        with (self.data / "log").open("ab") as log:
            self.server = subprocess.Popen([self.bin / "postgres", "-D", self.data], user=self.user, cwd="/",
                                           stdout=log, stderr=log)  # fmt: skip
        for _try in range(600):
            if self.answers():
                return
            time.sleep(0.05)
        raise SystemExit((self.data / "log").read_text()[-4000:])

    def answers(self) -> bool:
        command = [self.bin / "pg_isready", "--quiet", "--host=127.0.0.1", f"--port={self.port}"]
        return subprocess.run(command).returncode == 0

    def stop(self, how: str = "fast") -> None:
        """Stop it where it runs: "fast" cuts the connections, "immediate" is a crash."""
        if self.server.poll() is None:
            self._run("pg_ctl", "stop", "--wait", "--mode", how, "--pgdata", self.data)
            self.server.wait()

    def kill(self) -> None:
        """Kill it (-9) with all its processes."""
        kill(self.pid)
        self.server.wait()

    def promote(self) -> None:
        """Make a standby the one that is written to."""
        self._run("pg_ctl", "promote", "--wait", "--pgdata", self.data)

    @property
    def pid(self) -> int:
        return self.server.pid

    def _write(self, name: str, value: str) -> None:
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write(f"{name} = '{value}'\n")

    def _run(self, name: str, *arguments) -> None:
        """Run one of PostgreSQL's own programs, as somebody who is not root."""
        subprocess.run([self.bin / name, *arguments], check=True, user=self.user, cwd="/", stdout=subprocess.DEVNULL)


def free_ports(number: int) -> list[int]:
    """Return ports that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _each in range(number)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def kill(pid: int) -> None:
    """Kill (-9) a server and all its processes."""
    for each in [pid, *children(pid)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


def kill_worker(server: subprocess.Popen) -> None:
    """Kill one of the server's workers with a request in its hands, perhaps."""
    os.kill(secrets.choice(children(server.pid)), signal.SIGKILL)


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process and its children, those that have ended among them, from /proc."""
    total, ticks = 0, os.sysconf("SC_CLK_TCK")
    for each in [pid, *children(pid)]:
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(field) for field in fields[11:15])
    return total / ticks


def children(pid: int) -> list[int]:
    try:
        found = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return found + [below for each in found for below in children(each)]
