"""Reference data: the bodies of the health service, as their register (ODS) names them. Nobody's own rows."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class HealthBody(models.Model):
    """One body with an ODS or statistical code, as at the list that it was loaded from (`manage.py load_bodies`).

    ``status`` is the list's own word ("open", "closed", "merged/replaced by April 2026"); the days are null where the
    list has none. A body that a later list leaves out stays, with the ``vintage`` of the last list that had it.
    """

    code = models.CharField(_("code"), max_length=12, primary_key=True)
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=100)
    region = models.CharField(_("region"), max_length=100, blank=True)
    board = models.CharField(_("integrated care board"), max_length=200, blank=True)
    town = models.CharField(_("town"), max_length=100, blank=True)
    opened_on = models.DateField(_("opened on"), null=True, blank=True)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=60)
    source = models.CharField(_("source"), max_length=120)
    vintage = models.CharField(_("as at"), max_length=60)

    class Meta:
        ordering = ["name"]
        verbose_name = _("health body")
        verbose_name_plural = _("health bodies")

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"

    @property
    def is_gone(self) -> bool:
        """Return whether the list says that it has closed or merged."""
        return self.closed_on is not None or self.status.startswith(("closed", "merged"))
