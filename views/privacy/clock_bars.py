"""The two clocks of a request, one above the other on one axis: our own date, and that of the law."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.privacy.clock import Urgency, left_words
from models.privacy.requests import OPEN_STATES
from views.kit.painting import RIGHT, draw_words
from views.kit.theme import current, mixed
from views.privacy.request_table import urgency_hue
from views.privacy.wording import LAWS, day

if TYPE_CHECKING:
    from app.privacy.clock import ClockFace
    from models.privacy.requests import PrivacyRequest

NAME, SAID, LINE = 120, 232, 22


class ClockBars(QWidget):
    """Bars from receipt to each date; what is past our own date is hatched."""

    def __init__(self) -> None:
        super().__init__()
        self._request: PrivacyRequest | None = None
        self._face: ClockFace | None = None
        self.setAccessibleName("Clocks")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        current().changed.connect(self.updateGeometry)

    def show_clock(self, request: PrivacyRequest, face: ClockFace) -> None:
        """Draw the clock of a request."""
        self._request, self._face = request, face
        internal, legal = self._words()
        self.setAccessibleDescription(f"Internal: {internal}. Legal: {legal}. Received {day(request.submitted_at)} UTC")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(current().px(640), 2 * self._line() + round(current().height(9)) + 8)

    def minimumSizeHint(self) -> QSize:
        return QSize(current().px(320), self.sizeHint().height())

    @staticmethod
    def _line() -> int:
        return max(current().px(LINE), round(current().height(10)) + 4)

    def _words(self) -> tuple[str, str]:
        request, face = self._request, self._face
        if request is None or face is None:
            return "", ""
        if request.status not in OPEN_STATES:
            return f"was {day(request.internal_at)}", f"was {day(request.due_at)}"
        return tuple(  # type: ignore[return-value]
            f"{left_words(left)}, {'was ' if left.total_seconds() <= 0 else ''}{day(at)}"
            for left, at in ((face.internal_left, request.internal_at), (face.legal_left, request.due_at))
        )

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = current(), QPainter(self)
        tokens = theme.tokens
        painter.fillRect(self.rect(), QColor(tokens.window))
        request, face = self._request, self._face
        if request is None or face is None:
            return
        high, line = theme.px(6), self._line()
        said = self._words()
        right = max(theme.px(SAID), *(theme.width(words, 10, 600) + theme.px(16) for words in said))
        left, wide = theme.px(NAME), max(40.0, self.width() - theme.px(NAME) - right)
        names = ("Internal date", f"Legal date, {LAWS[request.jurisdiction]}")
        ground = mixed(tokens.control_border, tokens.window, 0.35)
        for number, (name, words) in enumerate(zip(names, said, strict=True)):
            row = QRectF(0, number * line, self.width(), line)
            draw_words(painter, name, row.adjusted(0, 0, -row.width() + left - 8, 0), (9, 400), tokens.text2)
            draw_words(painter, words, row, (10, 600), "", RIGHT)
            bar = QRectF(left, round(row.center().y() - high / 2), wide, high)
            if number:
                painter.fillRect(bar, ground)
                done = QRectF(bar.left(), bar.top(), bar.width() * face.passed, high)
                closed = face.urgency is Urgency.CLOSED
                painter.fillRect(done, QColor(tokens.control_border if closed else urgency_hue(face.urgency)))
                self._tick(painter, bar.right(), bar)
            else:
                own = QRectF(bar.left(), bar.top(), bar.width() * face.internal, high)
                painter.fillRect(own, ground)
                inside = min(face.passed, face.internal) * bar.width()
                painter.fillRect(QRectF(bar.left(), bar.top(), inside, high), QColor(tokens.text2))
                over = (face.passed - face.internal) * bar.width()
                if over > 0:
                    late = QRectF(own.right(), bar.top(), over, high)
                    self._hatch(painter, late)
                self._tick(painter, own.right(), bar)
        self._now(painter, QRectF(left, 0, wide, 2 * line))

    @staticmethod
    def _hatch(painter: QPainter, box: QRectF) -> None:
        """Stripes of the hue of what is late by our own date."""
        tokens, step = current().tokens, 4
        painter.save()
        painter.setClipRect(box)
        painter.fillRect(box, mixed(tokens.p3, tokens.window, 0.3))
        painter.setPen(QPen(QColor(tokens.p3), 1.5))
        for offset in range(0, round(box.width() + box.height()), step):
            start = QPointF(box.left() + offset, box.top())
            painter.drawLine(start, QPointF(start.x() - box.height(), box.bottom()))
        painter.restore()

    @staticmethod
    def _tick(painter: QPainter, x: float, bar: QRectF) -> None:
        theme = current()
        painter.fillRect(QRectF(round(x), bar.center().y() - theme.px(8), 2, theme.px(16)), QColor(theme.tokens.text))

    def _now(self, painter: QPainter, plot: QRectF) -> None:
        theme, tokens = current(), current().tokens
        assert self._request is not None  # noqa: S101 - else nothing is drawn
        assert self._face is not None  # noqa: S101 - as above
        below = QRectF(plot.left(), plot.bottom() + 2, plot.width(), theme.height(9))
        received = f"received {day(self._request.submitted_at)} UTC"
        taken = draw_words(painter, received, below, (9, 400), tokens.text2)
        if self._face.urgency is Urgency.CLOSED:
            return
        x = plot.left() + plot.width() * self._face.passed
        painter.fillRect(QRectF(round(x), plot.top(), 1, plot.height() + 2), QColor(tokens.accent))
        words = f"now, day {self._face.day}"
        wide = theme.width(words, 9)
        start = min(max(x - wide - theme.px(4), below.left() + taken + theme.px(12)), self.width() - wide)
        draw_words(painter, words, QRectF(start, below.top(), wide + 2, below.height()), (9, 400), tokens.accent)
