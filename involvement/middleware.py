"""What happens around every request: a line in the log, and the headers that no view should have to think of."""

import logging
import re
import time
import uuid

from django.conf import settings
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.cache import patch_cache_control

from involvement.actions.base import Refused
from involvement.logs import lettered, request_id, user_hash

log = logging.getLogger("involvement.request")
REQUEST_ID = re.compile(r"[0-9A-Za-z-]{8,64}")


def request_log(get_response):
    """Give each request an id (a trusted proxy's own, else a new one), return it, and log one line when it is done.

    What phones in a room ask every second is left out, unless it went wrong.
    """

    def middleware(request):
        given = request.headers.get("X-Request-ID", "") if settings.ALLAUTH_TRUSTED_PROXY_COUNT else ""
        request.id = given if REQUEST_ID.fullmatch(given) else lettered(uuid.uuid4().hex)
        token = request_id.set(request.id)
        started = time.perf_counter()
        try:
            response = get_response(request)
            response["X-Request-ID"] = request.id
            if not _is_poll(request, response.status_code):
                log.info("request", extra=_facts(request, response.status_code, started))
            return response
        finally:
            request_id.reset(token)

    return middleware


def _is_poll(request, status: int) -> bool:
    """Return whether a phone in a room asked what is new and was answered: hundreds a second, and nothing to tell."""
    match = request.resolver_match
    return match is not None and match.view_name == "room-board" and status < 400


def _facts(request, status: int, started: float) -> dict:
    match, viewer = request.resolver_match, getattr(request, "viewer", None)
    user = request.__dict__.get("_cached_user")  # only where the request has read it: logging asks the database nothing
    return {
        "route": match.view_name if match else "",
        "method": request.method,
        "status": status,
        "ms": round((time.perf_counter() - started) * 1000, 1),
        "organisation": viewer.organisation.pk if viewer else None,
        "user": user_hash(user.pk) if user is not None else "",
    }


class Sessions(SessionMiddleware):
    """Django's, which takes a database that went away for a session that was signed out elsewhere, and answers 400."""

    def process_response(self, request, response):
        try:
            return super().process_response(request, response)
        except SessionInterrupted as interrupted:
            refused = interrupted.__context__  # the session's own word, and behind it the database's
            if refused is not None and isinstance(refused.__context__, OperationalError | InterfaceError):
                raise refused.__context__ from interrupted
            raise


POLL = re.compile(r"/w/[^/]+/board/")


def polls(get_response):
    """Answer what phones in a room ask every second before all that only pages need: session, sign-in, forms, messages.

    Only a view that says of itself that it is light is answered so: it looks at the signed cookie of the room, no more.
    """

    def middleware(request):
        if request.method not in ("GET", "HEAD") or not POLL.fullmatch(request.path_info):
            return get_response(request)
        match = resolve(request.path_info)
        if not match.func.policy.light:
            return get_response(request)
        request.resolver_match = match
        response = match.func(request, **match.kwargs)
        response.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        if response.status_code != 204:
            response.setdefault("Content-Length", str(len(response.content)))
        return response

    return middleware


def headers(get_response):
    """Keep what signed-in people see out of every store, and what the site never uses (cameras, …) switched off.

    Whoever sends or is given a session cookie counts as signed in: it asks the database nothing, and errs on the safe
    side. Other pages may be kept by the browser that asked, which has to ask again each time. Static files hold nothing
    of anybody, are named by their content, and say themselves that they may be kept for ever.
    """

    def middleware(request):
        response = get_response(request)
        session = settings.SESSION_COOKIE_NAME
        if request.path_info.startswith(settings.STATIC_URL) and response.status_code in (200, 304):
            pass
        elif session in request.COOKIES or session in response.cookies:
            response["Cache-Control"] = "no-store, private"
        elif not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_cache=True)
        response.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        return response

    return middleware


def refused(get_response):
    """Say on a page of its own (409) what the rules do not allow, where a view had no form to say it in.

    A form that was used for something else, or an organisation that closed since the page was opened.
    """

    def middleware(request):
        return get_response(request)

    def process_exception(request, exception):
        if not isinstance(exception, Refused):
            return None
        return render(request, "refused.html", {"sentences": exception.messages.values()}, status=409)

    middleware.process_exception = process_exception
    return middleware


PASTED_INTO = "activity-import"  # the form into which people paste whole lists
DRAINED = 40  # pieces of a megabyte that are read of a request before it is answered


def pasted_too_much(get_response):
    """Lead somebody who pasted more than a form takes back to the form, which then says what to do instead.

    It stands before the check for forged requests, which would be the first to read the form. Elsewhere the answer is
    400, also where there is no such page: Django's own page for that reads the form and would fail on it.
    """

    def middleware(request):
        if request.method == "POST" and _length(request) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            try:
                request.POST  # noqa: B018  reads the form; files in it do not count
            except RequestDataTooBig:
                if not _pastes(request):
                    raise
                for _piece in range(DRAINED):  # a browser that is still sending would not hear the answer
                    if not request.read(1 << 20):
                        break
                return HttpResponseRedirect(f"{request.path}?too_much=1")
        return get_response(request)

    return middleware


def _length(request) -> int:
    length = request.META.get("CONTENT_LENGTH") or ""
    return int(length) if length.isascii() and length.isdigit() else 0


def _pastes(request) -> bool:
    try:
        return resolve(request.path_info).view_name == PASTED_INTO
    except Resolver404:
        return False
