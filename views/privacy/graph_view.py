"""The steps of a request, drawn from left to right: what is done, what failed, what waits for whom.

Boxes say three lines where there is room, then two, then one: systems are many, and all of them are seen at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.privacy.stages import StepState
from views.kit.painting import draw_words
from views.kit.theme import RADIUS, current
from views.kit.widgets.chip import mark
from views.kit.widgets.pill import Look, Pill
from views.privacy.request_table import draw_arc, draw_person
from views.privacy.wording import STEP_STATES

if TYPE_CHECKING:
    from app.privacy.stages import Stage, Step

WIDE, LEAST_WIDE, MOST_WIDE = 164, 120, 236
HIGHS = {3: 68, 2: 48, 1: 28}
"""Pixels of a box at 100 % font, by how many lines it says."""
BUTTON = 36
GAP, CLOSE, BETWEEN, HEAD = 8, 4, 28, 24
_PAST = {StepState.DONE, StepState.SKIPPED}


class GraphView(QWidget):
    """The drawing; ``chosen`` follows the cursor."""

    chosen = Signal(object)
    """Carries the key of a step."""
    retry_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._stages: tuple[Stage, ...] = ()
        self.at = ""
        """Key of the step at the cursor."""
        self.boxes: dict[str, QRectF] = {}
        """Where each step is drawn."""
        self._lines = 3
        self.setAccessibleName("Steps of the request")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.retry = Pill("Retry step", Look.BUTTON, parent=self, name="Retry the step", key="R", button=True)
        self.retry.clicked.connect(self.retry_asked)
        self.retry.hide()
        current().changed.connect(self._arrange)

    def show_stages(self, stages: tuple[Stage, ...], at: str, blocker: str | None) -> None:
        """Draw these with the cursor on a step; ``blocker`` says why the one that failed cannot be tried again."""
        self._stages, self.at = stages, at
        self.retry.setEnabled(blocker is None)
        self.retry.setToolTip(blocker or "")
        self._arrange()
        step = self._step(at)
        if step is not None:
            words = ", ".join(filter(None, (step.title, STEP_STATES[step.state], step.words, step.more)))
            self.setAccessibleDescription(words)

    @property
    def steps(self) -> list[Step]:
        """All of them, from left to right and top to bottom."""
        return [step for stage in self._stages for step in stage.steps]

    def _step(self, key: str) -> Step | None:
        return next((step for step in self.steps if step.key == key), None)

    def sizeHint(self) -> QSize:
        return QSize(current().px(640), current().px(320))

    def minimumSizeHint(self) -> QSize:
        theme = current()
        columns = max(1, len(self._stages))
        most = max((len(stage.steps) for stage in self._stages), default=1)
        wide = theme.px(columns * LEAST_WIDE + (columns - 1) * 20 + 32)
        return QSize(wide, theme.px(HEAD + 20) + most * (self._high(1) + CLOSE))

    # --- where everything stands -------------------------------------------------------------------------------------

    @staticmethod
    def _high(lines: int) -> int:
        theme = current()
        text = theme.height(10) + (lines - 1) * theme.height(9)
        return max(theme.px(HIGHS[lines]), round(text) + 10)

    def _arrange(self) -> None:
        theme = current()
        self.boxes.clear()
        columns = len(self._stages)
        room = QRectF(self.rect()).adjusted(theme.px(16), theme.px(HEAD + 4), -theme.px(16), -theme.px(8))
        if not columns or room.width() <= 0:
            self.retry.hide()
            return
        between = theme.px(BETWEEN)
        wide = min(theme.px(WIDE), (room.width() - (columns - 1) * between) / columns)
        if wide < theme.px(LEAST_WIDE):
            between = theme.px(20)
            wide = (room.width() - (columns - 1) * between) / columns
        # What is to spare goes to columns of several boxes, whose names are long.
        several = sum(len(stage.steps) > 1 for stage in self._stages) or columns
        spare = max(0.0, room.width() - columns * wide - (columns - 1) * between) / several
        count = max(len(stage.steps) for stage in self._stages)
        self._lines = next((n for n in (3, 2) if count * (self._high(n) + GAP) - GAP <= room.height()), 1)
        left = room.left()
        for stage in self._stages:
            wider = len(stage.steps) > 1 or count == 1
            column = wide + (max(0.0, min(spare, theme.px(MOST_WIDE) - wide)) if wider else 0.0)
            self._place(stage, QRectF(left, room.top(), column, room.height()))
            left += column + between
        self._place_button()
        self.update()

    def _place(self, stage: Stage, room: QRectF) -> None:
        theme = current()
        lines = self._lines if len(stage.steps) > 3 else 3
        if len(stage.steps) * (self._high(lines) + GAP) - GAP > room.height():
            lines = 1
        highs = [float(self._high(lines)) for _ in stage.steps]
        spare = room.height() - sum(highs) - (len(highs) - 1) * GAP
        for number, step in enumerate(stage.steps):
            if step.state is StepState.FAILED and lines == 3 and spare >= theme.px(BUTTON):
                highs[number] += theme.px(BUTTON)
                spare -= theme.px(BUTTON)
        if len(stage.steps) > 3:
            gap: float = GAP if spare >= 0 else CLOSE
        else:
            gap = max(GAP, min(theme.px(28), spare / len(highs)))
        top = room.top() + max(0.0, (room.height() - sum(highs) - (len(highs) - 1) * gap) / 2)
        for step, high in zip(stage.steps, highs, strict=True):
            self.boxes[step.key] = QRectF(round(room.left()) + 0.5, round(top) + 0.5, round(room.width()), high)
            top += high + gap

    def _place_button(self) -> None:
        theme = current()
        tall = self._high(3) + theme.px(BUTTON) - 1
        failed = [s for s in self.steps if s.state is StepState.FAILED and self.boxes[s.key].height() >= tall]
        step = next((s for s in failed if s.key == self.at), None)
        if step is None:
            self.retry.hide()
            return
        box, size = self.boxes[step.key], self.retry.sizeHint()
        pad = theme.px(10)
        top = round(box.bottom() - size.height() - theme.px(7))
        self.retry.setGeometry(round(box.left() + pad), top, round(box.width() - 2 * pad), size.height())
        self.retry.show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    # --- drawing -----------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = current(), QPainter(self)
        tokens = theme.tokens
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(tokens.window))
        for stage in self._stages:
            first = self.boxes.get(stage.steps[0].key)
            if first is None:
                continue
            head = QRectF(first.left(), 0, first.width() + theme.px(20), theme.px(HEAD))
            taken = draw_words(painter, stage.title, head, (9, 600), tokens.text2)
            draw_words(painter, stage.more, head.adjusted(taken + theme.px(8), 0, 0, 0), (9, 400), tokens.text3)
        for step in self.steps:
            for need in step.needs:
                self._draw_edge(painter, need, step)
        for step in self.steps:
            self._draw_box(painter, step)

    def _draw_edge(self, painter: QPainter, need: str, step: Step) -> None:
        tokens = current().tokens
        one, other, before = self.boxes.get(need), self.boxes.get(step.key), self._step(need)
        if one is None or other is None or before is None:
            return
        past = before.state in _PAST
        style = Qt.PenStyle.SolidLine if past else Qt.PenStyle.DashLine
        painter.setPen(QPen(QColor(tokens.text3 if past else tokens.control_border), 1.2, style))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if abs(one.left() - other.left()) < 1:  # one above the other
            tip = QPointF(other.center().x(), other.top())
            painter.drawLine(QPointF(one.center().x(), one.bottom()), tip)
        else:
            tip = QPointF(other.left(), other.center().y())
            start = QPointF(one.right(), one.center().y())
            middle = tip.x() - current().px(14)
            painter.drawPolyline([start, QPointF(middle, start.y()), QPointF(middle, tip.y()), tip])
            self._draw_tip(painter, tip)

    @staticmethod
    def _draw_tip(painter: QPainter, tip: QPointF) -> None:
        arm = current().px(4)
        pen = painter.pen()
        painter.setPen(QPen(pen.color(), pen.widthF()))
        painter.drawPolyline([tip + QPointF(-arm, -arm * 0.75), tip, tip + QPointF(-arm, arm * 0.75)])

    def _draw_box(self, painter: QPainter, step: Step) -> None:
        theme, tokens = current(), current().tokens
        box = self.boxes.get(step.key)
        if box is None:
            return
        at, state = step.key == self.at, step.state
        locked = state is StepState.LOCKED
        edge = {StepState.FAILED: tokens.p2, StepState.PERSON: tokens.accent}.get(state, tokens.tile_line)
        width = 2.0 if state in {StepState.FAILED, StepState.PERSON} else 1.0
        if locked:
            edge = tokens.control_border
        painter.setBrush(Qt.BrushStyle.NoBrush if locked else QColor(tokens.tile))
        painter.setPen(QPen(QColor(edge), width, Qt.PenStyle.DashLine if locked else Qt.PenStyle.SolidLine))
        painter.drawRoundedRect(box, RADIUS, RADIUS)
        if at:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            hue = tokens.accent if self.hasFocus() else tokens.text2
            painter.setPen(QPen(QColor(hue), 1.5))
            painter.drawRoundedRect(box.adjusted(-3, -3, 3, 3), RADIUS + 2, RADIUS + 2)
        pad, ink = theme.px(10), tokens.text2 if locked else tokens.text
        inner = box.adjusted(pad, 0, -pad - theme.px(14), 0)
        lines = self._lines_in(box)
        title, small = theme.height(10), theme.height(9)
        text_high = title + (lines - 1) * small
        room = min(box.height(), self._high(lines))
        top = box.top() + max(4.0, (room - text_high) / 2)
        draw_words(painter, step.title, QRectF(inner.left(), top, inner.width(), title), (10, 600), ink)
        whole = QRectF(inner.left(), top + title, box.width() - 2 * pad, small)
        if lines > 1:
            draw_words(painter, step.words, whole, (9, 400), tokens.text if state in _PAST else ink)
        if lines > 2:
            draw_words(painter, step.more, whole.translated(0, small), (9, 400), tokens.text2)
        self._draw_mark(painter, step, QPointF(box.right() - pad - theme.px(5), top + title / 2))
        if state is StepState.RUNNING:
            painter.setPen(QPen(QColor(tokens.accent), 2))
            y = box.bottom() - theme.px(3)
            painter.drawLine(QPointF(box.left() + pad, y), QPointF(box.right() - pad, y))

    def _lines_in(self, box: QRectF) -> int:
        return next((n for n in (3, 2) if box.height() >= self._high(n) - 1), 1)

    @staticmethod
    def _draw_mark(painter: QPainter, step: Step, centre: QPointF) -> None:
        theme, tokens = current(), current().tokens
        match step.state:
            case StepState.DONE:
                mark(painter, "good", centre, theme.px(10), tokens.text2, filled=False)
            case StepState.FAILED:
                mark(painter, "P2", centre, theme.px(11), tokens.p2, filled=True)
            case StepState.PERSON:
                draw_person(painter, centre, theme.px(11), tokens.accent)
            case StepState.RUNNING:
                draw_arc(painter, centre, theme.px(9), tokens.text2)
            case StepState.SKIPPED:
                painter.setPen(QPen(QColor(tokens.text2), 1.6))
                half = theme.px(4)
                for left in (-half, 0):
                    tip = centre + QPointF(left + half, 0)
                    painter.drawPolyline([tip + QPointF(-half, -half), tip, tip + QPointF(-half, half)])
            case StepState.READY:
                painter.setPen(QPen(QColor(tokens.text2), 1.4))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(centre, theme.px(4), theme.px(4))
            case StepState.LOCKED:
                from views.kit.icons import paint

                side = theme.px(13)
                paint(painter, "lock", QRectF(centre.x() - side / 2, centre.y() - side / 2, side, side), tokens.text2)

    # --- pointer and keys --------------------------------------------------------------------------------------------

    def _at(self, place: QPointF) -> Step | None:
        return next((step for step in self.steps if self.boxes[step.key].contains(place)), None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        step = self._at(event.position())
        if step is not None:
            self.chosen.emit(step.key)
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        here = self.boxes.get(self.at)
        across = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        down = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if here is None or (across is None and down is None):
            super().keyPressEvent(event)
            return
        found = self._beside(here, across) if across is not None else self._above(here, down or 0)
        if found is not None:
            self.chosen.emit(found)

    def _beside(self, here: QRectF, step: int) -> str | None:
        lefts = sorted({box.left() for box in self.boxes.values()})
        place = lefts.index(here.left()) + step
        if not 0 <= place < len(lefts):
            return None
        column = {key: box for key, box in self.boxes.items() if box.left() == lefts[place]}
        return min(column, key=lambda key: abs(column[key].center().y() - here.center().y()))

    def _above(self, here: QRectF, step: int) -> str | None:
        column = sorted((box.top(), key) for key, box in self.boxes.items() if box.left() == here.left())
        place = next(n for n, (_, key) in enumerate(column) if self.boxes[key] == here) + step
        return column[place][1] if 0 <= place < len(column) else None

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            step = self._at(QPointF(event.pos()))
            words = "" if step is None else "\n".join(filter(None, (step.title, step.words, step.more)))
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)
