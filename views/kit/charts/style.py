"""The colours and fonts a chart is drawn with."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QColor, QFont

from views.kit.theme import current


@dataclass(frozen=True, slots=True)
class ChartStyle:
    """All a chart takes from the theme; the owner hands over a new one when the theme changes."""

    back: QColor
    line: QColor
    text: QColor
    text2: QColor
    text3: QColor
    series: QColor
    previous: QColor
    breach: QColor
    """Status colour of the broken limit's severity."""
    span: QColor
    """Behind the values, of stretches that have a name."""
    font: QFont
    severity: str = "P2"
    """Of the limit that may be broken; its colour is ``breach``."""


def chart_style(number: int, severity: str = "P2") -> ChartStyle:
    """The theme's colours for a chart that draws series ``number``."""
    theme = current()
    t = theme.tokens
    return ChartStyle(
        back=QColor(t.window),
        line=QColor(t.line),
        text=QColor(t.text),
        text2=QColor(t.text2),
        text3=QColor(t.text3),
        series=QColor(t.series(number)),
        previous=QColor(t.previous),
        breach=QColor(t.status(severity)),
        span=QColor(t.hover),
        font=theme.font(9),
        severity=severity,
    )
