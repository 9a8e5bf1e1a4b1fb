"""The report as PDF/UA-1, set by typst. Equal facts make equal bytes: the date inside is the report's own."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from pathlib import Path

import typst
from django.conf import settings
from django.utils.translation import gettext as _

from involvement.reports.blocks import Block, Document, Picture, Table
from involvement.reports.signs import Coverage

TEMPLATE = Path(__file__).with_name("report.typ")
STANDARD = "ua-1"


def pdf(document: Document) -> bytes:
    """Return the report as PDF. Raises typst.TypstError where it cannot be made to the standard."""
    return compiled(paper(document))


def paper(document: Document) -> str:
    """Return the report as the JSON that the template reads, each sign in it one that a typeface has."""
    data = {
        "title": document.title or document.subject,
        "subject": document.subject,
        "footer": document.footer,
        "day": document.day,
        "sheet": _("Page {n} of {all}"),
        "blocks": [_block(block) for block in document.blocks],
    }
    return json.dumps(shown(data, coverage()), ensure_ascii=False)


def compiled(data: str, template: Path = TEMPLATE) -> bytes:
    """Return the PDF of what ``paper`` returned, or of what another template reads."""
    return typst.compile(
        template,
        root=template.parent,
        font_paths=typefaces(),
        format="pdf",
        pdf_standards=STANDARD,
        sys_inputs={"paper": data},
    )


def png(svg: str, *, ppi: float) -> bytes:
    """Return a drawing as a picture of points: Word shows no SVG everywhere."""
    source = b"#set page(width: auto, height: auto, margin: 0pt)\n#image(bytes(sys.inputs.svg), format: \"svg\")"
    drawing = coverage().drawn(svg)
    return typst.compile(source, font_paths=typefaces(), format="png", ppi=ppi, sys_inputs={"svg": drawing})


@cache
def typefaces() -> typst.Fonts:
    """Return the typefaces that were fetched at set-up, and no others of the machine: it must look alike everywhere."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[_folder()])


@cache
def coverage() -> Coverage:
    """Return which signs the typefaces have."""
    fonts = sorted(_folder().glob("*.ttf"))
    if not fonts:
        raise FileNotFoundError(f"no typefaces in {_folder()}: run assets.py")
    return Coverage(fonts)


def _folder() -> Path:
    return settings.BASE_DIR / "assets" / "fonts"


def _block(block: Block) -> dict:
    data = {"is": type(block).__name__.lower(), **asdict(block)}
    if isinstance(block, Picture):
        data["svg"] = coverage().drawn(block.svg)
    if isinstance(block, Table):
        columns = zip(*block.rows, strict=True) if block.rows else ((),) * len(block.header)
        data["numbers"] = [bool(column) and all(isinstance(cell, int) for cell in column) for column in columns]
    return data


def shown(data, signs: Coverage):
    """Return data with every sign in its texts one that the typefaces have."""
    if isinstance(data, str):
        return signs.shown(data)
    if isinstance(data, dict):
        return {name: shown(each, signs) for name, each in data.items()}
    if isinstance(data, list | tuple):
        return [shown(each, signs) for each in data]
    return data
