"""What a case is drawn with: the three figures, why it fired, and the velocity cards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.risk.wording import WordingContext, duration, plain, why, window_of
from models.core.formatting import grouped, money
from models.core.personal import is_left_out
from views.kit.theme import RADIUS, current
from views.risk.triage.paint_helpers import draw_score_bar
from views.risk.triage.wording import (
    HIGH,
    NEAR,
    OVERDUE_NOW,
    advice,
    chip,
    country,
    hours,
    moment,
    rich,
    time_left,
)

if TYPE_CHECKING:
    from models.risk.case import RiskCase, Velocity
    from models.risk.queue import RiskQueueEntry
    from models.risk.rules import Fired

TILE, GAP, INSET = 88, 8, 12
CARD = 164
NARROW, LEAST = 300, 120
"""Widths at 100 % font below which tiles stand one below the other, and below which nothing is laid out."""
CARD_LEAST = 130
"""Width of a velocity card below which fewer stand beside each other."""
SUBJECT_WORDS = {
    "card": "Card",
    "customer": "This account",
    "ip": "This IP",
    "network": "Network",
    "email": "This e-mail",
    "alias": "Mailbox",
    "device": "Device",
}


def tile(painter: QPainter, box: QRectF) -> None:
    """The ground of a tile."""
    tokens = current().tokens
    painter.setPen(QPen(QColor(tokens.tile_line), 1))
    painter.setBrush(QColor(tokens.tile))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)


def fitted(text: str, room: float, points: float, least: float, weight: int = 600) -> float:
    """The largest size, in points, at which a text fits."""
    wide = current().width(text, points, weight)
    return points if wide <= room else max(least, points * room / max(1.0, wide))


class Figures(QWidget):
    """Score, amount, and time left."""

    def __init__(self) -> None:
        super().__init__()
        self._entry: RiskQueueEntry | None = None
        self._case: RiskCase | None = None
        self._currency, self._now = "", datetime.now(UTC)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_case(self, entry: RiskQueueEntry | None, case: RiskCase | None, currency: str, now: datetime) -> None:
        """Show these; the case may come later."""
        self._entry, self._case, self._currency, self._now = entry, case, currency, now
        if entry is not None:
            left = entry.due_at - now
            words = f"{hours(left)} left" if left >= timedelta(0) else overdue_words(left)
            self.setAccessibleName(
                f"Score {entry.score} of 100. {advice(entry.action)}. Amount {' '.join(self._amount(entry))}. {words}."
            )
        self.updateGeometry()
        self.update()

    @property
    def _narrow(self) -> bool:
        """No room for three tiles beside each other."""
        return self.width() < current().px(NARROW)

    def _line(self) -> int:
        theme = current()
        return max(theme.px(28), round(theme.height(14, 600)) + 8)

    def sizeHint(self) -> QSize:
        theme = current()
        text = 2 * theme.height(9) + theme.height(28, 600) * 0.86
        high = 3 * self._line() + 2 * 4 if self._narrow else max(theme.px(TILE), round(text + 2 * theme.px(8)))
        return QSize(theme.px(300), high)

    def minimumSizeHint(self) -> QSize:
        return QSize(current().px(LEAST), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()

    def _amount(self, entry: RiskQueueEntry) -> tuple[str, str]:
        if entry.reporting_minor is not None and self._currency:
            return money(entry.reporting_minor, self._currency), self._currency
        return money(entry.amount, entry.currency), entry.currency

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._entry is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        entry, case, now = self._entry, self._case, self._now
        wide = (self.width() - 2 * GAP) / 3
        boxes = [QRectF(number * (wide + GAP), 0, wide, self.height()) for number in range(3)]
        left = entry.due_at - now
        if self._narrow:
            self._lines(painter, entry, left)
            return
        whole = entry.due_at - entry.created_at
        placed = f"placed {moment(entry.placed_at, now)}"
        items = case.order.item_count if case is not None else None
        first = "" if items is None else f"{items} item{'' if items == 1 else 's'}, "
        due = f"due {moment(entry.due_at, now)} UTC"
        self._tile(painter, boxes[0], "Risk score", str(entry.score), "of 100", (advice(entry.action),))
        self._tile(painter, boxes[1], "Amount", *self._amount(entry), (f"{first}{placed}", placed))
        self._tile(
            painter,
            boxes[2],
            "Time left to decide" if left >= timedelta(0) else "Overdue",
            *(("now", "") if time_left(left) == OVERDUE_NOW else (hours(left), "h")),
            (f"of {_span(whole)}, {due}", due, due.removesuffix(" UTC")),
            severity="P2" if left < timedelta(0) else "P3" if left < NEAR else "",
        )
        self._bar(painter, boxes[0], entry.score)

    def _lines(self, painter: QPainter, entry: RiskQueueEntry, left: timedelta) -> None:
        theme, tokens = current(), current().tokens
        high = self._line()
        lines = (
            ("Risk score", f"{entry.score} of 100"),
            ("Amount", " ".join(self._amount(entry))),
            ("Time left", f"{hours(left)} h") if left >= timedelta(0) else ("Overdue", overdue_words(left)),
        )
        for number, (name, words) in enumerate(lines):
            box = QRectF(0, number * (high + 4), self.width(), high)
            tile(painter, box)
            inner = box.adjusted(INSET, 0, -INSET, 0)
            painter.setFont(theme.font(9))
            painter.setPen(QColor(tokens.text2))
            painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
            room = inner.width() - theme.width(name, 9) - 8
            painter.setFont(theme.font(fitted(words, room, 14, 9), 600))
            painter.setPen(QColor(tokens.text))
            painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, words)

    def _tile(
        self,
        painter: QPainter,
        box: QRectF,
        name: str,
        value: str,
        unit: str,
        below: tuple[str, ...],
        *,
        severity: str = "",
    ) -> None:
        """``below`` from the longest words to the shortest: those that there is room for are shown."""
        theme, tokens = current(), current().tokens
        tile(painter, box)
        if severity:
            painter.setPen(QPen(QColor(tokens.status(severity)), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), RADIUS, RADIUS)
        inner = box.adjusted(INSET, theme.px(8), -INSET, -theme.px(8))
        caption = theme.height(9)
        painter.setFont(theme.font(9))
        painter.setPen(QColor(tokens.text2))
        metrics = QFontMetricsF(theme.font(9))
        name = metrics.elidedText(name, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, name)
        fitting = next((each for each in below if metrics.horizontalAdvance(each) <= inner.width()), below[-1])
        fitting = metrics.elidedText(fitting, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, fitting)
        room = inner.width() - theme.width(unit, 10) - 6
        points = fitted(value, room, 28, 13)
        middle = inner.adjusted(0, caption, 0, -caption)
        font = theme.font(points, 600, spacing=97)
        base = middle.center().y() + QFontMetricsF(font).capHeight() / 2
        painter.setFont(font)
        painter.setPen(QColor(tokens.text))
        painter.drawText(QPointF(inner.left(), base), value)
        painter.setFont(theme.font(10))
        painter.setPen(QColor(tokens.text2))
        painter.drawText(QPointF(inner.left() + QFontMetricsF(font).horizontalAdvance(value) + 6, base), unit)

    def _bar(self, painter: QPainter, box: QRectF, score: int) -> None:
        theme, tokens = current(), current().tokens
        wide = theme.px(64)
        used_width = theme.width(str(score), 28, 600) + theme.width("of 100", 10) + 3 * INSET + 6
        if box.width() - used_width < wide:
            return
        bar = QRectF(round(box.right() - INSET - wide), round(box.center().y() - theme.px(3)), wide, theme.px(6))
        ink = QColor(tokens.text if score >= HIGH else tokens.text3)
        draw_score_bar(painter, bar, score, QColor(tokens.tile), ink)


def overdue_words(left: timedelta) -> str:
    """``overdue now``, ``overdue for 0:12``."""
    return OVERDUE_NOW if time_left(left) == OVERDUE_NOW else f"overdue for {hours(-left)}"


def _span(span: timedelta) -> str:
    whole = round(span.total_seconds() / 60)
    return f"{whole // 60} h" if whole % 60 == 0 else hours(span)


class WhyRow(QWidget):
    """One rule: points, a bar, the sentences, and which rule it is."""

    def __init__(self) -> None:
        super().__init__()
        self._points, self._most, self._rule = 0, 1, ""
        self.words = QLabel()
        self.words.setTextFormat(Qt.TextFormat.RichText)
        self.words.setWordWrap(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.words, 1)
        self._row = row

    def show_rule(self, fired: Fired, context: WordingContext, most: int) -> None:
        """Show a rule that fired; ``most`` are the points of the strongest."""
        theme = current()
        lines = why(fired, context)
        self._points, self._most, self._rule = fired.severity, max(1, most), chip(fired.rule_id)
        demoted = " It only flags for now: it went past its cap." if fired.demoted else ""
        theme.set_font(self.words, 10)
        self.words.setText(rich(lines) + demoted)
        self.words.setToolTip(fired.description)
        self._place()
        self.setAccessibleName(f"{fired.severity} points: {plain(lines)}{demoted} Rule {fired.rule_id}.")
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    @property
    def _bare(self) -> bool:
        """No room for the bar."""
        return self.width() < current().px(380)

    def _place(self) -> None:
        theme = current()
        self._row.setContentsMargins(theme.px(44 if self._bare else 112), 2, self._wide(), 2)

    def _wide(self) -> int:
        theme = current()
        if self._bare:
            return 0
        return round(min(theme.px(140), theme.width(self._rule, 9.5))) + 12

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, tokens = current(), current().tokens
        painter = QPainter(self)
        line = theme.height(10)
        middle = 2 + line / 2
        painter.setFont(theme.font(10, 600))
        painter.setPen(QColor(tokens.text))
        points = QRectF(0, 2, theme.px(32), line)
        painter.drawText(points, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"+{self._points}")
        if self._bare:
            return
        bar = QRectF(theme.px(40), round(middle - theme.px(3)), theme.px(60), theme.px(6))
        painter.fillRect(bar, QColor(tokens.line))
        bar.setWidth(bar.width() * self._points / self._most)
        painter.fillRect(bar, QColor(tokens.text2))
        painter.setFont(theme.font(9.5))
        painter.setPen(QColor(tokens.text3))
        wide = self._wide() - 12
        text = QFontMetricsF(theme.font(9.5)).elidedText(self._rule, Qt.TextElideMode.ElideMiddle, wide + 1)
        place = QRectF(self.width() - wide - 1, 2, wide + 1, line)
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)


class Why(QWidget):
    """All rules that fired; rows are kept and used again, because a case must be there at once."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[WhyRow] = []
        self.empty = QLabel()
        self.empty.setWordWrap(True)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._column.addWidget(self.empty)

    def show_case(self, case: RiskCase, currency: str) -> None:
        """Show what fired, the strongest first, then lists, and what was not known."""
        fired = sorted(case.decision.explanation, key=lambda each: -each.severity)
        context = WordingContext(currency, _values(case), country)
        while len(self._rows) < len(fired):
            row = WhyRow()
            self._rows.append(row)
            self._column.insertWidget(len(self._rows) - 1, row)
        most = fired[0].severity if fired else 1
        for number, row in enumerate(self._rows):
            row.setVisible(number < len(fired))
            if number < len(fired):
                row.show_rule(fired[number], context, most)
        more = [f"On the list {hit.list_id} ({hit.kind})." for hit in case.decision.lists]
        if case.decision.snoozed_rules:
            more.append(f"Kept quiet by a snooze: {', '.join(map(chip, case.decision.snoozed_rules))}.")
        if case.decision.missing:
            more.append(f"Not known of this order: {', '.join(_titles(case.decision.missing))}.")
        if not fired and not more:
            more.append("No rule fired.")
        self.empty.setText(" ".join(more))
        self.empty.setVisible(bool(more))
        current().set_font(self.empty, 9)


