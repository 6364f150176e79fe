"""How many of those who were asked consent, day by day over the range of the time bar, and the range before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QVBoxLayout

from views.kit.panel import Note
from views.kit.theme import current
from views.privacy.privacy_panel import PrivacyPanel
from views.privacy.trend_chart import Shares, Trend, TrendChart
from views.privacy.wording import CONSENTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from app.core.query import Query
    from models.privacy.consent import ConsentTrends
    from views.kit.capability import Window


def trend_of(found: ConsentTrends, days: int) -> Trend:
    """The last ``days`` of an answer about twice as many, with those before them as faint lines."""
    lines = []
    for each in found.trends:
        shares = tuple(100 * row.granted / row.asked if row.asked else None for row in each.days)
        lines.append(Shares(CONSENTS[each.consent_type].lower(), shares[-days:], shares[-2 * days : -days]))
    shown = found.trends[0].days[-days:] if found.trends else ()
    marks = tuple((mark.published_at.date(), f"policy {mark.version}") for mark in found.policies)
    return Trend(tuple(row.day for row in shown), tuple(lines), marks)


class TrendsPanel(PrivacyPanel):
    """Figures above, lines below."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.figures = QLabel()
        self.figures.setAccessibleName("Consent granted")
        self.figures.setContentsMargins(12, 8, 12, 0)
        self.chart = TrendChart("Consent granted, share of people asked")
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(0)
        for part, stretch in ((self.state, 0), (self.figures, 0), (self.chart, 1)):
            column.addWidget(part, stretch)
        column.addStretch(0)
        self.widget.setFocusProxy(self.chart)
        self.console.time.changed.connect(self._switched)
        self.begin()

    @property
    def _days(self) -> int:
        return self.console.time.range_days

    def queries(self) -> Sequence[Query[Any]]:
        return (self.desk.privacy.trends(2 * self._days),)

    def own_note(self) -> Note:
        """Which days, and how old the answer is."""
        note = super().own_note()
        return Note(f"{self._days} days \N{MIDDLE DOT} {note.text}", note.kind)

    def refresh(self) -> None:
        """Show the newest answer."""
        self.say_state()
        sample = self.desk.privacy.trends(2 * self._days).sample
        trend = None if sample is None else trend_of(sample.value, self._days)
        self.chart.show_trend(trend)
        self.figures.setText("" if trend is None else self._words(trend))
        self.figures.setVisible(bool(self.figures.text()))

    def _words(self, trend: Trend) -> str:
        tokens, parts = current().tokens, []
        for number, line in enumerate(trend.lines, 1):
            known = [value for value in line.values if value is not None]
            if not known:
                parts.append(f"{line.name.capitalize()} no data")
                continue
            now, moved = known[-1], known[-1] - known[0]
            sign = "+" if moved >= 0.05 else "\N{MINUS SIGN}" if moved <= -0.05 else "±"
            hue = tokens.series(number)
            parts.append(
                f'<span style="color:{hue}"><b>{line.name.capitalize()} {now:.1f} %</b></span> '
                f"{sign}{abs(moved):.1f} pt"
            )
        faint = f"<span style='color:{tokens.text2}'>faint: the {self._days} days before</span>"
        return " &nbsp; ".join((*parts, faint))
