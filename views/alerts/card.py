"""The card of an alert that nobody has acknowledged, and the row of one that needs less attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from views.alerts.wording import age_of, figure_words, since_words
from views.kit.theme import FOCUS, RADIUS, current
from views.kit.widgets.chip import SeverityChip, draw_severity, mark, severity_size
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill

if TYPE_CHECKING:
    from datetime import datetime

    from models.alerts import Alert

STEPS_MOST = 8


def _label(text: str, points: float, weight: int, colour: str, *, wrap: bool = True) -> QLabel:
    label = QLabel(text)
    current().set_font(label, points, weight)
    label.setTextFormat(Qt.TextFormat.PlainText)
    palette = label.palette()
    palette.setColor(label.foregroundRole(), QColor(colour))
    label.setPalette(palette)
    label.setWordWrap(wrap)
    return label


class AlertCard(QWidget):
    """Title, figures with their limit, since, steps; Acknowledge, Shelve, Runbook."""

    asked = Signal(object)
    """(verb, alert): acknowledge, shelve, runbook or incident."""

    def __init__(
        self,
        alert: Alert,
        currency: str,
        now: datetime,
        range_days: int | None = None,
        runbook: str = "",
        incident: str | None = None,
    ) -> None:
        """``range_days``: over how many days its rule looks back, where that is known; ``runbook``: its title.

        ``incident``: what its incident is called; empty: it can be made one, ``None``: not here.
        """
        super().__init__()
        self.alert = alert
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.setAccessibleName(f"{alert.severity} not acknowledged: {alert.title}")
        measured = figure_words(alert, currency, range_days)
        self.setAccessibleDescription(". ".join(filter(None, (measured, since_words(alert), alert.guidance))))
        tokens = current().tokens
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(SeverityChip(str(alert.severity)), 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(_label(alert.title, 12, 600, tokens.text), 1)
        self._age = _label(age_of(alert, now), 10, 400, tokens.text2, wrap=False)
        head.addWidget(self._age, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(head)
        if measured:
            column.addWidget(_label(measured, 10, 600, tokens.text))
        column.addWidget(_label(since_words(alert), 10, 400, tokens.text2))
        steps = [line.strip() for line in alert.guidance.splitlines() if line.strip()]
        if steps:
            column.addWidget(_Rule())
        for number, step in enumerate(steps[:STEPS_MOST], start=1):
            row = QHBoxLayout()
            row.setSpacing(8)
            row.addWidget(_label(str(number), 10, 600, tokens.text3, wrap=False), 0, Qt.AlignmentFlag.AlignTop)
            row.addWidget(_label(step, 10, 400, tokens.text), 1)
            column.addLayout(row)
        self.acknowledge = Pill("Acknowledge…", Look.PRIMARY, name=f"Acknowledge {alert.title}", key="A")
        self.shelve = Pill("Shelve…", Look.BUTTON, name=f"Shelve {alert.title}", key="S")
        self._buttons = buttons = Flow(self.acknowledge, self.shelve, margins=False, gap=WIDE_GAP)
        self._leads: dict[str, Pill] = {}
        if runbook or alert.runbook_url:
            words = "Runbook" if runbook else "↗ Runbook"
            leading = Pill(words, Look.LINK, name=f"Open the runbook of {alert.title}", key="R")
            leading.setToolTip(runbook)
            leading.clicked.connect(lambda: self.asked.emit(("runbook", self.alert)))
            buttons.add(leading)
        if incident is not None:
            words = incident or "Open incident"
            name = f"Show {incident}" if incident else f"Open an incident of {alert.title}"
            belongs = Pill(words, Look.LINK, name=name, key="I")
            belongs.clicked.connect(lambda: self.asked.emit(("incident", self.alert)))
            column.addWidget(belongs, 0, Qt.AlignmentFlag.AlignLeft)
        column.addSpacing(4)
        column.addWidget(buttons)
        self.acknowledge.clicked.connect(lambda: self.asked.emit(("acknowledge", self.alert)))
        self.shelve.clicked.connect(lambda: self.asked.emit(("shelve", self.alert)))

    def lead_to(self, verb: str, words: str, name: str) -> None:
        """Offer something more as a link that asks for ``verb``; without words it is offered no longer."""
        pill = self._leads.get(verb)
        if pill is None and words:
            self._leads[verb] = pill = Pill(words, Look.LINK, name=name)
            pill.clicked.connect(lambda: self.asked.emit((verb, self.alert)))
            self._buttons.add(pill)
        if pill is not None:
            pill.set(words)
            pill.setAccessibleName(name)
            pill.setVisible(bool(words))

    def set_reason(self, reason: str | None) -> None:
        """Why nothing can be decided now; ``None`` when it can."""
        for button, words in ((self.acknowledge, "Acknowledge"), (self.shelve, "Shelve")):
            button.setEnabled(reason is None)
            button.setToolTip(f"{words} {reason}." if reason else "")
            button.setAccessibleDescription(button.toolTip())
        if (whole := self._leads.get("acknowledge-group")) is not None:
            whole.setEnabled(reason is None)
            whole.setToolTip(self.acknowledge.toolTip())
            whole.setAccessibleDescription(whole.toolTip())

    def set_now(self, now: datetime) -> None:
        """Count on."""
        text = age_of(self.alert, now)
        if text != self._age.text():
            self._age.setText(text)

    def set_pending(self, words: str) -> None:
        """A decision is on its way."""
        self._age.setText(words)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        verbs = {Qt.Key.Key_A: "acknowledge", Qt.Key.Key_S: "shelve", Qt.Key.Key_Return: "acknowledge"}
        verb = verbs.get(Qt.Key(event.key()))
        leading = {Qt.Key.Key_R: "runbook", Qt.Key.Key_I: "incident"}.get(Qt.Key(event.key()))
        if leading and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.asked.emit((leading, self.alert))
            return
        if verb and event.modifiers() == Qt.KeyboardModifier.NoModifier and self.acknowledge.isEnabled():
            self.asked.emit((verb, self.alert))
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens = current().tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(tokens.status(str(self.alert.severity))), 2))
        painter.setBrush(QColor(tokens.tile))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS, RADIUS)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens.accent), FOCUS))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(4, 4, -4, -4), RADIUS, RADIUS)


class _Rule(QWidget):
    """A thin line."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), QColor(current().tokens.line))


