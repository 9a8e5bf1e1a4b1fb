"""The other organisation's id in every field, name and question mark of every page: as good as one that never was.

The walk goes through all pages of Ashdown as their lead, follows each kind of link and fills in each kind of form.
Ids tell their kind: every table counts from a number of its own here. So whatever on a page is an id of ours is found
without a list of fields, and is replaced by the other organisation's id of that kind, and by one that nobody has.
"""

import html
import re
from dataclasses import dataclass, field, replace
from datetime import date
from html.parser import HTMLParser
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from involvement.actions import activities, many, merging
from tests.audits import signed_audit
from tests.guards.test_access_walk import ORGANISATION, address, body_of, client_for, objects_of
from tests.reviews import furnish
from tests.world import MARKER, PASSWORD, build

FIRST, APART = 7_000_001, 1_000
IDS = re.compile(r"(?<!\d)7\d{6}(?!\d)")
CHOICES = ("radio", "checkbox")
# Where pages of ours hold an id, as found. A new one comes in here, so that somebody has seen that it is crossed.
FIELDS = {
    ("/o/ashdown/actions/ID/step/", "owner_user"),
    ("/o/ashdown/actions/new/", "owner_user"),
    ("/o/ashdown/actions/new/", "service"),
    ("/o/ashdown/decisions/ID/took-part/", "activities"),
    ("/o/ashdown/activities/", "service"),
    ("/o/ashdown/activities/ID/changes/new/", "service"),
    ("/o/ashdown/activities/ID/edit/", "named_services"),
    ("/o/ashdown/activities/ID/edit/", "piece"),
    ("/o/ashdown/activities/ID/edit/", "service"),
    ("/o/ashdown/activities/ID/merge/", "undo"),
    ("/o/ashdown/activities/change/", "piece"),
    ("/o/ashdown/activities/change/", "service"),
    ("/o/ashdown/activities/confirm/", "place-ID"),
    ("/o/ashdown/activities/confirm/", "tick"),
    ("/o/ashdown/activities/confirm/", "version-ID"),
    ("/o/ashdown/activities/confirm/", "way-ID"),
    ("/o/ashdown/activities/confirm/", "service"),
    ("/o/ashdown/activities/duplicates/", "again"),
    ("/o/ashdown/activities/duplicates/", "different"),
    ("/o/ashdown/activities/duplicates/", "one"),
    ("/o/ashdown/activities/new/", "named_services"),
    ("/o/ashdown/activities/new/", "piece"),
    ("/o/ashdown/activities/new/", "service"),
    ("/o/ashdown/changes/ID/edit/", "service"),
    ("/o/ashdown/compare/", "service"),
    ("/o/ashdown/gaps/", "service"),
    ("/o/ashdown/map/", "service"),
    ("/o/ashdown/reviews/new/", "service"),
    ("/o/ashdown/workshops/ID/people/", "to"),
}


@dataclass
class Form:
    """One form of a page: where it goes, and what it holds as (name, kind, value, chosen) in the order of the page."""

    where: str
    method: str
    page: str
    fields: list = field(default_factory=list)
    buttons: list = field(default_factory=list)

    def shape(self) -> tuple:
        """Return what makes it the same form as another: a list of a hundred rows has a hundred alike."""
        names = sorted({IDS.sub("ID", name) for name, *_rest in self.fields})
        path = IDS.sub("ID", urlsplit(self.where).path)
        return path, self.method, tuple(names), tuple(sorted({name for name, _value in self.buttons}))


class Page(HTMLParser):
    """Reads the forms and links of a page."""

    def __init__(self, where: str, text: str):
        super().__init__()
        self.where, self.forms, self.links, self._select, self._area = where, [], [], None, None
        self._open = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag == "a" and a.get("href"):
            self.links.append(a["href"])
        elif tag == "form":
            where = a.get("action") or self.where
            self._open = Form(where, a.get("method", "get").lower(), self.where)
            self.forms.append(self._open)
        elif self._open is None or not a.get("name") and tag != "option":
            return
        elif tag == "input" and a.get("type") == "submit" or tag == "button":
            self._open.buttons.append((a["name"], a.get("value", "")))
        elif tag == "input":
            kind = a.get("type", "text")
            on = "checked" in a if kind in CHOICES else kind != "file"
            self._open.fields.append([a["name"], kind, a.get("value", "on" if kind in CHOICES else "") or "", on])
        elif tag == "select":
            self._select = a["name"]
        elif tag == "option" and self._select:
            self._open.fields.append([self._select, "option", a.get("value") or "", "selected" in a])
        elif tag == "textarea":
            self._area = [a["name"], "text", "", True]
            self._open.fields.append(self._area)

    def handle_data(self, data):
        if self._area is not None:
            self._area[2] += data

    def handle_endtag(self, tag):
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None


