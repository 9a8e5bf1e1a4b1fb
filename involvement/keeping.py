"""Whole pages, kept for whoever may see the same, until the organisation is written to.

A page of an organisation is decided by what the organisation holds, the day, the roles of who looks and the address.
Every action raises the organisation's version in its own transaction (actions.base.writing), so a page that is kept
under the version that was read before it was drawn is never older than its key. Kept pages lie in the process's own
memory and go nowhere else.

Never kept: a page that says something once ("Your changes are saved"), a page with a form's key of its own, anything
but a plain 200. Whose pages are kept at all is access.py's to say. The token against forged requests is another on
every page: a stand-in lies in its place, and is replaced on the way out.
"""

from __future__ import annotations

import secrets
from hashlib import sha256

from django.conf import settings
from django.contrib.messages import get_messages
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils import timezone
from django.utils.translation import get_language

STAND_IN = secrets.token_hex(32)  # nobody can write it into a page: it is another in every process
OF_ONE_FORM = b'name="request_key"'


def asked(request: HttpRequest, whose: str) -> str | None:
    """Return the key of the page that ``request`` asks for; None where it may be neither kept nor taken.

    ``whose`` says all that decides what is seen, beside the day and the address: organisation, version, rights.
    """
    if not settings.KEEP_PAGES_SECONDS or request.method not in ("GET", "HEAD") or len(get_messages(request)):
        return None
    part = request.headers.get("HX-Request", "")
    said = (whose, timezone.localdate().isoformat(), get_language(), part, request.get_full_path())
    return sha256("\0".join(said).encode()).hexdigest()


def kept(request: HttpRequest, key: str) -> HttpResponse | None:
    """Return the page that is kept under ``key``, made this request's own; None where there is none.

    Where there is none, the page that is drawn for ``request`` from now on gets the stand-in: ``keep`` takes it out.
    """
    page = caches["pages"].get(key)
    if page is None:
        request.stands_in = True
        return None
    content, content_type = page
    return HttpResponse(_own(request, content), content_type=content_type)


def keep(request: HttpRequest, key: str, response: HttpResponse) -> HttpResponse:
    """Keep the page that was drawn for ``request``, if it may be kept; return it as this request's own."""
    if response.streaming:
        return response
    content = response.content
    if response.status_code == 200 and not response.cookies and OF_ONE_FORM not in content:
        caches["pages"].set(key, (content, response["Content-Type"]), settings.KEEP_PAGES_SECONDS)
    response.content = _own(request, content)
    return response


def stand_in(request: HttpRequest) -> dict[str, str]:
    """Give templates the stand-in in place of the token, while a page is drawn that may be kept."""
    return {"csrf_token": STAND_IN} if getattr(request, "stands_in", False) else {}


def _own(request: HttpRequest, content: bytes) -> bytes:
    if STAND_IN.encode() not in content:
        return content
    return content.replace(STAND_IN.encode(), get_token(request).encode())
