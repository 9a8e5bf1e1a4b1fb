"""The mirror of the content in the database follows it, again and again, and forgets nothing."""

from dataclasses import replace

import pytest
from django.apps import apps
from django.core.management import call_command

from framework.catalogue import catalogue
from framework.models import Facet, Place, Relationship, mirror

pytestmark = pytest.mark.django_db


def without(content, key):
    """Return ``content`` as if the facet ``key`` had been withdrawn."""
    return replace(content, facets={slug: facet for slug, facet in content.facets.items() if slug != key})


def test_after_migration_the_rows_are_the_content_in_its_order():
    assert list(Relationship.objects.values_list("slug", flat=True)) == list(catalogue().relationships)
    assert list(Place.objects.values_list("slug", "relationship")) == [
        (place.slug, place.relationship) for place in catalogue().places.values()
    ]
    assert list(Facet.objects.values_list("key", "place", "slug", "title")) == [
        (facet.key, facet.place, facet.slug, facet.title) for facet in catalogue().facets.values()
    ]
    assert not Facet.objects.exclude(retired_on=None).exists()


def test_mirroring_again_writes_nothing(django_assert_num_queries):
    before = list(Facet.objects.values())
    with django_assert_num_queries(5):  # a savepoint, one read for each of the three models, the release
        assert mirror(apps, "default") == 0
    call_command("migrate", verbosity=0)
    assert list(Facet.objects.values()) == before


def test_a_changed_word_reaches_its_row():
    content = catalogue()
    facets = {**content.facets, "owners/strategy": replace(content.facets["owners/strategy"], title="Direction")}
    assert mirror(apps, "default", replace(content, facets=facets)) == 1
    assert Facet.objects.get(pk="owners/strategy").title == "Direction"


def test_what_the_content_drops_is_retired_once_and_never_deleted_and_may_come_back():
    dropped = without(catalogue(), "choosers/respect")
    assert mirror(apps, "default", dropped) == 1
    retired = Facet.objects.get(pk="choosers/respect")
    assert retired.retired_on is not None
    assert mirror(apps, "default", dropped) == 0
    assert Facet.objects.count() == 18

    assert mirror(apps, "default") == 1
    assert Facet.objects.get(pk="choosers/respect").retired_on is None
