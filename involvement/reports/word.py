"""The report as Word, for who goes on writing: real headings, header rows, alt text, language, page numbers."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime

from django.utils.translation import gettext as _
from docx import Document as new_document
from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from involvement.reports.blocks import Block, Bullets, Document, Heading, Paragraph, Picture, Table
from involvement.reports.pdf import png

WIDTH = 17.4  # cm between the margins of a sheet of A4
INK, QUIET, LINE = RGBColor(0x21, 0x2B, 0x32), RGBColor(0x42, 0x55, 0x63), "768692"
SHARP = 160  # points an inch of the drawing, which is ten inches wide
STYLES = {"finding": "Finding", "note": "Note", "quote": "Words of others", "quiet": "Quiet"}
OURS = {  # style -> size, colour, ground, colour of the line at its left
    "Finding": (12.5, INK, None, None),
    "Note": (10.5, INK, "FFF9D6", "7A5F00"),
    "Words of others": (10.5, INK, None, LINE),
    "Quiet": (10.5, QUIET, None, None),
}


def docx(document: Document) -> bytes:
    """Return the report as Word. The same document gives the same bytes."""
    word = new_document()
    _settle(word, document)
    word.add_paragraph(document.title or document.subject, "Title")
    word.add_paragraph(document.subject, "Subtitle")
    for block in document.blocks:
        DRAWN[type(block)](word, block)
    kept = io.BytesIO()
    word.save(kept)
    return _without_clock(kept.getvalue())


def _settle(word: WordDocument, document: Document) -> None:
    """Set paper, typeface, language, properties and footer."""
    package = word.part.package
    for key in [key for key, relation in package.rels.items() if relation.reltype.endswith("/thumbnail")]:
        del package.rels[key]  # a picture of the library's own empty sheet
    section = word.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm((21 - WIDTH) / 2)
    section.top_margin = section.bottom_margin = Cm(1.8)
    day = datetime.fromisoformat(document.day)
    properties = word.core_properties
    properties.title, properties.subject = document.title[:255], document.subject[:255]
    properties.author = properties.last_modified_by = document.subject[:255]
    properties.comments, properties.language = "", document.language
    properties.created = properties.modified = day
    for name, size, colour in (
        ("Normal", 10.5, INK), ("Title", 22, INK), ("Subtitle", 12, QUIET), ("Heading 2", 15, INK),
        ("Heading 3", 12, INK), ("Caption", 9.5, QUIET),
    ):  # fmt: skip
        style = word.styles[name]
        style.font.size, style.font.color.rgb = Pt(size), colour
        style.font.italic = False
        _typeface(style.element.get_or_add_rPr(), document.language)
    for name, (size, colour, ground, line) in OURS.items():
        style = word.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = word.styles["Normal"]
        style.font.size, style.font.color.rgb = Pt(size), colour
        _framed(style, ground, line)
    _without(word.styles["Title"].element.get_or_add_pPr(), "w:pBdr")
    word.styles["Normal"].paragraph_format.space_after = Pt(6)
    word.styles["Caption"].paragraph_format.keep_with_next = True
    # The title is the first heading of the document, for who walks through it by headings.
    level = OxmlElement("w:outlineLvl")
    level.set(qn("w:val"), "0")
    word.styles["Title"].element.get_or_add_pPr().append(level)
    foot = section.footer.paragraphs[0]
    _run(foot, f"{document.footer}. {_('Page')} ", size=8)
    _field(foot, "PAGE")


def _typeface(properties, language: str) -> None:
    fonts = properties.find(qn("w:rFonts"))
    if fonts is None:
        fonts = OxmlElement("w:rFonts")
        properties.insert(0, fonts)
    for name in list(fonts.attrib):
        del fonts.attrib[name]
    for part in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(qn(f"w:{part}"), "Arial")
    _without(properties, "w:lang")
    lang = OxmlElement("w:lang")
    lang.set(qn("w:val"), language)
    properties.append(lang)


def _without(properties, name: str) -> None:
    for old in properties.findall(qn(name)):
        properties.remove(old)


def _framed(style, ground: str | None, line: str | None) -> None:
    """Give a style a line at its left, and a ground."""
    rules = style.element.get_or_add_pPr()
    if line:
        style.paragraph_format.left_indent = Cm(0.4)
        side = OxmlElement("w:left")
        for name, value in (("val", "single"), ("sz", "24"), ("space", "8"), ("color", line)):
            side.set(qn(f"w:{name}"), value)
        border = OxmlElement("w:pBdr")
        border.append(side)
        rules.insert(0, border)
    if ground:
        shade = OxmlElement("w:shd")
        for name, value in (("val", "clear"), ("color", "auto"), ("fill", ground)):
            shade.set(qn(f"w:{name}"), value)
        rules.insert(1, shade)


def _heading(word: WordDocument, block: Heading) -> None:
    paragraph = word.add_paragraph(block.text, f"Heading {block.level}")
    paragraph.paragraph_format.page_break_before = block.fresh or None


def _paragraph(word: WordDocument, block: Paragraph) -> None:
    paragraph = word.add_paragraph(style=STYLES.get(block.kind, "Normal"))
    _led(paragraph, block.lead, block.text)


def _bullets(word: WordDocument, block: Bullets) -> None:
    for lead, text in block.items:
        _led(word.add_paragraph(style="List Bullet"), lead, text)


def _led(paragraph, lead: str, text: str) -> None:
    if lead:
        _run(paragraph, f"{lead} " if text else lead, bold=True)
    _run(paragraph, text)


def _run(paragraph, text: str, *, bold: bool = False, size: float | None = None) -> None:
    """Add words, "\\n" as line breaks."""
    run = paragraph.add_run(text)
    run.bold = bold or None
    if size:
        run.font.size = Pt(size)


def _table(word: WordDocument, block: Table) -> None:
    word.add_paragraph(block.caption, "Caption")
    table = word.add_table(rows=1 + len(block.rows), cols=len(block.header))
    table.autofit = False
    _dress(table, block.caption)
    widths = [Cm(WIDTH * share / sum(block.widths)) for share in block.widths]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    numbers = {n for n in range(len(block.header)) if block.rows and all(isinstance(row[n], int) for row in block.rows)}
    rows = table._tbl.tr_lst  # a row of python-docx searches the whole table for each of its cells
    for number, (row, words) in enumerate(zip(rows, (block.header, *block.rows), strict=True)):
        rules = row.get_or_add_trPr()
        rules.append(OxmlElement("w:cantSplit"))
        if number == 0:
            rules.append(OxmlElement("w:tblHeader"))
        for place, (cell, text) in enumerate(zip(row.tc_lst, words, strict=True)):
            cell.width = widths[place]
            _fill(cell, text, head=number == 0, first=place == 0, right=place in numbers)
    word.add_paragraph().paragraph_format.space_after = Pt(0)


def _fill(cell, text: str | int, *, head: bool, first: bool, right: bool) -> None:
    """Write one cell: a header in bold, of a row's first cell the first line."""
    from docx.text.paragraph import Paragraph as WordParagraph

    paragraph = WordParagraph(cell.p_lst[0], None)
    paragraph.paragraph_format.space_after = Pt(1)
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    line, ending, rest = str(text).partition("\n")
    bold = head or (first and not isinstance(text, int))
    _run(paragraph, line, bold=bold, size=9)
    if ending:
        _run(paragraph, f"\n{rest}", bold=head, size=9)


