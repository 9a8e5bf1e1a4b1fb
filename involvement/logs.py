"""What goes into the logs: enough to find a fault, nothing about a person.

A line is one JSON object: time, level, logger, event, request id, and for a finished request its route name (never its
path, which may carry a code), method, status, milliseconds, the organisation's id and a keyed hash of the user. Of
other libraries' messages only the fixed text is kept, of an exception its type and where it happened: their arguments
are what people typed.
"""

import json
import logging
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime

from django.utils.crypto import salted_hmac

request_id: ContextVar[str] = ContextVar("request_id", default="")

FIELDS = ("route", "method", "status", "ms", "organisation", "user")


_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def lettered(hexadecimal: str) -> str:
    """Return hexadecimal digits as letters only: ten figures in a row would look like somebody's NHS number."""
    return hexadecimal.translate(_LETTERS)


def user_hash(user_id: int | str | None) -> str:
    """Return what stands for a user in the logs: the same for the same person, meaningless without SECRET_KEY."""
    if user_id is None:
        return ""
    return lettered(salted_hmac("involvement.logs", str(user_id), algorithm="sha256").hexdigest()[:16])


def _of_others(record: logging.LogRecord) -> str:
    """Return another library's message without its arguments; where it is one finished text, the place in the code."""
    if record.args and isinstance(record.msg, str):
        return record.msg
    return f"{record.module}.{record.funcName}, line {record.lineno}"


class RequestFilter(logging.Filter):
    """Put the running request's id on every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)  # Django names it where it logs after the request is over
        record.request_id = request_id.get() or getattr(request, "id", "")
        return True


class JSONFormatter(logging.Formatter):
    """Write a record as one line of JSON that names nobody."""

    def format(self, record: logging.LogRecord) -> str:
        ours = record.name == "involvement" or record.name.startswith("involvement.")
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage() if ours else _of_others(record),
            "request_id": getattr(record, "request_id", ""),
        }
        line |= {name: getattr(record, name) for name in FIELDS if ours and hasattr(record, name)}
        if not ours and isinstance(getattr(record, "status_code", None), int):
            line["status"] = record.status_code
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = f"{record.exc_info[0].__module__}.{record.exc_info[0].__qualname__}"
            frames = traceback.extract_tb(record.exc_info[2])
            line["where"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        return json.dumps(line, ensure_ascii=False)
