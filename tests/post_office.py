"""A mail server on this machine that keeps what it is sent: real SMTP, to which Django's own backend speaks."""

from __future__ import annotations

import re
import socket
import time
from contextlib import contextmanager
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller


class PostOffice:
    """Keeps every letter; ``port`` is where it listens."""

    def __init__(self):
        self.letters: list = []

    async def handle_DATA(self, _server, _session, envelope):
        letter = message_from_bytes(envelope.content, policy=policy.default)
        letter.sent_to = envelope.rcpt_tos
        self.letters.append(letter)
        return "250 kept"

    def newest(self, subject: str, seconds: float = 10):
        """Return the newest letter with this subject; wait for it a little."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = [each for each in self.letters if each["Subject"] == f"Involvement Map: {subject}"]
            if found:
                return found[-1]
            time.sleep(0.05)
        raise AssertionError(f"no letter “{subject}” among {[each['Subject'] for each in self.letters]}")


def text_of(letter) -> str:
    """Return what the letter says, which is its plain text."""
    return letter.get_body(("plain",)).get_content()


def links_in(letter) -> list[str]:
    """Return every web address that the letter names."""
    return re.findall(r"https?://\S+", text_of(letter))


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def open_office():
    """Run a mail server on a free port of this machine; give the PostOffice."""
    office = PostOffice()
    office.port = free_port()
    controller = Controller(office, hostname="127.0.0.1", port=office.port)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()


def mailers(port: int) -> dict:
    """Return the setting MAILERS that speaks to a mail server on this machine."""
    options = {"host": "127.0.0.1", "port": port, "timeout": 10}
    return {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}
