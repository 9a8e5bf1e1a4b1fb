"""The framework's pages: anybody may read them, they say what the content says, and in plain words."""

import html
import re
import statistics
from html.parser import HTMLParser

import pytest
import textstat
from django.test import Client

from framework import coverage
from framework.catalogue import NOT_INVOLVEMENT, catalogue
from framework.coverage import GAP_RULE, HEADLINES

PLACES = ("owners", "users", "choosers", "coproducers")
PAGES = (
    "/framework/",
    *(f"/framework/{place}/" for place in PLACES),
    "/framework/cases/",
    "/framework/rules/",
    "/framework/sources/",
)


class Text(HTMLParser):
    """The words of <main>, one line a block, as a reader meets them."""

    BLOCKS = ("p", "li", "h1", "h2", "h3", "h4", "td", "th", "dt", "dd", "caption", "div", "small")

    def __init__(self):
        super().__init__()
        self.inside, self.words, self.ids, self.links = False, [], [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.inside = self.inside or tag == "main"
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.links += [attrs["href"]] if tag == "a" and "href" in attrs else []
        if tag in self.BLOCKS:
            self.words.append("\n")

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "main"
        if tag in self.BLOCKS:
            self.words.append("\n")

    def handle_data(self, data):
        if self.inside:
            self.words.append(data)

    @property
    def lines(self):
        return [
            line for line in (re.sub(r"\s+", " ", line).strip() for line in "".join(self.words).split("\n")) if line
        ]


def read(address):
    """Return the Text of the page at ``address``, read by somebody who never signed in."""
    response = Client().get(address)
    assert response.status_code == 200, address
    text = Text()
    text.feed(response.content.decode())
    return text


def said(address):
    """Return the words of the page as one string."""
    return " ".join(read(address).lines)


def test_the_index_tells_the_whole_idea():
    words = said("/framework/")
    content = catalogue()
    for item in (*content.relationships.values(), *content.places.values(), *content.facets.values()):
        assert item.title in words
    for place in content.places.values():
        assert place.purpose in words and place.holds in words and place.individual_or_collective in words
    for facet in content.facets.values():
        assert facet.meaning in words
    for mixup in content.mixups:
        assert f"{mixup.called} {mixup.really} {mixup.why}" in words
    for case in content.cases_of(NOT_INVOLVEMENT):
        assert case.title in words
    for note in content.notes.values():
        assert note.title in words and all(paragraph in words for paragraph in note.paragraphs)
    assert "“users and coproducers”" in words and "owners are the powerful ones" in words
    assert words.count("VOiCE") == 1


@pytest.mark.parametrize("slug", PLACES)
def test_a_place_shows_its_ways_with_their_cases_beside_them(slug):
    content = catalogue()
    page = read(f"/framework/{slug}/")
    words = " ".join(page.lines)
    place = content.places[slug]
    for text in (place.purpose, place.holds, place.proof, place.empowers, place.disempowers, *place.elsewhere):
        assert text in words
    assert all(item.title in words for item in place.checklist)
    for facet in content.facets_of(slug):
        assert facet.slug in page.ids and facet.meaning in words and facet.absent in words
        beside = words.split(facet.meaning, 1)[1].split("Without it, ", 1)[1]
        first = next(case for case in content.cases if facet.key in case.facets)
        assert beside.index(first.title) < 400, facet.key
    for fact in content.facts_on(slug):
        assert fact.text in words
        assert all(content.sources[key].cite in words for key in fact.sources)
    for case in content.cases_of(slug):
        assert case.slug in page.ids and case.why in words
        if case.contested_kind:
            kind = content.contested_kinds[case.contested_kind]
            assert f"sides-{kind.slug}" in page.ids and kind.rule in words
            assert all(argument in words for _side, argument in kind.case_for)
    for other in PLACES:
        if other != slug:
            assert content.places[other].proof not in words


@pytest.mark.parametrize("address", PAGES)
def test_links_within_the_framework_lead_somewhere(address):
    page = read(address)
    own = [link for link in page.links if link.startswith(("#", "/framework/"))]
    assert len(own) >= 8
    found = {address: page}
    for link in own:
        target, _hash, fragment = link.partition("#")
        target = target or address
        if target not in found:
            found[target] = read(target)
        assert not fragment or fragment in found[target].ids + ["maincontent"], link


@pytest.mark.parametrize("address", PAGES)
def test_no_identifier_stands_twice_on_a_page(address):
    ids = read(address).ids
    assert len(ids) == len(set(ids)), [one for one in ids if ids.count(one) > 1]


def test_cases_show_all_or_those_of_one_place():
    content = catalogue()
    everything = said("/framework/cases/")
    assert all(case.title in everything and case.why in everything for case in content.cases)
    page = read("/framework/cases/?place=choosers")
    shown = {case.slug for case in content.cases} & set(page.ids)
    assert shown == {case.slug for case in content.cases_of("choosers")}
    outside = {case.slug for case in content.cases} & set(read("/framework/cases/?place=not-involvement").ids)
    assert outside == {case.slug for case in content.cases_of(NOT_INVOLVEMENT)}
    contested = {case.slug for case in content.cases} & set(read("/framework/cases/?place=contested").ids)
    assert contested == {case.slug for case in content.cases if case.is_contested}


@pytest.mark.parametrize(
    "address", ["/framework/patients/", "/framework/not-involvement/", "/framework/cases/?place=x"]
)
def test_a_place_that_there_is_not_is_not_found(address):
    assert Client().get(address).status_code == 404


@pytest.mark.parametrize("address", PAGES)
def test_the_pages_are_for_reading_only(address):
    assert Client().post(address).status_code == 405


def test_rules_show_every_status_with_its_sign_and_every_grade():
    words = said("/framework/rules/")
    for status in catalogue().statuses.values():
        assert f"{status.sign} {status.title} {status.meaning}" in words
    for grade in catalogue().grades:
        assert f"{grade.title} {grade.meaning}" in words
    for text in ("12 months", "24 months", "no total score", "all four stages"):
        assert text in words


def test_rules_show_the_data_by_which_the_map_decides():
    words = said("/framework/rules/")
    assert "Owners The part that people had: asked, equal partners or in the lead A named question" in words
    assert "Coproducers The part that people had: equal partners or in the lead A group of citizens" in words
    assert "At least 2 real options, and freedom to refuse" in words
    assert all(rule in words for _kind, rule in GAP_RULE)
    assert "owners, coproducers, users, choosers." in words
    assert all(f"{when} {re.sub('{.*?}', '…', sentence)}" in words for _slug, when, sentence in HEADLINES)


def test_a_rule_that_changes_changes_the_page(monkeypatch):
    monkeypatch.setitem(coverage.COUNTS, "owners", coverage.Need(parts=("lead",), options=3))
    words = said("/framework/rules/")
    assert "Owners The part that people had: in the lead At least 3 real options, and freedom to refuse" in words


def test_sources_show_every_work_whether_it_was_read_and_the_dated_law():
    page = read("/framework/sources/")
    words = " ".join(page.lines)
    for source in catalogue().sources.values():
        assert source.key in page.ids and source.title in words and source.note in words
    assert "Named by others; not read by us." in words and "Read in a public copy." in words
    for said_of_law in [*(duty.duty for duty in catalogue().duties), *(f.text for f in catalogue().facts_on("law"))]:
        assert said_of_law in words
    assert "As at 1 November 2026; look again by 1 May 2027." in words


def test_titles_differ_and_say_where_one_is():
    titles = [
        html.unescape(re.search(r"<title>(.*?)</title>", Client().get(address).content.decode(), re.S)[1])
        for address in PAGES
    ]
    assert len(set(titles)) == len(PAGES)
    assert all(title.endswith(" – Involvement Map") and "framework" in title for title in titles)


def test_a_child_of_twelve_can_read_them():
    """Flesch-Kincaid grade and five is the reading age: 11 at most in the middle, 14 on no page."""
    ages = []
    for address in PAGES:
        lines = [line for line in read(address).lines if len(line.split()) >= 4]
        text = " ".join(line if line[-1] in ".!?:" else f"{line}." for line in lines)
        ages.append(max(5, textstat.flesch_kincaid_grade(text)) + 5)
    assert statistics.median(ages) <= 11
    assert max(ages) <= 14
