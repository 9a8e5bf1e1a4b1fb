"""The board's report of an audit, from plain data alone: PDF, Word, Excel, and a page.

document.py makes one tree of blocks (blocks.py) of a snapshot, the board's conclusions and the sign-off; pdf.py,
word.py and page.py draw that tree; excel.py lays out the facts behind every figure. Nothing here asks the database.
"""

from __future__ import annotations

from collections.abc import Callable

KINDS = ("pdf", "docx", "xlsx")
CONTENT_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


def render(kind: str, snapshot: dict, conclusions: list[dict], signed: dict | None) -> bytes:
    """Return the report as ``kind`` (pdf, docx, xlsx); the same facts give the same bytes.

    ``snapshot`` is of format 1, with names in place of ids; ``signed`` is None before signing. Raises ValueError for
    another kind or format.
    """
    if snapshot["format"] != 1:
        raise ValueError(f"a snapshot of format {snapshot['format']} is not known here")
    if kind not in KINDS:
        raise ValueError(f"no report is made as {kind}")
    return _writer(kind)(snapshot, conclusions, signed)


def _writer(kind: str) -> Callable[[dict, list[dict], dict | None], bytes]:
    # Each brings a large library, which most processes of the server never need.
    if kind == "xlsx":
        from involvement.reports.excel import workbook

        return workbook
    from involvement.reports.document import build

    if kind == "docx":
        from involvement.reports.word import docx

        return lambda *facts: docx(build(*facts))
    from involvement.reports.pdf import pdf

    return lambda *facts: pdf(build(*facts))
