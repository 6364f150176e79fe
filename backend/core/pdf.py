"""What documents that are printed share: their styles, and text that the fonts of every reader can show."""

from __future__ import annotations

import unicodedata
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import SimpleDocTemplate

INK, GREY, LINE, SHADE = (HexColor(f"0x{code}") for code in ("1b2430", "5b6675", "c9d0d8", "f3f5f7"))
WIDTH: Final = A4[0] - 36 * mm
TITLE = ParagraphStyle("title", fontName="Helvetica-Bold", fontSize=20, leading=24, textColor=INK)
SECTION = ParagraphStyle("section", fontName="Helvetica-Bold", fontSize=12, leading=16, textColor=INK, spaceBefore=10)
TEXT = ParagraphStyle("text", fontName="Helvetica", fontSize=8.5, leading=11, textColor=GREY)
CELL = ParagraphStyle("cell", fontName="Helvetica", fontSize=8.5, leading=10.5, textColor=INK)
_PLAIN = str.maketrans("−ŁłĐđĦħıŦŧ", "-LlDdHhiTt")


def build(document: SimpleDocTemplate, story: list[Any], foot: str) -> None:
    """Make the pages, each with words and its number at the foot."""

    def footer(canvas: Any, page: Any) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.setFillColor(GREY)
        canvas.drawString(18 * mm, 10 * mm, foot)
        canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, f"Page {page.page}")

    document.build(story, onFirstPage=footer, onLaterPages=footer)


def document(out: Any, title: str) -> SimpleDocTemplate:
    """A4 pages with our margins. The same content gives the same bytes."""
    return SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=16 * mm,
        bottomMargin=18 * mm,
        title=title,
        author="opsconsole",
        invariant=True,
    )


def shown(text: str) -> str:
    """Text as the fonts of every reader can show it: without accents they lack; what is left is a question mark."""
    return escape("".join(map(_letter, text.translate(_PLAIN))).encode("cp1252", "replace").decode("cp1252"))


def _letter(letter: str) -> str:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        plain = unicodedata.normalize("NFKD", letter)
        return "".join(each for each in plain if not unicodedata.combining(each))
    return letter
