"""What templates ask for by name."""

from datetime import date
from types import SimpleNamespace

from django.core.paginator import Paginator
from django.template import engines
from django.test import RequestFactory

from framework.catalogue import NOT_INVOLVEMENT, catalogue


def drawn(source: str, query: str = "", **context) -> str:
    """Return what a template draws that loads the components."""
    template = engines["django"].from_string("{% load components %}" + source)
    return template.render(context, RequestFactory().get(f"/list/{query}"))


def test_every_status_is_drawn_with_its_sign_and_its_word():
    signs = set()
    for slug, status in catalogue().statuses.items():
        html = drawn("{% status_tag cell %}", cell=SimpleNamespace(status=slug))
        assert html == drawn("{% status_tag slug %}", slug=slug)
        assert f"is-{slug}" in html and status.title in html
        assert f'aria-hidden="true">{status.sign}</span>' in html
        signs.add(status.sign)
    assert len(signs) == 7
    assert "2 of 6" in drawn('{% status_tag "in-place" words="2 of 6" %}')


def test_places_and_ways_are_called_what_the_framework_calls_them():
    for slug, place in catalogue().places.items():
        assert drawn("{% place_title slug %}", slug=slug) == place.title
        assert f"app-place--{slug}" in drawn("{% place_name slug %}", slug=slug)
    assert drawn("{% place_title slug %}", slug=NOT_INVOLVEMENT) == "Not involvement"
    key, facet = next(iter(catalogue().facets.items()))
    assert drawn("{% facet_title key %}", key=key) == facet.title
    place = catalogue().places[facet.place].title
    assert drawn("{% facet_title key with_place=True %}", key=key) == f"{place}: {facet.title.lower()}"


def test_a_date_is_written_in_full_and_no_date_is_nothing():
    assert drawn("{{ when|day }}", when=date(2026, 11, 22)) == "22 November 2026"
    assert drawn("{{ when|day }}", when=None) == ""


def test_a_heading_sorts_up_then_down_keeps_the_filters_and_starts_at_page_one():
    plain = drawn('{% sortable_header "title" "Title" %}', "?q=ward&page=3")
    assert 'href="?q=ward&amp;sort=title"' in plain and "aria-sort" not in plain
    rising = drawn('{% sortable_header "title" "Title" %}', "?sort=title")
    assert 'href="?sort=-title"' in rising and 'aria-sort="ascending"' in rising
    falling = drawn('{% sortable_header "title" "Title" %}', "?sort=-title")
    assert 'href="?sort=title"' in falling and 'aria-sort="descending"' in falling
    assert 'aria-sort="ascending"' in drawn('{% sortable_header "title" "Title" %}', sort="title")


def test_the_pages_of_a_list_keep_the_filters_and_show_where_one_is():
    pages = Paginator(range(45), 10)
    html = drawn("{% pagination page %}", "?q=ward&page=2", page=pages.page(2))
    assert 'href="?q=ward&amp;page=1" class="nhsuk-pagination__previous"' in html
    assert 'href="?q=ward&amp;page=3" class="nhsuk-pagination__next"' in html
    assert html.count('aria-current="page"') == 1
    assert drawn("{% pagination page %}", page=Paginator(range(5), 10).page(1)).strip() == ""
