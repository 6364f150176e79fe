"""What a set does, as tables and pictures: rules with bars, what is caught and missed, one set against another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from models.core.formatting import money, percent
from models.risk.rules import Action
from views.kit.theme import current, mixed
from views.kit.widgets.table import Column, RecordTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.risk.backtest import AgainstOutcomes, BacktestResult, SetFigures

BAR = 3
"""The column of the bars."""
BAR_HIGH = 8
ROWS_MOST = 16


@dataclass(frozen=True, slots=True)
class RuleFigure:
    """One rule's part of a result, with its name, and how much its bar takes of the longest."""

    name: str
    orders: int
    frauds: int
    amount: str
    fraud_amount: str
    only: int
    precision: float | None
    share: float
    fraud_share: float


def rule_figures(result: BacktestResult, names: dict[str, str]) -> list[RuleFigure]:
    """Rules by how often they fire."""
    found = sorted(result.draft.rules, key=lambda rule: -rule.orders)
    most = max((rule.orders for rule in found), default=0) or 1
    return [
        RuleFigure(
            names.get(rule.rule_id, rule.rule_id),
            rule.orders,
            rule.frauds,
            money(rule.amount, result.currency, whole=True),
            money(rule.fraud_amount, result.currency, whole=True),
            rule.only,
            rule.precision,
            rule.orders / most,
            rule.frauds / most,
        )
        for rule in found
    ]


class RuleBars(RecordTable):
    """Rules with a bar for the orders they fire for; the filled part of it are frauds."""

    def __init__(self) -> None:
        super().__init__(
            (
                Column("Rule", lambda r: r.name, 120, stretch=True),
                Column("Orders", lambda r: f"{r.orders:,}", 56, right=True),
                Column("Frauds", lambda r: f"{r.frauds:,}", 56, right=True),
                Column("", lambda _r: "", 72, stretch=True),
                Column("Amount", lambda r: r.amount, 72, right=True),
                Column("In frauds", lambda r: r.fraud_amount, 72, right=True),
                Column("Only this", lambda r: f"{r.only:,}", 64, right=True),
                Column("Precision", lambda r: percent_words(r.precision), 64, right=True),
            ),
            "What each rule does",
        )

    def show_result(self, figures: list[RuleFigure]) -> None:
        """Show these."""
        self.renew_rows(figures)
        fit_rows(self, len(figures))

    def _column(
        self, painter: QPainter, number: int, column: Column, box: QRectF, tops: dict[int, int], selected: set[int]
    ) -> None:
        if number != BAR:
            super()._column(painter, number, column, box, tops, selected)
            return
        theme, tokens = current(), current().tokens
        high = theme.px(BAR_HIGH)
        for row, top in tops.items():
            figure = self.records.rows[row]
            under = tokens.selection if row in selected else tokens.window
            y = top + (box.height() - high) / 2
            whole = QRectF(box.left(), y, max(1.0 if figure.orders else 0.0, box.width() * figure.share), high)
            frauds = QRectF(box.left(), y, box.width() * figure.fraud_share, high)
            painter.fillRect(whole, mixed(tokens.series(1), under, 0.72))
            painter.fillRect(frauds, QColor(tokens.series(2)))
            if figure.frauds:  # not by colour alone: frauds end with a line
                painter.fillRect(QRectF(frauds.right(), y - 2, 2, high + 4), QColor(tokens.text))


def percent_words(share: float | None) -> str:
    """A share in percent; unknown is a dash."""
    return "–" if share is None else f"{percent(share, 1)} %"


def fit_rows(table: RecordTable, count: int) -> None:
    """As high as its rows, up to a point; further ones are scrolled."""
    table.restyle()  # the theme may have changed a moment ago
    high = table.verticalHeader().defaultSectionSize()
    table.setFixedHeight(table.horizontalHeader().height() + high * max(1, min(count, ROWS_MOST)) + 14)


def compared_rows(result: BacktestResult) -> list[tuple[str, str, str, str]]:
    """What the two sets do: name, this one, the other one, how they differ."""
    draft, other, currency = result.draft, result.published, result.currency

    def counts(name: str, a: int, b: int) -> tuple[str, str, str, str]:
        return name, f"{a:,}", f"{b:,}", _signed(f"{a - b:,}", a - b)

    def amounts(name: str, a: int, b: int) -> tuple[str, str, str, str]:
        return (
            f"{name}, {currency}",
            money(a, currency),
            money(b, currency),
            _signed(money(a - b, currency), a - b),
        )

    def shares(name: str, a: float | None, b: float | None) -> tuple[str, str, str, str]:
        points = "–" if a is None or b is None else "0" if a == b else f"{(a - b) * 100:+.1f} pt".replace("-", "−")
        return name, percent_words(a), percent_words(b), points

    mine, theirs = draft.outcomes, other.outcomes
    return [
        counts("Queue entries", draft.entries, other.entries),
        *(counts(name, of_action(draft, a), of_action(other, a)) for a, name in ACTIONS),
        counts("Frauds held", mine.true_positive, theirs.true_positive),
        counts("Frauds let pass", mine.false_negative, theirs.false_negative),
        shares("Precision", mine.precision, theirs.precision),
        shares("Recall", mine.recall, theirs.recall),
        shares("Honest orders held, share", mine.false_positive_rate, theirs.false_positive_rate),
        amounts("Saved", mine.saved, theirs.saved),
        amounts("Lost", mine.lost, theirs.lost),
        amounts("Honest orders held", mine.held, theirs.held),
    ]


