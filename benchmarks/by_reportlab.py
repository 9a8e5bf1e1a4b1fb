"""The board's report as reportlab sets it: what benchmarks/files.py runs with a Python that has reportlab, not ours.

``python benchmarks/by_reportlab.py FONTS FILE...`` reads what benchmarks/board_pdf.py left (the blocks of the report,
as JSON), makes a PDF of each and prints the CPU seconds of each as JSON. Every heading, paragraph, table and the map
stand in it, in the same typeface. It is not tagged: reportlab cannot. Twice each: as a report has to be, cells as
paragraphs that break into lines ("seconds"); and at the least that reportlab can be made to do, cells as bare words
that run over their neighbours ("bare"). The first file is set once more before, to warm up.
"""

import io
import json
import sys
import time
from html import escape
from pathlib import Path
from xml.etree import ElementTree

from reportlab.graphics.shapes import Circle, Drawing, Group, Rect, String
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import ListFlowable, PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

WIDE = A4[0] - 36 * mm
TEXT = ParagraphStyle("text", fontName="Arimo", fontSize=10, leading=13, spaceAfter=6)
CELL = ParagraphStyle("cell", parent=TEXT, fontSize=8.5, leading=11, spaceAfter=0)
HEADINGS = {
    level: ParagraphStyle(f"h{level}", parent=TEXT, fontName="Arimo-Bold", fontSize=size, leading=1.3 * size,
                          spaceBefore=12, keepWithNext=1)
    for level, size in ((1, 20), (2, 14), (3, 11))
}  # fmt: skip
LINES = TableStyle([("LINEBELOW", (0, 0), (-1, -1), 0.5, HexColor("#d8dde0")), ("VALIGN", (0, 0), (-1, -1), "TOP"),
                    ("FONT", (0, 0), (-1, -1), "Arimo", 8.5)])  # fmt: skip


def markup(words: str, lead: str = "") -> str:
    """Return words in reportlab's own markup, ``lead`` before them in bold."""
    led = f"<b>{escape(lead)}</b> " if lead else ""
    return led + escape(words).replace("\n", "<br/>")


def drawing(svg: str) -> Drawing:
    """Return the map, which is made of rectangles, circles and words."""
    root = ElementTree.fromstring(svg)  # noqa: S314  our own drawing
    wide, tall = float(root.get("width")), float(root.get("height"))
    group = Group()
    for each in root:
        kind, at = each.tag.rpartition("}")[2], {name: each.get(name) for name in each.keys()}
        x, y = float(at.get("x", at.get("cx", 0))), tall - float(at.get("y", at.get("cy", 0)))
        drawn = None
        if kind == "rect":
            high = float(at["height"])
            drawn = Rect(x, y - high, float(at["width"]), high, fillColor=HexColor(at["fill"]), strokeWidth=0)
        elif kind == "circle":
            drawn = Circle(x, y, float(at["r"]), fillColor=HexColor(at["fill"]))
        elif kind == "text":
            font = "Arimo-Bold" if at.get("font-weight") else "Arimo"
            drawn = String(x, y, each.text or "", fontName=font, fontSize=float(at["font-size"]),
                           textAnchor=at.get("text-anchor", "start"), fillColor=HexColor(at["fill"]))  # fmt: skip
        if drawn is not None:
            if at.get("stroke"):
                drawn.strokeColor, drawn.strokeWidth = HexColor(at["stroke"]), 2
            group.add(drawn)
    scale = WIDE / wide
    group.scale(scale, scale)
    return Drawing(WIDE, tall * scale, group)


def block(it: dict, bare: bool) -> list:
    """Return what reportlab sets for one block; ``bare``: the cells of a table as words that do not break."""
    if it["is"] == "heading":
        return [*([PageBreak()] if it["fresh"] else []), Paragraph(markup(it["text"]), HEADINGS[it["level"]])]
    if it["is"] == "paragraph":
        return [Paragraph(markup(it["text"], it["lead"]), TEXT)]
    if it["is"] == "bullets":
        items = [Paragraph(markup(words, lead), TEXT) for lead, words in it["items"]]
        return [ListFlowable(items, bulletType="bullet")]
    if it["is"] == "picture":
        return [drawing(it["svg"])]
    whole = sum(it["widths"])
    rows = [[str(cell) for cell in row] for row in (it["header"], *it["rows"])]
    if not bare:
        rows = [[Paragraph(markup(cell), CELL) for cell in row] for row in rows]
    widths = [WIDE * each / whole for each in it["widths"]]
    return [Paragraph(markup(it["caption"]), CELL), Table(rows, widths, repeatRows=1, style=LINES), Spacer(1, 6)]


def made(paper: dict, bare: bool = False) -> bytes:
    """Return the report as PDF."""
    out = io.BytesIO()

    def foot(canvas, _document) -> None:
        canvas.setFont("Arimo", 8)
        canvas.drawString(18 * mm, 12 * mm, f"{paper['footer']} {canvas.getPageNumber()}")

    title = [Paragraph(markup(paper["title"]), HEADINGS[1]), Paragraph(markup(paper["subject"]), TEXT)]
    story = [*title, *(each for it in paper["blocks"] for each in block(it, bare))]
    template = SimpleDocTemplate(out, pagesize=A4, leftMargin=18 * mm, rightMargin=18 * mm, title=paper["title"])
    template.build(story, onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def main() -> None:
    """Make each file's PDF and print what it took."""
    fonts = Path(sys.argv[1])
    pdfmetrics.registerFont(TTFont("Arimo", fonts / "Arimo_400Regular.ttf"))
    pdfmetrics.registerFont(TTFont("Arimo-Bold", fonts / "Arimo_700Bold.ttf"))
    pdfmetrics.registerFontFamily("Arimo", normal="Arimo", bold="Arimo-Bold", italic="Arimo", boldItalic="Arimo-Bold")
    papers = [json.loads(Path(name).read_text()) for name in sys.argv[2:]]
    made(papers[0])
    found = []
    for paper in papers:
        times = {}
        for name in ("seconds", "bare"):
            began = time.process_time()
            made(paper, name == "bare")
            times[name] = time.process_time() - began
        found.append(times)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