@pytest.fixture
def sides(db):
    """Both sides, fuller than usual, every table counting from a number of its own."""
    kinds = {}
    for number, model in enumerate(apps.get_app_config("involvement").get_models()):
        if model._meta.pk.get_internal_type() != "BigAutoField":
            continue
        first = FIRST + number * APART
        kinds[first // APART] = model
        table = model._meta.db_table
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, first])
            else:
                column = model._meta.pk.column
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [table, column, first])
    world = build()
    for side, by, reviewer, word in (
        (world.ashdown, "lea", "pat", "Ashdown"), (world.birchwood, "bo", "bea", MARKER)
    ):  # fmt: skip
        furnish(side, world.people[by], world.people[reviewer], word)
        fill(side, world.people[by], word)
    world.kinds = kinds
    return world


def fill(side, by, word) -> None:
    """Add what the pages about many need: look-alikes, a merge, a change to many, what was said to differ; an audit."""
    home = side.organisation
    side.audit = signed_audit(home, by, title=f"{word} audit")
    facts = {"title": f"{word} diabetes survey", "description": f"{word} asked patients how clinics went in winter"}
    alike = [activities.add_activity(organisation=home, by=by, facts=facts | {"method": "survey"}) for _n in range(5)]
    side.alike = alike
    merging.merge(
        kept=alike[0], gone=alike[1], by=by, choices={}, version=alike[0].version, gone_version=alike[1].version
    )
    merging.say_not_the_same(organisation=home, by=by, activities=[alike[2].pk, alike[3].pk])
    changes = many.ManyChanges(named_lead=f"{word} matron")
    pks = [each.pk for each in alike[2:4]]
    plan = many.plan_many(organisation=home, activities=pks, changes=changes)
    side.edit = many.edit_many(organisation=home, activities=pks, changes=changes, by=by, seen=plan.seen)


def crossing(sides) -> dict[str, tuple[str, str]]:
    """Return what may stand on a page of Ashdown's -> (the same of Birchwood's, the same of nobody's)."""
    found = {}
    ours, theirs = sides.ashdown.organisation, sides.birchwood.organisation
    for first, model in sides.kinds.items():
        rows = model._base_manager
        if model._meta.model_name == "user":
            pairs = [(sides.people["ed"].pk, sides.people["bo"].pk), (sides.people["lea"].pk, sides.people["bo"].pk)]
        elif model._meta.model_name == "organisation":
            pairs = [(ours.pk, theirs.pk)]
        elif "organisation" not in {each.name for each in model._meta.fields}:
            continue
        else:
            other = rows.filter(organisation=theirs).values_list("pk", flat=True).last()
            own = rows.filter(organisation=ours).values_list("pk", flat=True)
            pairs = [(each, other) for each in own if other]
        nobody = first * APART + APART - 1
        found |= {str(mine): (str(other), str(nobody)) for mine, other in pairs}
    for own in sides.ashdown.services:
        found[own.slug] = (sides.birchwood.services[0].slug, "zebrafinch-nothing")
    return found


def sent(form: Form, button, filled: int) -> list[tuple[str, str]]:
    """Return what a browser would send of the page as it is (0), with what is needed (1), with all of it (2).

    What stands nowhere is filled in by rote: the first choice, some words of ours, today.
    """
    pairs, groups = [], {}
    for name, kind, value, on in form.fields:
        if kind in (*CHOICES, "option"):
            groups.setdefault((name, kind), []).append((value, on))
        elif kind == "file":
            continue
        elif value.strip() or not filled or kind == "hidden":
            pairs.append((name, value))
        else:
            pairs.append((name, words_for(name, kind, filled)))
    for (name, kind), choices in groups.items():
        chosen = [value for value, on in choices if on]
        if not chosen and kind == "option":
            chosen = [choices[0][0]]
        if not any(chosen) and filled > (kind == "option"):
            chosen = [next((value for value, _on in choices if value), "")]
        pairs += [(name, value) for value in chosen]
    return pairs + ([button] if button else [])


NEEDED = {"title", "name", "what", "why", "reason", "author", "asked", "owner", "reference", "text", "named_lead"}


def words_for(name: str, kind: str, filled: int) -> str:
    today = date.today()
    for end, words in (("_day", today.day), ("_month", today.month), ("_year", today.year)):
        if name.endswith(end):
            return str(words)
    if name == "people":
        return "new.person@example.org"
    return "Some words of ours" if filled > 1 or name in NEEDED else ""


