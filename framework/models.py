"""The theory as rows, for joins and reports. The words' home is content/*.toml; this is their mirror."""

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .catalogue import Catalogue, catalogue


class Mirrored(models.Model):
    """A row that follows an entry of the content. What the content drops is retired, never deleted."""

    title = models.CharField(_("title"), max_length=100)
    position = models.PositiveSmallIntegerField(_("position"))
    retired_on = models.DateField(_("retired on"), null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ["position"]

    def __str__(self) -> str:
        return self.title


class Relationship(Mirrored):
    """Voice, choice or coproduction (Malby 2015)."""

    slug = models.SlugField(primary_key=True, max_length=20)


class Place(Mirrored):
    """One of the four places in which citizens take part."""

    slug = models.SlugField(primary_key=True, max_length=20)
    relationship = models.ForeignKey(Relationship, on_delete=models.PROTECT, related_name="places")


class Facet(Mirrored):
    """A way to take part within a place; its key is "place/slug", the form in which placements name it."""

    key = models.CharField(primary_key=True, max_length=40)
    slug = models.SlugField(max_length=20)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="facets")

    class Meta(Mirrored.Meta):
        constraints = [models.UniqueConstraint(fields=["place", "slug"], name="facet_slug_once_a_place")]


def wanted_rows(content: Catalogue) -> dict[str, dict[str, dict]]:
    """Return what each mirrored model should hold: model name -> key -> fields, parents first."""
    return {
        "Relationship": {
            item.slug: {"title": item.title, "position": position}
            for position, item in enumerate(content.relationships.values())
        },
        "Place": {
            item.slug: {"title": item.title, "position": position, "relationship_id": item.relationship}
            for position, item in enumerate(content.places.values())
        },
        "Facet": {
            item.key: {"title": item.title, "position": item.order, "slug": item.slug, "place_id": item.place}
            for item in content.facets.values()
        },
    }


def mirror(apps, using: str, content: Catalogue | None = None) -> int:
    """Make the rows of ``apps``' Relationship, Place and Facet in database ``using`` say what ``content`` says.

    An entry that is gone is retired today, one that comes back is no longer retired, and nothing is deleted. Returns
    how many rows were written: 0 when all was so already.
    """
    written = 0
    with transaction.atomic(using=using):
        for name, wanted in wanted_rows(content or catalogue()).items():
            written += _mirror_one(apps.get_model("framework", name).objects.using(using), wanted)
    return written


def _mirror_one(rows: models.QuerySet, wanted: dict[str, dict]) -> int:
    written = 0
    present = {row.pk: row for row in rows.all()}
    for key, fields in wanted.items():
        fields = {**fields, "retired_on": None}
        row = present.get(key)
        if row is None or any(getattr(row, field) != value for field, value in fields.items()):
            rows.update_or_create(pk=key, defaults=fields)
            written += 1
    gone = [key for key, row in present.items() if key not in wanted and row.retired_on is None]
    return written + rows.filter(pk__in=gone).update(retired_on=timezone.localdate())
