"""What in a text looks like it is about one person: an NHS number, a phone number, an email address.

A warning, never a refusal: an activity may have good reason to name a team's address. Plain Python.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

_WORTH_A_LOOK = re.compile(r"@|\d[\d \u00a0()-]{6,}\d")
_WEB_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
_GAP = r"[ \u00a0-]?"
_PHONE = re.compile(
    rf"(?<![\d+])(?:\+44{_GAP}(?:\(0\){_GAP})?|0044{_GAP}|\(?0)"
    rf"[127]\d(?:[ \u00a0()-]{{0,2}}\d){{7,8}}(?!\d)"
)
_TEN_DIGITS = re.compile(rf"(?<!\d)(?<!\d-)(\d{{3}}){_GAP}(\d{{3}}){_GAP}(\d{{4}})(?!-?\d)")


@dataclass(frozen=True)
class Found:
    """One such thing: ``kind`` in words ("an NHS number"), and the ``text`` as it stands there."""

    kind: str
    text: str


def is_nhs_number(digits: str) -> bool:
    """Return whether ten digits carry the right check digit (modulus 11, weights 10 to 2; a check of 10 is never used).

    Scotland's CHI numbers are checked in the same way.
    """
    check = 11 - sum(int(digit) * weight for digit, weight in zip(digits[:9], range(10, 1, -1), strict=True)) % 11
    return check != 10 and check % 11 == int(digits[9]) and len(set(digits)) > 1


def telltales(text: str) -> list[Found]:
    """Return what in ``text`` looks personal, in the order in which it stands there; web addresses are passed over.

    Numbers of organisations (0300, 0800, 111) are nobody's own, so they are left alone.
    """
    if not _WORTH_A_LOOK.search(text):
        return []
    text = _WEB_ADDRESS.sub(lambda match: " " * len(match[0]), text)
    found = [(match.start(), str(_("an email address")), match[0]) for match in _EMAIL.finditer(text)]
    phones = list(_PHONE.finditer(text))
    found += [(match.start(), str(_("a phone number")), match[0]) for match in phones]
    taken = [match.span() for match in phones]
    for match in _TEN_DIGITS.finditer(text):
        inside = any(start <= match.start() < end for start, end in taken)
        if not inside and is_nhs_number("".join(match.groups())):
            found.append((match.start(), str(_("an NHS number")), match[0]))
    return [Found(kind, said.strip()) for _at, kind, said in sorted(found)]
