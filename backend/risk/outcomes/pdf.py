"""A monthly report as PDF: key figures, charts, tables. Drawn with reportlab and the fonts every reader has."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.charts.barcharts import HorizontalBarChart, VerticalBarChart
from reportlab.graphics.shapes import Drawing, String
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from models.core.formatting import money_words
from models.risk.report import ReportFigures, RiskReport

_INK, _GREY, _LINE, _SHADE = (HexColor(f"0x{code}") for code in ("1b2430", "5b6675", "c9d0d8", "f3f5f7"))
_BLUE, _ORANGE = HexColor("0x2f6fb3"), HexColor("0xd9822b")
_WIDTH = A4[0] - 36 * mm
_PLAIN = str.maketrans("−ŁłĐđĦħıŦŧ", "-LlDdHhiTt")
RULES_SHOWN = 12
"""Bars of the chart of rules; the table has all of them."""

_TITLE = ParagraphStyle("title", fontName="Helvetica-Bold", fontSize=20, leading=24, textColor=_INK)
_SECTION = ParagraphStyle("section", fontName="Helvetica-Bold", fontSize=12, leading=16, textColor=_INK, spaceBefore=10)
_TEXT = ParagraphStyle("text", fontName="Helvetica", fontSize=8.5, leading=11, textColor=_GREY)
_CELL = ParagraphStyle("cell", fontName="Helvetica", fontSize=8.5, leading=10.5, textColor=_INK)
_NUMBER = ParagraphStyle("number", parent=_CELL, alignment=TA_RIGHT)
_VALUE = ParagraphStyle("value", fontName="Helvetica-Bold", fontSize=14, leading=17, textColor=_INK)


def to_pdf(report: RiskReport) -> bytes:
    """The report on A4 pages. The same report gives the same pages."""
    figures = report.figures
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=16 * mm,
        bottomMargin=18 * mm,
        title=f"Risk report {report.month}",
        author="opsconsole",
        invariant=True,
    )
    generated = report.generated_at.strftime("%Y-%m-%d %H:%M UTC")
    story: list[Any] = [
        Paragraph(f"Risk report {report.month}", _TITLE),
        Paragraph(f"Generated {generated} by {_shown(report.generated_by_name)}. Months and days are UTC.", _TEXT),
        Spacer(1, 5 * mm),
        _tiles(figures),
        Spacer(1, 3 * mm),
        Paragraph(
            "An order counts as fraud when a chargeback, a dispute or a refund as fraud came in for it until the report"
            " was generated, or when it was rejected.",
            _TEXT,
        ),
        *_days(figures),
        *_actions(figures),
        *_rules(figures),
        *_analysts(figures),
        *_outcomes(figures),
    ]

    def footer(canvas: Any, page: Any) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.setFillColor(_GREY)
        canvas.drawString(18 * mm, 10 * mm, f"Risk report {report.month}, version {report.version}")
        canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, f"Page {page.page}")

    document.build(story, onFirstPage=footer, onLaterPages=footer)
    return out.getvalue()


def _tiles(figures: ReportFigures) -> Table:
    money = figures.currency
    shown = [
        ("Orders checked", f"{figures.checked:,}", money_words(figures.amount, money)),
        ("Flagged", f"{figures.flagged:,}", f"{_share(figures.flagged, figures.checked)} of the orders"),
        ("Into the queue", f"{figures.entries:,}", f"{figures.undecided:,} not decided yet"),
        ("Frauds", f"{figures.frauds:,}", money_words(figures.fraud_amount, money)),
        ("Approved", f"{figures.approved:,}", money_words(figures.approved_amount, money)),
        ("Rejected", f"{figures.rejected:,}", money_words(figures.rejected_amount, money)),
        ("Precision", _percent(figures.precision), f"recall {_percent(figures.recall)}"),
        ("False positives", _percent(figures.false_positive_rate), "of the honest orders"),
    ]
    cells = [[Paragraph(name, _TEXT), Paragraph(value, _VALUE), Paragraph(more, _TEXT)] for name, value, more in shown]
    table = Table([cells[:4], cells[4:]], colWidths=[_WIDTH / 4] * 4)
    table.setStyle(
        TableStyle(
            [
                ("BOX", (0, 0), (-1, -1), 0.5, _LINE),
                ("INNERGRID", (0, 0), (-1, -1), 0.5, _LINE),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("TOPPADDING", (0, 0), (-1, -1), 6),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 7),
            ]
        )
    )
    return table


def _days(figures: ReportFigures) -> list[Any]:
    if not figures.days:
        return []
    chart = VerticalBarChart()
    chart.data = [[day.checked - day.entries for day in figures.days], [day.entries for day in figures.days]]
    chart.categoryAxis.style = "stacked"
    chart.categoryAxis.categoryNames = [str(day.day.day) for day in figures.days]
    chart.categoryAxis.labels.fontSize = 7
    _plain(chart, height=42 * mm)
    chart.barSpacing, chart.groupSpacing = 0, 2
    return [
        KeepTogether(
            [
                Paragraph("Orders checked by day", _SECTION),
                _drawing(chart, 56 * mm, (("passed", _BLUE), ("into the queue", _ORANGE))),
            ]
        )
    ]


def _actions(figures: ReportFigures) -> list[Any]:
    rows = [
        [each.action.value, f"{each.orders:,}", money_words(each.amount, figures.currency), f"{each.frauds:,}"]
        for each in figures.actions
    ]
    return [_section("Recommended", ("action", "orders", "amount", "frauds"), rows)]


def _rules(figures: ReportFigures) -> list[Any]:
    if not figures.rules:
        return [Paragraph("Rules", _SECTION), Paragraph("No rule fired in this month.", _TEXT)]
    # The chart counts from below.
    shown = figures.rules[:RULES_SHOWN][::-1]
    chart = HorizontalBarChart()
    chart.data = [[each.frauds for each in shown], [each.orders - each.frauds for each in shown]]
    chart.categoryAxis.style = "stacked"
    chart.categoryAxis.categoryNames = [_short(each.rule_id) for each in shown]
    chart.categoryAxis.labels.fontSize = 7.5
    chart.categoryAxis.labels.dx = -3
    height = (12 + 6 * len(shown)) * mm
    _plain(chart, height=height - 10 * mm, left=48 * mm)
    chart.barSpacing, chart.groupSpacing = 0, 3
    rows = [
        [
            each.rule_id,
            f"{each.orders:,}",
            money_words(each.amount, figures.currency),
            f"{each.frauds:,}",
            _percent(each.precision),
        ]
        for each in figures.rules
    ]
    return [
        KeepTogether(
            [
                Paragraph("Rules that fired most", _SECTION),
                _drawing(chart, height + 4 * mm, (("fraud", _BLUE), ("no fraud known", _ORANGE))),
            ]
        ),
        _section("Rules", ("rule", "orders", "amount", "frauds", "precision"), rows),
    ]


def _analysts(figures: ReportFigures) -> list[Any]:
    rows = [
        [
            each.name,
            f"{each.approved:,}",
            f"{each.rejected:,}",
            money_words(each.amount, figures.currency),
            "–" if each.minutes is None else f"{each.minutes:,.0f}",
            f"{each.missed:,}",
        ]
        for each in figures.analysts
    ]
    if not rows:
        return [Paragraph("Analysts", _SECTION), Paragraph("Nobody decided about an entry in this month.", _TEXT)]
    head = ("analyst", "approved", "rejected", "amount", "minutes, median", "approved frauds")
    return [_section("Analysts", head, rows)]


def _outcomes(figures: ReportFigures) -> list[Any]:
    rows = [
        [
            each.kind.replace("_", " "),
            f"{each.count:,}",
            money_words(each.amount, figures.currency),
            f"{each.unconverted:,}",
        ]
        for each in figures.outcomes
    ]
    return [_section("Came in during the month", ("outcome", "count", "amount", "without a rate"), rows)]


def _section(title: str, head: Sequence[str], rows: list[list[str]]) -> KeepTogether:
    """A heading and a table; the first column is text and gets the room the others leave."""
    styled = [[Paragraph(_shown(cell), _CELL if n == 0 else _NUMBER) for n, cell in enumerate(row)] for row in rows]
    headings = [Paragraph(f"<b>{cell}</b>", _CELL if n == 0 else _NUMBER) for n, cell in enumerate(head)]
    shares = [3 if cell == "amount" else 2 for cell in head[1:]]
    others = [_WIDTH * 0.7 * share / sum(shares) for share in shares]
    table = Table([headings, *styled], colWidths=[_WIDTH - sum(others), *others], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, 0), 0.75, _INK),
                ("LINEBELOW", (0, 1), (-1, -1), 0.25, _LINE),
                ("ROWBACKGROUNDS", (0, 1), (-1, -1), [None, _SHADE]),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("TOPPADDING", (0, 0), (-1, -1), 2.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
            ]
        )
    )
    return KeepTogether([Paragraph(title, _SECTION), Spacer(1, 1.5 * mm), table])


def _plain(chart: Any, *, height: float, left: float = 14 * mm) -> None:
    """Size, colours, and a value axis in whole numbers that begins at nothing."""
    chart.x, chart.y, chart.width, chart.height = left, 8 * mm, _WIDTH - left - 4 * mm, height
    for number, colour in enumerate((_BLUE, _ORANGE)):
        chart.bars[number].fillColor = colour
        chart.bars[number].strokeColor = None
    most = max((sum(values) for values in zip(*chart.data, strict=True)), default=0)
    axis = chart.valueAxis
    axis.valueMin, axis.valueMax, axis.valueStep = 0, *_scale(most)
    axis.labelTextFormat = lambda value: f"{value:,.0f}"
    axis.labels.fontSize = 7
    axis.visibleGrid, axis.gridStrokeColor, axis.gridStrokeWidth = 1, _LINE, 0.25
    for each in (chart.categoryAxis, axis):
        each.labels.fontName = "Helvetica"
        each.labels.fillColor = _INK
        each.strokeColor = _LINE
        each.strokeWidth = 0.5
    chart.categoryAxis.visibleTicks = 0


def _scale(most: int) -> tuple[int, int]:
    """Largest value of an axis and its step: one, two or five times a power of ten, about five of them."""
    step = 1
    while step * 5 < most:
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    return max(step, -(-most // step) * step), step


def _drawing(chart: Any, height: float, legend: tuple[tuple[str, Color], ...]) -> Drawing:
    drawing = Drawing(_WIDTH, height)
    drawing.add(chart)
    x = chart.x
    for words, colour in legend:
        drawing.add(String(x, height - 3 * mm, "■", fontName="ZapfDingbats", fontSize=7, fillColor=colour))
        drawing.add(String(x + 9, height - 3 * mm, words, fontName="Helvetica", fontSize=7.5, fillColor=_GREY))
        x += 32 * mm
    return drawing


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.1f} %"


def _share(part: int, whole: int) -> str:
    return _percent(part / whole if whole else None)


def _short(text: str) -> str:
    return text if len(text) <= 28 else f"{text[:27]}…"


def _shown(text: str) -> str:
    """Text as the fonts of every reader can show it: without accents they lack; what is left is a question mark."""
    return escape("".join(map(_letter, text.translate(_PLAIN))).encode("cp1252", "replace").decode("cp1252"))


def _letter(letter: str) -> str:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        plain = unicodedata.normalize("NFKD", letter)
        return "".join(each for each in plain if not unicodedata.combining(each))
    return letter