def _titles(metrics: tuple[str, ...]) -> list[str]:
    from models.risk.metrics import METRICS

    names = [METRICS[key].title.lower() if key in METRICS else key for key in metrics]
    return names if len(names) <= 4 else [*names[:4], f"and {len(names) - 4} more"]


def _values(case: RiskCase) -> dict[str, object]:
    order = case.order
    return {
        "card_country": order.card_country,
        "ip_country": order.ip_country,
        "billing_country": order.billing_country,
        "shipping_country": order.shipping_country,
    }


class VelocityCards(QWidget):
    """Up to three: how many orders came in the window, against the limit of the rule."""

    def __init__(self) -> None:
        super().__init__()
        self._charts: tuple[Velocity, ...] = ()
        self._case: RiskCase | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_case(self, case: RiskCase) -> None:
        """Show the charts of a case."""
        self._case, self._charts = case, case.velocity
        words = [
            f"{self._name(each)}: {_orders(each.total)} in {window_of(each.metric)}"
            + ("" if each.most is None else f", at most {each.most}")
            for each in self._charts
        ]
        self.setAccessibleName("Velocity. " + ". ".join(words))
        self.setVisible(bool(self._charts))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        rows = -(-max(1, len(self._charts)) // self._beside)
        return QSize(current().px(300), rows * self._tall() + (rows - 1) * GAP)

    def minimumSizeHint(self) -> QSize:
        return QSize(current().px(LEAST), self.sizeHint().height())

    @staticmethod
    def _tall() -> int:
        theme = current()
        text = 3 * theme.height(9) + theme.height(14, 600)
        return max(theme.px(CARD), round(text + theme.px(76)))

    @property
    def _beside(self) -> int:
        """How many cards there is room for beside each other."""
        return max(1, min(3, (self.width() + GAP) // (current().px(CARD_LEAST) + GAP)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()

    def _name(self, chart: Velocity) -> str:
        case = self._case
        name = SUBJECT_WORDS.get(chart.subject, chart.subject)
        if case is None:
            return name
        shown = {"card": case.order.card_last4, "ip": case.order.ip}.get(chart.subject)
        if not shown or is_left_out(shown):
            return name
        return f"Card ending {shown}" if chart.subject == "card" else f"IP {shown}"

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._case is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        beside, tall = self._beside, self._tall()
        wide = (self.width() - (beside - 1) * GAP) / beside
        for number, chart in enumerate(self._charts):
            line, place = divmod(number, beside)
            self._card(painter, QRectF(place * (wide + GAP), line * (tall + GAP), wide, tall), chart)

    def _card(self, painter: QPainter, box: QRectF, chart: Velocity) -> None:
        theme, tokens = current(), current().tokens
        assert self._case is not None  # noqa: S101 - asked for by the caller
        tile(painter, box)
        inner = box.adjusted(INSET, theme.px(8), -INSET, -theme.px(6))
        small, large = theme.height(9), theme.height(14, 600)
        painter.setFont(theme.font(9))
        painter.setPen(QColor(tokens.text2))
        name = QFontMetricsF(theme.font(9)).elidedText(self._name(chart), Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(QRectF(inner.left(), inner.top(), inner.width(), small), Qt.AlignmentFlag.AlignVCenter, name)
        line = QRectF(inner.left(), inner.top() + small + 2, inner.width(), large)
        painter.setFont(theme.font(14, 600))
        painter.setPen(QColor(tokens.text))
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, grouped(chart.total))
        after = theme.width(grouped(chart.total), 14, 600) + 6
        painter.setFont(theme.font(10))
        painter.setPen(QColor(tokens.text2))
        unit = f"{'order' if chart.total == 1 else 'orders'} in {window_of(chart.metric)}"
        unit = QFontMetricsF(theme.font(10)).elidedText(unit, Qt.TextElideMode.ElideRight, inner.width() - after)
        painter.drawText(line.adjusted(after, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, unit)
        axis = inner.bottom() - small - 3
        plot = QRectF(inner.left(), line.bottom() + theme.px(8), inner.width(), axis - line.bottom() - theme.px(8))
        self._bars(painter, plot, chart)
        painter.setFont(theme.font(9))
        painter.setPen(QColor(tokens.text3))
        end = self._case.order.placed_at.astimezone(UTC)
        begin = end - timedelta(minutes=chart.minutes)
        first = f"{begin:%H:%M}" if begin.date() == end.date() else f"{begin.day} {begin:%b %H:%M}"
        last = f"{end:%H:%M} UTC"
        foot = QRectF(inner.left(), inner.bottom() - small, inner.width(), small)
        if theme.width(first, 9) + theme.width(last, 9) + 8 <= foot.width():
            painter.drawText(foot, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, first)
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, last)

    @staticmethod
    def _bars(painter: QPainter, plot: QRectF, chart: Velocity) -> None:
        """Bars count up to the total: the limit is one of the sum, so that is what is drawn against it."""
        theme, tokens = current(), current().tokens
        sums, total = [], 0
        for count in chart.counts:
            total += count
            sums.append(total)
        most = chart.most
        high = max(1, total, (most + 1) if most is not None else 0) * 1.08
        painter.fillRect(QRectF(plot.left(), plot.bottom(), plot.width(), 1), QColor(tokens.control_border))
        step = plot.width() / max(1, len(sums))
        for number, value in enumerate(sums):
            if value == 0:
                continue
            tall = plot.height() * value / high
            bar = QRectF(round(plot.left() + number * step) + 1, plot.bottom() - tall, max(2.0, round(step) - 2), tall)
            over = most is not None and value > most
            painter.fillRect(bar, QColor(tokens.text if over else tokens.text3))
        if most is None:
            return
        y = round(plot.bottom() - plot.height() * most / high) + 0.5
        pen = QPen(QColor(tokens.text), 1)
        pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        words = f"max {most}"
        painter.setFont(theme.font(9))
        small = theme.height(9)
        above = y - small - 1 >= plot.top() - theme.px(6)
        place = QRectF(plot.left(), y - small - 1 if above else y + 2, theme.width(words, 9) + 4, small)
        painter.fillRect(place, QColor(tokens.tile))
        painter.setPen(QColor(tokens.text2))
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, words)


def _orders(count: int) -> str:
    return f"{count} order{'' if count == 1 else 's'}"


def joined(age_minutes: int | None, placed_at: datetime) -> str:
    """When an account was opened."""
    if age_minutes is None:
        return "not known"
    opened = placed_at - timedelta(minutes=age_minutes)
    return f"{opened.astimezone(UTC):%Y-%m-%d %H:%M} UTC, {duration(age_minutes)} before"
