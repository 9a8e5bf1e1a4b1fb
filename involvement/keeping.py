"""Whole pages, kept for whoever may see the same, until what they show is written to.

A page of an organisation is decided by what the organisation holds, the day, the roles of who looks and the address.
Every action raises the organisation's version in its own transaction (actions.base.writing), so a page that is kept
under the version that was read before it was drawn is never older than its key. The same goes for a room and the
room's version. Kept pages lie in the process's own memory and go nowhere else.

Never kept: a page that says something once ("Your changes are saved"), and anything but a plain 200. Whose pages are
kept at all is for the caller to say (access.py, views.rooms). The token against forged requests and the keys of forms
are others on every page: stand-ins lie in their places, and are replaced on the way out.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from hashlib import sha256
from uuid import uuid4

from django.conf import settings
from django.contrib.messages import get_messages
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils import timezone
from django.utils.translation import get_language

# Nobody can write these into a page: they are others in every process.
TOKEN, KEY = (secrets.token_hex(32) for _each in range(2))
OF_A_FORM = re.compile(rb'(name="request_key" value=")[0-9a-f-]{36}(?=")')


def page(
    request: HttpRequest, whose: str, draw: Callable[[], HttpResponse], own: Mapping[str, str] | None = None
) -> HttpResponse:
    """Return what is kept for ``whose`` at this address today, made this request's own; else what ``draw`` draws.

    ``whose`` says all that decides what is seen, beside the day and the address: what is shown, its version, the rights
    of who looks. While ``draw`` runs, templates get the stand-in for the token. ``own`` maps further stand-ins, which
    ``draw`` writes into the page, to the HTML that this one reads in their place.
    """
    if not settings.KEEP_PAGES_SECONDS or request.method not in ("GET", "HEAD") or len(get_messages(request)):
        response = draw()
        if own:
            response.content = _own(request, response.content, own)
        return response
    part = request.headers.get("HX-Request", "")
    said = (whose, timezone.localdate().isoformat(), get_language(), part, request.get_full_path())
    key = sha256("\0".join(said).encode()).hexdigest()
    kept = caches["pages"].get(key)
    if kept is not None:
        content, content_type = kept
        return HttpResponse(_own(request, content, own), content_type=content_type)
    request.stands_in = True
    response = draw()
    request.stands_in = False
    if not response.streaming:
        if response.status_code == 200 and not response.cookies:
            kept = OF_A_FORM.sub(rb"\g<1>" + KEY.encode(), response.content), response["Content-Type"]
            caches["pages"].set(key, kept, settings.KEEP_PAGES_SECONDS)
        response.content = _own(request, response.content, own)
    return response


def stand_in(request: HttpRequest) -> dict[str, str]:
    """Give templates the stand-in in place of the token, while a page is drawn that may be kept."""
    return {"csrf_token": TOKEN} if getattr(request, "stands_in", False) else {}


def _own(request: HttpRequest, content: bytes, own: Mapping[str, str] | None) -> bytes:
    """Return a page with a token and keys of its own, and what else is its reader's own."""
    for stands_in, words in (own or {}).items():
        content = content.replace(stands_in.encode(), words.encode())
    if TOKEN.encode() in content:
        content = content.replace(TOKEN.encode(), get_token(request).encode())
    first, *others = content.split(KEY.encode())
    return first + b"".join(str(uuid4()).encode() + each for each in others)
