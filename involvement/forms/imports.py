"""Forms of the import: choose a file or paste rows, then say which column is which."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from framework.catalogue import catalogue
from involvement.actions.base import Refused
from involvement.forms.base import NHSForm
from involvement.imports import (
    COLUMNS,
    LIST_COLUMNS,
    MAX_BYTES,
    Plan,
    Table,
    Unreadable,
    is_own,
    map_columns,
    read_table,
)
from involvement.imports.words import ASKED, LEAVE_OUT, NEW, SAME, TRUST_WIDE, UNKNOWN, Asked
from involvement.models import Activity, Organisation


class UploadForm(NHSForm):
    """A spreadsheet or CSV file, or pasted rows. ``cleaned_data`` gains ``content`` (bytes or text) and ``table``.

    ``too_much`` says that rows were pasted which were more than a form takes: then it is never valid.
    """

    may_hold_addresses = ("text",)  # looked through in the preview, row by row
    file = forms.FileField(
        label=_("Spreadsheet or CSV file"),
        help_text=format_lazy(
            _("From Excel, LibreOffice or Google Sheets, as it is. The most is {most} MB."), most=MAX_BYTES >> 20
        ),
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

    def __init__(self, *args, too_much: bool = False, **kwargs):
        super().__init__(*args, **kwargs)
        self.too_much = too_much

    def clean(self) -> dict:
        data = super().clean()
        if self.too_much:
            self.add_error(
                "text", _("That is too much to paste. Save it as a file (.xlsx or .csv) and choose that file above")
            )
            return data
        file, text = data.get("file"), data.get("text", "")
        if file and text.strip():
            self.add_error("text", _("Choose a file or paste rows, not both"))
        elif file and file.size > MAX_BYTES:
            self.add_error("file", _("The file must be smaller than %(most)d MB") % {"most": MAX_BYTES >> 20})
        elif file or text.strip():
            data["content"] = file.read() if file else text
            try:
                data["table"] = read_table(data["content"])
            except Unreadable as error:
                self.add_error("file" if file else "text", str(error))
        elif not self.errors:
            self.add_error("file", _("Choose a file, or paste rows below"))
        return data


class ColumnsForm(NHSForm):
    """What a list means: one select a column of the file, what words of theirs mean, and one answer for undated rows.

    ``cleaned_data["columns"]`` is their heading -> our column, as imports.plan_import takes it; ``words`` is what was
    answered about words, ``running`` True, False or None.
    """

    RUNNING = {"yes": True, "no": False, "later": None}

    draft = forms.UUIDField(widget=forms.HiddenInput)
    shown = forms.CharField(required=False, widget=forms.HiddenInput)  # the columns that the preview was made with
    running = forms.ChoiceField(
        label=_("Are these activities running today?"),
        choices=[
            ("yes", _("Yes, all of them")),
            ("no", _("No, or we do not know")),
            ("later", _("Different for each: leave it open")),
        ],
        required=False,
        initial="later",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args, table: Table, guessed: dict[str, str], **kwargs):
        super().__init__(*args, **kwargs)
        self.table = table
        self.guessed = guessed
        columns = COLUMNS if is_own(table.headings) else LIST_COLUMNS
        choices = [("", _("Leave it out")), *((slug, column.title) for slug, column in columns.items())]
        for at, heading in enumerate(table.headings):
            self.fields[f"column_{at}"] = forms.ChoiceField(
                label=heading,
                help_text=self._example(at),
                choices=choices,
                required=False,
                initial=guessed.get(heading, ""),
            )

    @property
    def columns(self) -> list:
        """Return the fields that say which column is which."""
        return [field for field in self.visible_fields() if field.name.startswith("column_")]

    def _example(self, at: int) -> str:
        words = next((cells[at] for _row, cells in self.table.rows if at < len(cells) and cells[at].strip()), "")
        if not words:
            return _("This column is empty")
        words = " ".join(words.split())
        return _("For example: %(words)s") % {"words": words if len(words) <= 80 else words[:79] + "…"}

    def clean_running(self) -> bool | None:
        return self.RUNNING.get(self.cleaned_data["running"])

    def clean(self) -> dict:
        data = super().clean()
        data["words"] = answered_words(self.data)
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


@dataclass(frozen=True)
class WordQuestion:
    """One word of theirs that is asked: the names of its two boxes, the choices, and which of them is taken."""

    name: str
    key: str
    word: str
    rows: int
    choices: list[tuple[str, str]]
    answer: str
    doubt: bool = False
    likely: tuple[str, ...] = ()  # the names that it could be another spelling of
    spellings: tuple[str, ...] = ()

    @property
    def meaning(self) -> str:
        """Return the title of the answer that is taken."""
        return str(dict(self.choices).get(self.answer, ""))


@dataclass(frozen=True)
class WordQuestions:
    """The words of one column that are asked: as many as a person can answer, and how many more there are."""

    column: str
    heading: str
    shown: list[WordQuestion]
    more: int

    @property
    def folded(self) -> bool:
        """Whether the boxes stand behind a fold: many, and none of them keeps a row back."""
        return len(self.shown) > FEW_WORDS and all(each.answer for each in self.shown)

    @property
    def doubtful(self) -> list[WordQuestion]:
        """Return the services that could be another spelling of what is here, or of another word of the list."""
        return [each for each in self.shown if each.doubt]

    @property
    def ours(self) -> list[WordQuestion]:
        """Return those that are taken for a service that is here, or for the whole organisation."""
        return [each for each in self.shown if not each.doubt and each.answer != NEW]

    @property
    def new(self) -> list[WordQuestion]:
        """Return those that would be made."""
        return [each for each in self.shown if not each.doubt and each.answer == NEW]


FEW_WORDS = 8
MOST_WORDS = 60  # of one column on one page
MOST_CHOICES = 12_000  # in all of its boxes together, where it has more than MOST_WORDS


def word_questions(organisation: Organisation, plan: Plan) -> list[WordQuestions]:
    """Return what a plan asks about words, column by column: those that keep rows back or are in doubt first, then the
    commonest."""
    choices = _word_choices(organisation)
    questions = []
    for column, listed in plan.asked.items():
        listed = sorted(listed, key=lambda each: (bool(each.answer), not each.doubt, -each.rows))
        most = max(MOST_WORDS, MOST_CHOICES // len(choices[column]))
        shown = [_question(f"{column}-{at}", each, choices[column]) for at, each in enumerate(listed[:most])]
        if shown:
            questions.append(WordQuestions(column, COLUMNS[column].title, shown, max(0, len(listed) - most)))
    return questions


def _question(name: str, asked: Asked, choices: list[tuple[str, str]]) -> WordQuestion:
    """Return a word's question; what it likely is stands first among its choices."""
    likely = [
        (answer, _("The same as “%(name)s”") % {"name": title} if answer.startswith(SAME) else title)
        for answer, title in asked.likely
    ]
    known = {answer for answer, _title in likely}
    return WordQuestion(
        name, asked.key, asked.word, asked.rows, [*likely, *(each for each in choices if each[0] not in known)],
        asked.answer, asked.doubt, tuple(title for _answer, title in asked.likely), tuple(asked.spellings),
    )  # fmt: skip


