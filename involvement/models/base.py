"""What every row of an organisation has in common."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class OrganisationRow(models.Model):
    """A row that belongs to exactly one organisation and says who recorded it and when.

    Rows are reached through the organisation (``organisation.activities``), never through ``Model.objects`` in a
    view or form: a guard in tests/guards refuses that.
    """

    organisation = models.ForeignKey("involvement.Organisation", on_delete=models.PROTECT, editable=False)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )

    class Meta:
        abstract = True


class AppendOnlyQuerySet(models.QuerySet):
    """Rows that are written once: a selection of them is neither changed nor deleted (their ``save`` says the rest)."""

    def update(self, **values):
        """Raise TypeError."""
        raise TypeError(f"{self.model._meta.verbose_name_plural} are append-only")

    def delete(self):
        """Raise TypeError."""
        raise TypeError(f"{self.model._meta.verbose_name_plural} are append-only")

    def bulk_update(self, objs, fields, batch_size=None):
        """Raise TypeError."""
        raise TypeError(f"{self.model._meta.verbose_name_plural} are append-only")


class Versioned(models.Model):
    """An editable record: a save that started from an older ``version`` is refused (see actions.base.take)."""

    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True


def together(name: str, *fields: str) -> models.CheckConstraint:
    """Return a constraint: either all the nullable ``fields`` are set or none is (a who needs a when)."""
    none = models.Q(**{f"{field}__isnull": True for field in fields})
    every = models.Q(**{f"{field}__isnull": False for field in fields})
    return models.CheckConstraint(condition=none | every, name=name)
