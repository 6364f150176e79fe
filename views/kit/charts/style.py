"""The colours and fonts a chart is drawn with."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QColor, QFont


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
    font: QFont
    severity: str = "P2"
    """Of the limit that may be broken; its colour is ``breach``."""