def _word_choices(organisation: Organisation) -> dict[str, list[tuple[str, str]]]:
    known = catalogue()
    services = [(each.slug, each.name) for each in organisation.services.all() if each.retired_on is None]
    return {
        "service": [(NEW, _("Make a new service of this name")), (TRUST_WIDE, _("The whole organisation")), *services],
        "status": [("", _("Choose what this means")), *Activity.StatedStatus.choices, (UNKNOWN, _("We do not know"))],
        "groups": [
            ("", _("Choose who this is")),
            *known.groups.items(),
            ("everyone", _("Open to everyone")),
            (LEAVE_OUT, _("None of these: leave the word out")),
        ],
        "method": [("", _("Keep our word")), *((method, method) for method in known.methods)],
    }


def switched(data, headings: tuple[str, ...]):
    """Return what was sent, with the one column that the button ``switch`` ("3-service", "3-") reads otherwise."""
    at, _sign, ours = data.get("switch", "").partition("-")
    if not (at.isascii() and at.isdigit() and len(at) < 5 and int(at) < len(headings)):
        return data
    data = data.copy()
    data[f"column_{int(at)}"] = ours
    return data


def answered_words(data) -> dict[str, dict[str, str]]:
    """Return our column -> {their word, folded: what it means} as the boxes of word_questions send it.

    What is empty was not answered. What a meaning may be, imports.words decides: anything else counts as not answered.
    """
    found: dict[str, dict[str, str]] = {}
    for name in data:
        column, _sign, at = name.removeprefix("word-").partition("-")
        if not name.startswith("word-") or column not in ASKED or not at.isdecimal():
            continue
        key, answer = data.get(f"key-{column}-{at}", ""), data.get(name, "")
        if key and answer:
            found.setdefault(column, {})[key[:300]] = answer[:120]
    return found


class UndoForm(NHSForm):
    """Undo an import; ``keep`` says that what somebody has worked on since may stay."""

    keep = forms.BooleanField(required=False, widget=forms.HiddenInput)