class AlertRow(QWidget):
    """One line for acknowledged, shelved and cleared alerts, with the last words said about it below."""

    asked = Signal(object)
    """(verb, alert): open."""

    def __init__(self, alert: Alert, now: datetime, *, shelved: bool, words: str, pending: bool = False) -> None:
        """``pending``: what was decided about it has not reached the server, or its answer not us."""
        super().__init__()
        self.alert, self._shelved, self._words = alert, shelved, words
        self._pending = pending
        self._age = self._age_words(now)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        state = "cleared" if alert.cleared_at else "shelved" if shelved else "acknowledged"
        self.setAccessibleName(f"{alert.severity} {state}: {alert.title}")
        self.setAccessibleDescription(f"{self._age}. {words}")
        self.setToolTip(words)

    def set_now(self, now: datetime) -> None:
        """Count on."""
        age = self._age_words(now)
        if age != self._age:
            self._age = age
            self.update()

    def _age_words(self, now: datetime) -> str:
        age = age_of(self.alert, now)
        return f"pending · {age}" if self._pending else age

    def sizeHint(self) -> QSize:
        theme = current()
        high = QFontMetricsF(theme.font(10)).height() + 8
        if self._words:
            high += QFontMetricsF(theme.font(9)).height() + 2
        return QSize(200, round(high))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self.asked.emit(("open", self.alert))
            return
        super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.pos()):
            self.asked.emit(("open", self.alert))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current()
        tokens = theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.hover))
            painter.drawRoundedRect(QRectF(self.rect()), RADIUS, RADIUS)
        font = theme.font(10)
        metrics = QFontMetricsF(font)
        line = QRectF(4, 4, self.width() - 8, metrics.height())
        size = severity_size("P4")
        left = line.left() + size.width() + 8
        if self.alert.cleared_at is not None:
            left = line.left() + theme.px(22)
            centre = QPointF(line.left() + theme.px(8), line.center().y())
            mark(painter, "good", centre, theme.px(10), tokens.good, filled=False)
        else:
            chip = QRectF(line.left(), line.center().y() - size.height() / 2, size.width(), size.height())
            draw_severity(painter, chip, str(self.alert.severity), filled=False, dashed=self._shelved)
        age_font = theme.font(9)
        wide = QFontMetricsF(age_font).horizontalAdvance(self._age)
        painter.setFont(age_font)
        painter.setPen(QColor(tokens.text3))
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._age)
        room = line.right() - wide - 8 - left
        painter.setFont(font)
        painter.setPen(QColor(tokens.text))
        title = metrics.elidedText(self.alert.title, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(left, line.top(), room, line.height()), Qt.AlignmentFlag.AlignVCenter, title)
        if self._words:
            small = QFontMetricsF(age_font)
            below = QRectF(left, line.bottom() + 1, line.right() - left, small.height())
            painter.setFont(age_font)
            painter.setPen(QColor(tokens.text3))
            painter.drawText(
                below,
                Qt.AlignmentFlag.AlignVCenter,
                small.elidedText(self._words, Qt.TextElideMode.ElideRight, below.width()),
            )
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens.accent), FOCUS))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS, RADIUS)