def ask(client, method: str, where: str, pairs=()):
    """Ask, take back what was written; return (the answer made comparable, what was written)."""
    data = {}
    for name, value in pairs:
        data.setdefault(name, []).append(value)
    connection.queries_log.clear()  # it holds 9,000; beyond these it would count none
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        if method == "get":
            target = f"{urlsplit(where).path}?{urlencode(pairs)}" if pairs else where
            response = client.get(target)
        else:
            response = client.post(where, data)
        body = body_of(response).decode(errors="replace")
        transaction.set_rollback(True)
    written = [
        query["sql"]
        for query in queries
        if re.match(r"\s*(INSERT|UPDATE|DELETE)\b", query["sql"]) and "django_session" not in query["sql"]
    ]
    return response, body, written


def bare(text: str, *ids: str) -> str:
    """Return a text without tokens, keys of forms, times, and the ids that were put in."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"|"X-CSRFToken": "\w+"', "", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID", text)
    text = re.sub(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[.\d+:]*", "TIME", text)
    for each in ids:
        for way in {each, quote(each), html.escape(each)}:
            text = text.replace(way, "THE-ID")
    return re.sub(r"/o/[^\"'<>\s]*", "", text)


def told(response, body, written, *ids) -> tuple:
    where = response.headers.get("Location", "")
    return response.status_code, bare(where, *ids), bare(body, *ids), [bare(sql[:60], *ids) for sql in written]


class Walk:
    """What was tried, and what failed."""

    def __init__(self, sides, person="lea"):
        self.sides, self.client, self.known = sides, client_for(sides, person), crossing(sides)
        words = "|".join(re.escape(each) for each in sorted(self.known, key=len)[::-1])
        self.words = re.compile(rf"(?<![a-z0-9])({words})(?![a-z0-9])")
        self.failing, self.fields, self.cells, self.questions, self.forms, self.writing = [], set(), 0, 0, {}, set()

    def pages(self):
        """Yield every page: those of the table, and what they link to, one of each shape."""
        alike, met = self.sides.ashdown.alike, {}
        todo = [
            f"/o/ashdown/activities/change/?pick={alike[2].pk}&pick={alike[3].pk}",
            f"/o/ashdown/activities/change/?done={self.sides.ashdown.edit.pk}",
            f"/o/ashdown/activities/{alike[2].pk}/merge/?with={alike[3].pk}",
            f"/o/ashdown/activities/{alike[0].pk}/",
        ]
        home, objects = self.sides.ashdown.organisation, objects_of(self.sides.ashdown)
        todo += [address(name, home, objects) for name in ORGANISATION]
        while todo:
            where = todo.pop(0)
            path, names = IDS.sub("ID", urlsplit(where).path), {name for name, _v in parse_qsl(urlsplit(where).query)}
            asked = met.setdefault(path, set())
            if not path.startswith("/o/ashdown/") or {"", *names} <= asked:
                continue
            asked |= {"", *names}
            response, body, _written = ask(self.client, "get", where)
            if response.status_code != 200 or "text/html" not in response.headers["Content-Type"]:
                yield where, None
                continue
            page = Page(where, body)
            todo += [each if each[0] == "/" else urlsplit(where).path + each for each in page.links if each[0] in "/?"]
            yield where, page

    def run(self) -> None:
        for where, page in self.pages():
            if "?" in where:
                self.question(where)
            if page:
                self.page(page)

    def page(self, page: Page) -> None:
        for form in page.forms:
            if form.where.startswith("?"):
                form = replace(form, where=urlsplit(page.where).path + form.where)
            if form.where.startswith("/o/") and form.shape() not in self.forms:
                self.forms[form.shape()] = form
                self.form(form)

    def question(self, where: str) -> None:
        """Cross what stands after the question mark."""
        path, query = urlsplit(where).path, parse_qsl(urlsplit(where).query, keep_blank_values=True)
        for number, pairs in self.crossed(query):
            other, nobody = pairs
            self.questions += 1
            for method in ("get", "post"):
                self.compare(
                    method, [(f"{path}?{urlencode(each)}", ()) for each in (other[0], nobody[0])], other[1], nobody[1],
                    f"?{query[number][0]}",
                )  # fmt: skip

    def form(self, form: Form) -> None:
        """Cross each field that holds an id, under each button."""
        for button in form.buttons or [None]:
            chosen = sent(form, button, 1)
            for filled in range(3) if form.method == "post" else ():
                pairs = sent(form, button, filled)
                response, body, written = ask(self.client, "post", form.where, pairs)
                if response.status_code == 200 and "text/html" in response.headers["Content-Type"]:
                    chosen = pairs if "error-summary" not in body else chosen
                    self.page(Page(form.where, body))  # a form in steps: what is asked next
                if written:
                    self.writing.add(form.shape())
                    chosen = pairs
                    break
            pairs = chosen + self.unchosen(form, chosen)
            for at, (other, nobody) in self.crossed(pairs):
                self.fields.add((form.shape()[0], IDS.sub("ID", pairs[at][0])))
                self.compare(
                    form.method, [(form.where, other[0]), (form.where, nobody[0])], other[1], nobody[1],
                    f"{form.where} {other[0]}",
                )  # fmt: skip

    def unchosen(self, form: Form, pairs) -> list:
        """Return one unchosen id of each field whose chosen value is none: it may be put there all the same."""
        names = {name for name, value in pairs if self.words.search(value)}
        more = {}
        for name, kind, value, _on in form.fields:
            if kind in (*CHOICES, "option") and name not in names and name not in more and self.words.fullmatch(value):
                more[name] = value
        return list(more.items())

    def crossed(self, pairs):
        """Yield (index, ((pairs with the other's id, that id), (pairs with nobody's id, that id)))."""
        for at, pair in enumerate(pairs):
            for part in (0, 1):
                found = self.words.search(pair[part])
                if not found or (part == 1 and pair[0] == "csrfmiddlewaretoken"):
                    continue
                both = []
                for new in self.known[found[1]]:
                    put = list(pair)
                    put[part] = pair[part][: found.start()] + new + pair[part][found.end() :]
                    # a field with one value says one thing only: what else the form says of it gives way
                    rest = [each for number, each in enumerate(pairs) if number != at and each[0] != put[0]]
                    both.append(([*rest, tuple(put)], new))
                yield at, tuple(both)

    def compare(self, method, asked, other, nobody, what) -> None:
        self.cells += 1
        (crossed, body, written), missing = (ask(self.client, method, *each) for each in asked)
        if told(crossed, body, written, other) != told(*missing, nobody):
            self.failing.append(f"{method} {what}: {crossed.status_code}, not as {missing[0].status_code}")
        if crossed.status_code >= 500 or MARKER in body:
            self.failing.append(f"{method} {what}: {crossed.status_code}, shows {MARKER in body}")
        self.failing += [f"{method} {what} wrote {sql}" for sql in written if re.search(rf"(?<!\d){other}(?!\d)", sql)]


def test_the_others_ids_are_as_good_as_none(sides):
    walk = Walk(sides)
    walk.run()
    assert not walk.failing, "\n".join(each[:300] for each in walk.failing)
    assert walk.fields == FIELDS
    # forms that reached their writing before an id was crossed; the others are first steps, or refused for a rule
    assert len(walk.writing) >= 32 and walk.cells >= 80 and walk.questions >= 10
    letters = [str(letter.message()) for letter in mail.outbox]
    assert letters and not [letter for letter in letters if MARKER in letter]


def test_an_editor_and_a_board_member_meet_the_same(sides):
    """Their pages have other forms: fewer, and the board's own."""
    for person in ("ed", "bob"):
        walk = Walk(sides, person)
        walk.run()
        assert not walk.failing, "\n".join(each[:300] for each in walk.failing)


