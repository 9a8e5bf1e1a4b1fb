"""Lists that were brought in: who, when, from which file, what came of it, and whether it was undone."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .base import OrganisationRow, together


class Import(OrganisationRow):
    """One list that was brought in. ``recorded_by`` and ``recorded_at`` say who and when.

    Its answers (``columns``, ``words``) are what the next list with the same headings starts from, unless it was
    undone. What an import made was recorded no later than ``settled_at``: anything newer is somebody's own work.
    """

    file_name = models.CharField(_("file"), max_length=200, blank=True)  # as the person called it; never used as a path
    read_as = models.CharField(max_length=200, blank=True)  # "CSV, commas, UTF-8", as the reading says it
    columns = models.JSONField(default=dict)  # their heading -> our column, "" where it was left out
    words = models.JSONField(default=dict)  # our column -> {their word, folded: what it means}
    added = models.PositiveIntegerField()
    here = models.PositiveIntegerField()
    refused = models.PositiveIntegerField()
    services_made = models.JSONField(default=list)  # ids
    pieces_made = models.JSONField(default=list)  # ids
    settled_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey("involvement.User", null=True, on_delete=models.PROTECT, related_name="+")
    removed = models.PositiveIntegerField(default=0)  # how many activities the undoing took out

    class Meta:
        default_related_name = "imports"
        ordering = ["-id"]
        constraints = [together("import_undone_who_and_when", "undone_at", "undone_by")]

    def __str__(self) -> str:
        return self.file_name or str(_("pasted rows"))