def _dress(table, caption: str) -> None:
    """Give a table its name for who cannot see it, and lines between the rows."""
    rules = table._tbl.tblPr
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "bottom", "insideH"):
        line = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", LINE)):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)
    named = OxmlElement("w:tblCaption")
    named.set(qn("w:val"), caption)
    look = rules.find(qn("w:tblLook"))
    layout = rules.find(qn("w:tblLayout"))
    (layout if layout is not None else look).addprevious(borders)
    rules.append(named)


def _picture(word: WordDocument, block: Picture) -> None:
    picture = word.add_picture(io.BytesIO(png(block.svg, ppi=SHARP)), width=Cm(WIDTH))
    for side in ("distT", "distB", "distL", "distR"):
        picture._inline.set(side, "0")
    seen = picture._inline.docPr
    seen.set("descr", block.alt)
    seen.set("title", _("The map"))


def _field(paragraph, name: str) -> None:
    """Add what Word counts itself."""
    run = paragraph.add_run()
    run.font.size = Pt(8)
    for kind, text in (("begin", None), (None, name), ("end", None)):
        part = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        else:
            part.text = text
        run._r.append(part)


def _without_clock(made: bytes) -> bytes:
    """Return the same archive with no time of making in it."""
    kept = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made)) as old, zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(zipfile.ZipInfo(part.filename), old.read(part), zipfile.ZIP_DEFLATED)
    return kept.getvalue()


DRAWN: dict[type[Block], object] = {
    Heading: _heading,
    Paragraph: _paragraph,
    Bullets: _bullets,
    Table: _table,
    Picture: _picture,
}
