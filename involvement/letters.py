"""Sending letters beside the request: whoever waits for the page does not wait for the mail server.

So a page takes no longer for an address that has an account (which gets a letter) than for one that has not. A letter
leaves after the transaction in which it was written, and never where that one was taken back.
"""

import logging
from concurrent.futures import Future, ThreadPoolExecutor

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.console import EmailBackend
from django.db import transaction

log = logging.getLogger("involvement.letters")
_post_office = ThreadPoolExecutor(max_workers=2, thread_name_prefix="letters")  # ends its work when the server stops


def post(letter: EmailMessage) -> None:
    """Send ``letter`` soon, once the running transaction stands.

    What goes wrong is logged by its kind, and raised only where settings.LETTERS_WAIT.
    """
    if settings.LETTERS_WAIT:
        letter.send()
    else:
        transaction.on_commit(lambda: _post_office.submit(letter.send).add_done_callback(_note))


class ConsoleBackend(EmailBackend):
    """Prints letters as they are read: as they are sent, a long link is broken in two."""

    def write_message(self, message):
        """Print one letter."""
        line = "-" * 79
        self.stream.write(f"To: {', '.join(message.to)}\nSubject: {message.subject}\n\n{message.body}\n{line}\n")


def _note(sent: Future) -> None:
    if sent.exception() is not None:
        log.error("a letter was not sent", exc_info=sent.exception())
