"""Reading names and email addresses out of what people paste: from a letter's heading, a spreadsheet, a list."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext as _

LONGEST_NAME = 150
PIECE = re.compile(r"[^\s<>()\[\],;\"|:]+")
AROUND = " \t\"'<>()[]|,;:-–—•*·."
HEADING = re.compile(
    r"(?:(?:first|last|full|given|family|display|e-?mail)[ _-]?)?"
    r"(?:name|surname|forename|e-?mail|address|role|to|cc|bcc)(?:es|s)?"
)
PLAIN = str.maketrans({"“": '"', "”": '"', "„": '"', "’": "'", "‘": "'", "＠": "@", "\u00a0": " ", "\ufeff": " "})
UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060]")


@dataclass(frozen=True)
class Person:
    """One address in lower case, with the name beside it ("" for none)."""

    email: str
    name: str = ""


@dataclass(frozen=True)
class Pasted:
    """What was read: people in the order written, each once; a sentence for each thing that could not be read."""

    people: tuple[Person, ...]
    problems: tuple[str, ...]
    twice: tuple[str, ...]  # addresses that were written more than once


def read_people(text: str) -> Pasted:
    """Read every person in ``text``: "Jane Doe <jane@…>", "Doe, Jane <jane@…>; …", "jane@…, Jane Doe", a column.

    Separators are commas, semicolons, tabs and new lines; a line of headings is passed over.
    """
    people: dict[str, str] = {}
    problems, twice = [], []
    for number, line in enumerate(UNSEEN.sub("", text.translate(PLAIN)).splitlines(), 1):
        line = re.sub(r"mailto:", "", line, flags=re.IGNORECASE)
        if not line.strip(AROUND) or _is_heading(line):
            continue
        found = _of_line(line)
        if not found:
            words = _("Line %(number)d has no email address: “%(text)s”")
            problems.append(words % {"number": number, "text": _short(line.strip())})
        for email, name in found:
            if not _is_address(email):
                words = _("Line %(number)d: “%(text)s” is not an email address")
                problems.append(words % {"number": number, "text": _short(email)})
                continue
            if email in people:
                twice.append(email)
            people[email] = people.get(email) or name
    listed = tuple(Person(email, name) for email, name in people.items())
    return Pasted(listed, tuple(problems), tuple(dict.fromkeys(twice)))


def _of_line(line: str) -> list[tuple[str, str]]:
    """Return (address, name) for each address of a line. Names stand before the addresses, or else after them."""
    pieces = [piece for piece in PIECE.finditer(line) if "@" in piece[0]]
    starts = [0, *(piece.end() for piece in pieces)]
    ends = [*(piece.start() for piece in pieces), len(line)]
    between = [line[start:end] for start, end in zip(starts, ends, strict=True)]
    names = [_name(text, line) for text in between]
    names = names[:-1] if names[0] or not names[-1] else names[1:]
    return [(piece[0].strip("'.-").lower(), name) for piece, name in zip(pieces, names, strict=True)]


def _name(text: str, line: str) -> str:
    """Return the name in the words beside an address: "DOE, Jane (THE TRUST)" of an address book is Jane Doe."""
    text = re.sub(r"\([^()]*\)", " ", text).strip(AROUND)
    if not any(letter.isalpha() for letter in text) or HEADING.fullmatch(text.lower()):
        return ""
    last, comma, first = (part.strip() for part in text.partition(","))
    if comma and "<" in line and "," not in first:
        text = f"{first} {last.title() if last.isupper() else last}"
    text = " ".join(re.split(r"[\s,;|\"]+", text)).strip(AROUND)
    return text[:LONGEST_NAME]


def _is_heading(line: str) -> bool:
    words = [word for word in re.split(r"[\t,;|]+", line.strip().lower().rstrip(":")) if word.strip()]
    return "@" not in line and all(HEADING.fullmatch(word.strip()) for word in words)


def _is_address(email: str) -> bool:
    try:
        EmailValidator()(email)
    except ValidationError:
        return False
    return len(email) <= 254


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"
