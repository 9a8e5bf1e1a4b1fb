"""What an organisation answered about its lists before: the next list with the same headings starts from there.

Nothing is kept beside the record of imports. An import that was undone is forgotten: its answers may have been why.
"""

from __future__ import annotations

from collections.abc import Iterable

from involvement.imports.columns import COLUMNS, folded
from involvement.models import Organisation

REMEMBERED = 50  # imports that are looked back on


def remembered_columns(organisation: Organisation, headings: Iterable[str]) -> dict[str, str]:
    """Return their heading -> our column ("" to leave it out) as it was last answered for each heading of a list.

    Where two headings claim one column, the newer answer keeps it. The answers fit map_columns.
    """
    wanted = {folded(heading): heading for heading in reversed(list(headings)) if folded(heading)}
    found: dict[str, str] = {}
    for columns in _answered(organisation, "columns"):
        for theirs, ours in columns.items():
            heading = wanted.get(folded(theirs))
            if heading is None or heading in found or (ours and (ours not in COLUMNS or ours in found.values())):
                continue
            found[heading] = ours
    return found


def remembered_words(organisation: Organisation) -> dict[str, dict[str, str]]:
    """Return our column -> {their word, folded: what it means}, each as it was last answered."""
    found: dict[str, dict[str, str]] = {}
    for words in _answered(organisation, "words"):
        for column, answers in words.items():
            for word, meaning in answers.items():
                found.setdefault(column, {}).setdefault(word, meaning)
    return found


def _answered(organisation: Organisation, what: str) -> Iterable[dict]:
    """Return what was answered in the imports that stand, the newest first."""
    return organisation.imports.filter(undone_at=None).order_by("-id").values_list(what, flat=True)[:REMEMBERED]
