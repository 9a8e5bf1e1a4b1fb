"""Forms of the import: choose a file or paste rows, then say which column is which."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from involvement.actions.base import Refused
from involvement.forms.base import NHSForm
from involvement.imports import COLUMNS, MAX_BYTES, Table, Unreadable, map_columns, read_table


class UploadForm(NHSForm):
    """A CSV file or pasted rows. ``cleaned_data`` gains ``content`` (bytes or text) and ``table``."""

    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("In Excel: File, Save as, then choose CSV UTF-8. The most is 5 MB."),
        required=False,
        allow_empty_file=True,
    )
    text = forms.CharField(
        label=_("Or paste rows from a spreadsheet"),
        help_text=_("Copy the headings too. One row for each activity."),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    def clean(self) -> dict:
        data = super().clean()
        file, text = data.get("file"), data.get("text", "")
        if file and text.strip():
            self.add_error("text", _("Choose a file or paste rows, not both"))
        elif file and file.size > MAX_BYTES:
            self.add_error("file", _("The file must be smaller than 5 MB"))
        elif file or text.strip():
            data["content"] = file.read() if file else text
            try:
                data["table"] = read_table(data["content"])
            except Unreadable as error:
                self.add_error("file" if file else "text", str(error))
        elif not self.errors:
            self.add_error("file", _("Choose a CSV file, or paste rows below"))
        return data


class ColumnsForm(NHSForm):
    """One select a column of the file: which of our columns it fills, or none.

    ``cleaned_data["columns"]`` is their heading -> our column, as imports.plan_import takes it.
    """

    draft = forms.UUIDField(widget=forms.HiddenInput)
    shown = forms.CharField(required=False, widget=forms.HiddenInput)  # the columns that the preview was made with

    def __init__(self, *args, table: Table, **kwargs):
        super().__init__(*args, **kwargs)
        self.table = table
        guessed = map_columns(table.headings, {})
        choices = [("", _("Leave it out")), *((slug, column.title) for slug, column in COLUMNS.items())]
        for at, heading in enumerate(table.headings):
            self.fields[f"column_{at}"] = forms.ChoiceField(
                label=heading,
                help_text=self._example(at),
                choices=choices,
                required=False,
                initial=guessed.get(heading, ""),
            )

    def _example(self, at: int) -> str:
        words = next((cells[at] for _row, cells in self.table.rows if at < len(cells) and cells[at].strip()), "")
        if not words:
            return _("This column is empty")
        words = " ".join(words.split())
        return _("For example: %(words)s") % {"words": words if len(words) <= 80 else words[:79] + "…"}

    def guessed(self) -> dict[str, str]:
        """Return the columns of a form that nobody has sent yet."""
        return map_columns(self.table.headings, {})

    def clean(self) -> dict:
        data = super().clean()
        chosen = {heading: data.get(f"column_{at}", "") for at, heading in enumerate(self.table.headings)}
        used: dict[str, str] = {}
        for at, (heading, ours) in enumerate(chosen.items()):
            if ours and ours in used:
                said = _("“%(other)s” is already used for this. Choose another, or leave one out")
                self.add_error(f"column_{at}", said % {"other": used[ours]})
            elif ours:
                used[ours] = heading
        if "title" not in used and not self.errors:
            self.add_error("column_0", _("One column has to hold the title of each activity. Choose which"))
        if not self.errors:
            try:
                data["columns"] = map_columns(self.table.headings, chosen)
            except Refused as refused:
                self.refuse(refused)
        return data
