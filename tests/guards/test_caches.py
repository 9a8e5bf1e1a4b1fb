"""Nothing that a signed-in person sees is kept on its way, or handed to somebody else who asks for it cleverly."""

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse

from involvement.middleware import headers
from tests.guards.test_access_walk import ORGANISATION, address, body_of, client_for, furnished, objects_of

OWN = ("home", "account", "account-name", "account_change_password", "account_email", "usersessions_list")
SUFFIXES = (".css", "x.css", ".css?v=1", "%2e.css", ";x.css", "%00.css", "/x.png", "..%2fx.js")


@pytest.fixture
def walked(world) -> list[str]:
    """The addresses of all that a lead sees, furnished, and of one's own account."""
    home, objects = furnished(world).ashdown.organisation, objects_of(world.ashdown)
    seen = [address(name, home, objects) for name, (see, _write) in ORGANISATION.items() if "lea" in see]
    return [*seen, *(reverse(name) for name in OWN)]


def ask(client, where: str, **headers):
    """Ask, read the answer to its end and close it: some are files."""
    answer = client.get(where, headers=headers)
    body_of(answer)
    for opened in filter(None, [getattr(answer, "file_to_stream", None)]):
        opened.close()  # not the answer itself: that ends the request, and with it the test's own connection
    return answer


def test_nothing_signed_in_is_stored_or_known_again(world, walked):
    lea, sam, nobody = client_for(world, "lea"), client_for(world, "sam"), client_for(world, None)
    shown = 0
    for where in walked:
        mine = ask(lea, where)
        shown += mine.status_code == 200
        assert mine["Cache-Control"] == "no-store, private", where
        known = {"If-None-Match": mine.get("ETag", "*"), "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}
        assert ask(lea, where, **known).status_code != 304, where
        assert ask(nobody, where, **known).status_code in (200, 302) if where == "/" else (302,), where
        others = ask(sam, where, **known)
        assert others.status_code in ((404,) if where.startswith("/o/") else (200, 302)), where
        assert others["Cache-Control"] == "no-store, private", where
    assert shown > 60


def test_no_address_of_a_page_ends_as_a_files_does(world, walked):
    """A cache that keeps what looks like a style sheet would keep somebody's page under it."""
    lea = client_for(world, "lea")
    for where in walked:
        path = where.partition("?")[0]
        for suffix in SUFFIXES:
            for tried in {path + suffix, path.rstrip("/") + suffix} - {"//x.png"}:  # a host
                answer = ask(lea, tried)
                assert answer.status_code == 404, tried
                assert answer["Cache-Control"] == "no-store, private", tried


@pytest.mark.parametrize(("path", "status", "said"), [
    ("/static/app.css", 200, "public, immutable"), ("/static/app.css", 404, "no-store, private"),
    ("/o/ashdown/map/", 200, "no-store, private"), ("/staticmap/", 200, "no-store, private"),
])  # fmt: skip
def test_static_files_are_kept_by_the_browsers_of_those_who_are_signed_in_too(rf, path, status, said):
    def answer(_request):
        return HttpResponse(status=status, headers={"Cache-Control": "public, immutable"})

    request = rf.get(path)
    request.COOKIES[settings.SESSION_COOKIE_NAME] = "somebody"
    assert headers(answer)(request)["Cache-Control"] == said
