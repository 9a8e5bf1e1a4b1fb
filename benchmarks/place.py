"""A database and a folder of files that a benchmark may throw away, and the production server on them."""

import http.client
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent


class Place:
    """A database and a folder of files that may be thrown away."""

    def __init__(self, folder: Path, url: str, name: str):
        self.folder, self.given = folder, url
        self.name = f"{name}_{os.getpid()}"
        self.is_postgresql = url.startswith("postgres")
        self.url = (
            urlunsplit(urlsplit(url)._replace(path=f"/{self.name}"))
            if self.is_postgresql
            else f"sqlite:///{folder / 'db.sqlite3'}"
        )
        self.environment = os.environ | {
            "DATABASE_URL": self.url, "MEDIA_ROOT": str(folder / "media"), "DEBUG": "1", "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "involvement.settings",
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

    def serve(self, port: int, workers: int = 2) -> subprocess.Popen:
        """Start gunicorn as in production, behind a proxy that speaks HTTPS for it; return it once it answers."""
        environment = self.environment | {
            "DEBUG": "0", "SECRET_KEY": secrets.token_urlsafe(64), "ALLOWED_HOSTS": "127.0.0.1", "TRUSTED_PROXIES": "1",
            "MAIL_HOST": "127.0.0.1", "MAIL_FROM": "x@example.org", "WEB_CONCURRENCY": str(workers),
            "BIND": f"127.0.0.1:{port}", "DJANGO_SETTINGS_MODULE": "involvement.settings",
        }  # fmt: skip
        static = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
        subprocess.run(static, cwd=ROOT, env=environment, check=True)
        return self._served("involvement.wsgi", port, "/readyz", environment)

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
        for _try in range(240):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", ready)
                if connection.getresponse().status == 200:
                    return server
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
    """A PostgreSQL of one's own, that may be stopped in the middle: ``url`` is its server's."""

    def __init__(self, folder: Path, port: int):
        self.data, self.port, self.url = folder / "cluster", port, f"postgres://postgres@127.0.0.1:{port}/postgres"
        self.bin = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        folder.chmod(0o755)
        self.data.mkdir()
        if os.getuid() == 0:
            shutil.chown(self.data, "postgres")
        self._run("initdb", "--pgdata", self.data, "--username", "postgres", "--auth", "trust", "--no-sync")
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write(f"port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n")
        self.start()

    def start(self) -> None:
        self._run("pg_ctl", "start", "--wait", "--pgdata", self.data, "--log", self.data / "log")

    def stop(self, how: str = "fast") -> None:
        """Stop it: "fast" cuts the connections, "immediate" is a crash."""
        self._run("pg_ctl", "stop", "--wait", "--mode", how, "--pgdata", self.data)

    @property
    def pid(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def _run(self, name: str, *arguments) -> None:
        """Run one of PostgreSQL's own programs, as somebody who is not root."""
        user = "postgres" if os.getuid() == 0 else None
        subprocess.run([self.bin / name, *arguments], check=True, user=user, cwd="/", stdout=subprocess.DEVNULL)


def kill_worker(server: subprocess.Popen) -> None:
    """Kill one of the server's workers with a request in its hands, perhaps."""
    os.kill(secrets.choice(_children(server.pid)), signal.SIGKILL)


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process and its children, those that have ended among them, from /proc."""
    total, ticks = 0, os.sysconf("SC_CLK_TCK")
    for each in [pid, *_children(pid)]:
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(field) for field in fields[11:15])
    return total / ticks


def _children(pid: int) -> list[int]:
    try:
        found = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return found + [below for each in found for below in _children(each)]
