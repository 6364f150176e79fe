"""A record as PDF; it proves nothing by itself. Drawn with reportlab and the fonts every reader has."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from backend.launch.record.tables import Table, headline, notice, tables, title

_INK, _GREY, _LINE = (HexColor(f"0x{code}") for code in ("1b2430", "5b6675", "c9d0d8"))
_TITLE = ParagraphStyle("title", fontName="Helvetica-Bold", fontSize=18, leading=22, textColor=_INK)
_VERDICT = ParagraphStyle("verdict", parent=_TITLE, fontSize=32, leading=40)
_SECTION = ParagraphStyle("section", fontName="Helvetica-Bold", fontSize=12, leading=16, textColor=_INK, spaceBefore=10)
_TEXT = ParagraphStyle("text", fontName="Helvetica", fontSize=8.5, leading=11, textColor=_GREY)
_CELL = ParagraphStyle("cell", fontName="Helvetica", fontSize=7.5, leading=9.5, textColor=_INK)
_HEAD = ParagraphStyle("head", parent=_CELL, fontName="Helvetica-Bold")
_WIDTH = A4[0] - 36 * mm
_PLAIN = str.maketrans("−ŁłĐđĦħıŦŧ", "-LlDdHhiTt")
_CELL_MOST = 1_000


def to_pdf(record: Mapping[str, Any]) -> bytes:
    """The record on A4 pages. The same record gives the same pages."""
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=16 * mm,
        bottomMargin=18 * mm,
        title=_shown(title(record)),
        author="opsconsole",
        invariant=True,
    )
    story: list[Any] = [
        Paragraph(_shown(title(record)), _TITLE),
        Paragraph(_shown(record["question"]), _TEXT),
        Paragraph(_shown(record["verdict"]["word"]), _VERDICT),
        Paragraph(_shown(headline(record)), _TEXT),
    ]
    for table in tables(record):
        story += [Paragraph(_shown(table.title), _SECTION), Spacer(1, 1 * mm), _table(table)]
    story += [Spacer(1, 5 * mm), Paragraph(_shown(notice(record)), _TEXT)]
    rehearsal = record["launch"]["rehearsalOf"] is not None

    def page(canvas: Any, around: Any) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.setFillColor(_GREY)
        canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, f"Page {around.page}")
        if rehearsal:
            canvas.saveState()
            canvas.setFillColor(_LINE)
            canvas.setFont("Helvetica-Bold", 72)
            canvas.translate(A4[0] / 2, A4[1] / 2)
            canvas.rotate(55)
            canvas.drawCentredString(0, 0, "REHEARSAL")
            canvas.restoreState()

    document.build(story, onFirstPage=page, onLaterPages=page)
    return out.getvalue()


def _table(table: Table) -> LongTable:
    rows = [[Paragraph(_shown(cell), _HEAD) for cell in table.columns]]
    rows += [[Paragraph(_shown(cell), _CELL) for cell in row] for row in table.rows]
    first, others = 0.32, 0.68 / (len(table.columns) - 1)
    widths = [_WIDTH * (others if number else first) for number in range(len(table.columns))]
    drawn = LongTable(rows, colWidths=widths, repeatRows=1)
    drawn.setStyle(
        TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE)]),
    )
    return drawn


def _shown(text: str) -> str:
    """Text as the fonts of every reader can show it, and as no mark-up."""
    short = text if len(text) <= _CELL_MOST else f"{text[:_CELL_MOST]} (goes on in the JSON)"
    return escape("".join(map(_letter, short.translate(_PLAIN))).encode("cp1252", "replace").decode("cp1252"))


def _letter(letter: str) -> str:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        plain = unicodedata.normalize("NFKD", letter)
        return "".join(each for each in plain if not unicodedata.combining(each))
    return letter