ACTIONS = ((Action.BLOCK, "Block"), (Action.REVIEW, "Review"), (Action.FLAG, "Flag"))


def of_action(figures: SetFigures, action: Action) -> int:
    """Orders for which a set recommends an action."""
    return next((each.orders for each in figures.actions if each.action is action), 0)


def _signed(text: str, number: int) -> str:
    shown = text.replace("-", "−")
    return f"+{shown}" if number > 0 else shown


def comparison_table(other: str) -> RecordTable:
    """A table for ``compared_rows``; ``other`` is what the second column is called."""
    return RecordTable(
        (
            Column("", lambda row: row[0], 132, stretch=True),
            Column("These rules", lambda row: row[1], 88, right=True),
            Column(other, lambda row: row[2], 88, right=True),
            Column("Change", lambda row: row[3], 80, right=True),
        ),
        "These rules and the other ones",
    )


class Confusion(QWidget):
    """Held and let pass against fraud and honest: four counts in a square, each in words too."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self._outcomes: AgainstOutcomes | None = None
        self.setAccessibleName(f"What {title} catch and miss")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        current().changed.connect(self.updateGeometry)

    def show_outcomes(self, outcomes: AgainstOutcomes, title: str = "") -> None:
        """Show these counts."""
        self._outcomes, self._title = outcomes, title or self._title
        self.setAccessibleDescription("; ".join(f"{cell[1]:,} {cell[0]}" for cell in _cells(outcomes)))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(current().px(280), current().px(148))

    def minimumSizeHint(self) -> QSize:
        return QSize(current().px(220), current().px(148))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, tokens = current(), current().tokens
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.window))
        painter.setFont(theme.font(10, 600))
        painter.setPen(QColor(tokens.text))
        high = theme.height(10, 600)
        title = QFontMetricsF(theme.font(10, 600)).elidedText(
            self._title[:1].upper() + self._title[1:], Qt.TextElideMode.ElideRight, self.width()
        )
        painter.drawText(QRectF(0, 0, self.width(), high), Qt.AlignmentFlag.AlignLeft, title)
        if self._outcomes is None:
            return
        cells = _cells(self._outcomes)
        most = max((count for _, count, _ in cells), default=0) or 1
        gap = theme.px(4)
        top, wide = high + theme.px(4), (self.width() - gap) / 2
        tall = (self.height() - top - gap) / 2
        for number, (words, count, good) in enumerate(cells):
            box = QRectF((wide + gap) * (number % 2), top + (tall + gap) * (number // 2), wide, tall)
            share = 0.06 + 0.26 * (count / most) ** 0.5
            painter.fillRect(box, mixed(tokens.series(1 if good else 2), tokens.window, share))
            inner = box.adjusted(theme.px(10), theme.px(6), -theme.px(8), -theme.px(6))
            painter.setPen(QColor(tokens.text))
            painter.setFont(theme.font(14, 600))
            painter.drawText(inner, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, f"{count:,}")
            painter.setFont(theme.font(9))
            painter.setPen(QColor(tokens.text2 if tokens.dark else tokens.text))
            shown = QFontMetricsF(theme.font(9)).elidedText(words, Qt.TextElideMode.ElideRight, inner.width())
            painter.drawText(inner, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, shown)


def _cells(outcomes: AgainstOutcomes) -> tuple[tuple[str, int, bool], ...]:
    return (
        ("frauds, held", outcomes.true_positive, True),
        ("legitimate, held", outcomes.false_positive, False),
        ("frauds, passed", outcomes.false_negative, False),
        ("legitimate, passed", outcomes.true_negative, True),
    )


def sample_columns(other: str) -> Sequence[Column]:
    """Columns for sample orders of a difference."""
    return (
        Column("Order", lambda o: o.order_id, 110, mono=True),
        Column("Placed, UTC", lambda o: f"{o.placed_at.day} {o.placed_at:%b %H:%M}", 104),
        Column("Amount", lambda o: f"{money(o.minor, o.currency)} {o.currency}", 110, right=True),
        Column("These rules", lambda o: f"{o.action} {o.score}", 92),
        Column(other, lambda o: f"{o.other_action} {o.other_score}", 92),
        Column("Fraud", lambda o: "◆ fraud" if o.fraud else "", 80),
        Column("Rules that fire", lambda o: ", ".join(o.triggered) or "–", 140, stretch=True),
    )
