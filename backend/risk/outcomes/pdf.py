"""A monthly report as PDF: key figures, charts, tables. Drawn with reportlab and the fonts every reader has."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from reportlab.graphics.charts.barcharts import HorizontalBarChart, VerticalBarChart
from reportlab.graphics.shapes import Drawing, String
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import KeepTogether, Paragraph, Spacer, Table, TableStyle

from backend.core.pdf import CELL, GREY, INK, LINE, SECTION, SHADE, TEXT, TITLE, WIDTH, build, document, shown
from models.core.formatting import money_words
from models.risk.report import ReportFigures, RiskReport

_BLUE, _ORANGE = HexColor("0x2f6fb3"), HexColor("0xd9822b")
RULES_SHOWN = 12
"""Bars of the chart of rules; the table has all of them."""

_NUMBER = ParagraphStyle("number", parent=CELL, alignment=TA_RIGHT)
_VALUE = ParagraphStyle("value", fontName="Helvetica-Bold", fontSize=14, leading=17, textColor=INK)


def to_pdf(report: RiskReport) -> bytes:
    """The report on A4 pages. The same report gives the same pages."""
    figures = report.figures
    out = io.BytesIO()
    title = f"Risk report {report.month}"
    generated = report.generated_at.strftime("%Y-%m-%d %H:%M UTC")
    story: list[Any] = [
        Paragraph(title, TITLE),
        Paragraph(f"Generated {generated} by {shown(report.generated_by_name)}. Months and days are UTC.", TEXT),
        Spacer(1, 5 * mm),
        _tiles(figures),
        Spacer(1, 3 * mm),
        Paragraph(
            "An order counts as fraud when a chargeback, a dispute or a refund as fraud came in for it until the report"
            " was generated, or when it was rejected.",
            TEXT,
        ),
        *_days(figures),
        *_actions(figures),
        *_rules(figures),
        *_analysts(figures),
        *_outcomes(figures),
    ]

    build(document(out, title), story, f"{title}, version {report.version}")
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
        ("False positives", _percent(figures.false_positive_rate), "of the legitimate orders"),
    ]
    cells = [[Paragraph(name, TEXT), Paragraph(value, _VALUE), Paragraph(more, TEXT)] for name, value, more in shown]
    table = Table([cells[:4], cells[4:]], colWidths=[WIDTH / 4] * 4)
    table.setStyle(
        TableStyle(
            [
                ("BOX", (0, 0), (-1, -1), 0.5, LINE),
                ("INNERGRID", (0, 0), (-1, -1), 0.5, LINE),
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
                Paragraph("Orders checked by day", SECTION),
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
        return [Paragraph("Rules", SECTION), Paragraph("No rule fired in this month.", TEXT)]
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
                Paragraph("Rules that fired most", SECTION),
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
        return [Paragraph("Analysts", SECTION), Paragraph("Nobody decided about an entry in this month.", TEXT)]
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
    styled = [[Paragraph(shown(cell), CELL if n == 0 else _NUMBER) for n, cell in enumerate(row)] for row in rows]
    headings = [Paragraph(f"<b>{cell}</b>", CELL if n == 0 else _NUMBER) for n, cell in enumerate(head)]
    shares = [3 if cell == "amount" else 2 for cell in head[1:]]
    others = [WIDTH * 0.7 * share / sum(shares) for share in shares]
    table = Table([headings, *styled], colWidths=[WIDTH - sum(others), *others], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, 0), 0.75, INK),
                ("LINEBELOW", (0, 1), (-1, -1), 0.25, LINE),
                ("ROWBACKGROUNDS", (0, 1), (-1, -1), [None, SHADE]),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("TOPPADDING", (0, 0), (-1, -1), 2.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
            ]
        )
    )
    return KeepTogether([Paragraph(title, SECTION), Spacer(1, 1.5 * mm), table])


def _plain(chart: Any, *, height: float, left: float = 14 * mm) -> None:
    """Size, colours, and a value axis in whole numbers that begins at nothing."""
    chart.x, chart.y, chart.width, chart.height = left, 8 * mm, WIDTH - left - 4 * mm, height
    for number, colour in enumerate((_BLUE, _ORANGE)):
        chart.bars[number].fillColor = colour
        chart.bars[number].strokeColor = None
    most = max((sum(values) for values in zip(*chart.data, strict=True)), default=0)
    axis = chart.valueAxis
    axis.valueMin, axis.valueMax, axis.valueStep = 0, *_scale(most)
    axis.labelTextFormat = lambda value: f"{value:,.0f}"
    axis.labels.fontSize = 7
    axis.visibleGrid, axis.gridStrokeColor, axis.gridStrokeWidth = 1, LINE, 0.25
    for each in (chart.categoryAxis, axis):
        each.labels.fontName = "Helvetica"
        each.labels.fillColor = INK
        each.strokeColor = LINE
        each.strokeWidth = 0.5
    chart.categoryAxis.visibleTicks = 0


def _scale(most: int) -> tuple[int, int]:
    """Largest value of an axis and its step: one, two or five times a power of ten, about five of them."""
    step = 1
    while step * 5 < most:
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    return max(step, -(-most // step) * step), step


def _drawing(chart: Any, height: float, legend: tuple[tuple[str, Color], ...]) -> Drawing:
    drawing = Drawing(WIDTH, height)
    drawing.add(chart)
    x = chart.x
    for words, colour in legend:
        drawing.add(String(x, height - 3 * mm, "■", fontName="ZapfDingbats", fontSize=7, fillColor=colour))
        drawing.add(String(x + 9, height - 3 * mm, words, fontName="Helvetica", fontSize=7.5, fillColor=GREY))
        x += 32 * mm
    return drawing


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.1f} %"


def _share(part: int, whole: int) -> str:
    return _percent(part / whole if whole else None)


def _short(text: str) -> str:
    return text if len(text) <= 28 else f"{text[:27]}…"