@pytest.mark.parametrize("field", ["other", "one", "different"])
def test_an_id_that_is_typed_finds_nothing_of_theirs(sides, field):
    """Fields in which people write what they look for, and lists of ids that no page of ours would hold."""
    client, own = client_for(sides, "lea"), sides.ashdown.alike[2]
    where = f"/o/ashdown/activities/{own.pk}/merge/" if field == "other" else "/o/ashdown/activities/duplicates/"
    theirs = sides.birchwood.survey
    for typed in (str(theirs.pk), theirs.reference, theirs.title, f"/o/birchwood/activities/{theirs.pk}/"):
        pairs = [(field, typed)] + ([("one", str(own.pk))] if field == "different" else [("different", str(own.pk))])
        _response, body, written = ask(client, "post", where, pairs)
        assert (written, MARKER in body.replace(html.escape(typed), "")) == ([], False)


def test_the_others_account_is_as_good_as_none(sides):
    """What hangs from an account is nobody else's: sessions, passkeys and codes."""
    bo, client = sides.people["bo"], client_for(sides, "lea")
    theirs = Client()
    theirs.post("/accounts/login/", {"login": bo.email, "password": PASSWORD})
    assert theirs.get("/accounts/sessions/").status_code == 200
    session = bo.usersession_set.get()
    before = bo.usersession_set.count()
    client.post("/accounts/sessions/", {"session": str(session.pk)})
    assert bo.usersession_set.count() == before
    assert theirs.get("/accounts/sessions/").status_code == 200
    key = Authenticator.objects.create(user=bo, type=Authenticator.Type.WEBAUTHN, data={"name": MARKER})
    for name in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        for method in ("get", "post"):
            crossed = ask(client, method, reverse(name, args=[key.pk]), ())
            missing = ask(client, method, reverse(name, args=[key.pk + 77]), ())
            assert told(*crossed, str(key.pk)) == told(*missing, str(key.pk + 77))
            assert MARKER not in crossed[1] and not crossed[2]
