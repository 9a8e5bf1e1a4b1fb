"""Asking again for a page while the database restarts, in place of an error that asks people to do so.

Only what reads is asked again: a form that was sent may have been written before the connection was lost.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable

from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError

LONGEST = 8.0  # seconds: a database that is not back by then is not restarting
PAUSE = 0.25  # seconds
AT_ONCE = 3  # requests of a process that wait: of gunicorn's four threads one stays free, for /healthz

_here = threading.local()
_chairs = threading.BoundedSemaphore(AT_ONCE)


def _note(**_about) -> None:
    _here.lost = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)


class Patient:
    """A WSGI application in front of ``application``: a GET that lost the database is made again, for a while."""

    def __init__(self, application: Callable):
        self.application = application
        got_request_exception.connect(_note)

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self.application(environ, start_response)
        answer, started = self._ask(environ)
        if _here.lost and _chairs.acquire(blocking=False):
            try:
                end = time.monotonic() + LONGEST
                while _here.lost and time.monotonic() < end:
                    answer.close()
                    time.sleep(PAUSE)
                    answer, started = self._ask(environ)
            finally:
                _chairs.release()
        start_response(*started)
        return answer

    def _ask(self, environ: dict) -> tuple[Iterable[bytes], tuple]:
        """Return an answer, and with what it would have been started."""
        _here.lost, started = False, []
        answer = self.application(environ, lambda *begun: started.append(begun))
        return answer, started[-1]
