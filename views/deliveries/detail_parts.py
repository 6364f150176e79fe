"""What the detail of a connection is put together from: tiles, numbered steps, chips, and the age of a secret."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from models.deliveries.connections import Breaker
from views.deliveries.wording import NONE, age, countdown, moment
from views.kit.theme import RADIUS, current, mixed
from views.kit.widgets.flow import Flow

if TYPE_CHECKING:
    from datetime import datetime

    from models.deliveries.connections import ConnectionDetail

TILE_HIGH = 56
BREAKER_NOTES: dict[Breaker, tuple[str, ...]] = {
    Breaker.CLOSED: (),
    Breaker.OPEN: ("breaker open", "open"),
    Breaker.HALF_OPEN: ("half open", "half"),
}


class Tile(QWidget):
    """A figure with its name above it and a note beside it; the last has a bar for the time that is left."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name, self._figure = name, NONE
        self._notes: tuple[str, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)

    def say(self, figure: str, *notes: str) -> None:
        """Change figure and note: the first of ``notes`` that there is room for, which may be none."""
        if (figure, notes) != (self._figure, self._notes):
            self._figure, self._notes = figure, notes
            self.setAccessibleDescription(" ".join((figure, *notes[:1])))
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(current().px(140), current().px(TILE_HIGH))

    def minimumSizeHint(self) -> QSize:
        return QSize(current().px(96), current().px(TILE_HIGH))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, tokens, painter = current(), current().tokens, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(tokens.tile_line), 1))
        painter.setBrush(QColor(tokens.tile))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        inner = QRectF(self.rect()).adjusted(theme.px(12), theme.px(6), -theme.px(8), -theme.px(6))
        painter.setFont(theme.font(9))
        painter.setPen(QColor(tokens.text2))
        painter.drawText(inner, Qt.AlignmentFlag.AlignTop, self._name)
        painter.setFont(theme.font(14, 600))
        painter.setPen(QColor(tokens.text))
        painter.drawText(inner, Qt.AlignmentFlag.AlignBottom, self._figure)
        painter.setFont(theme.font(9))
        painter.setPen(QColor(tokens.text2))
        beside = inner.adjusted(theme.width(self._figure, 14, 600) + theme.px(8), 0, 0, -2)
        words = next((each for each in self._notes if theme.width(each, 9) <= beside.width()), "")
        painter.drawText(beside, Qt.AlignmentFlag.AlignBottom, words)


class Tiles(Flow):
    """Waiting, dead, and when the next try is; below each other where there is no room beside."""

    def __init__(self) -> None:
        self.waiting, self.dead, self.next = tiles = Tile("Waiting"), Tile("Dead letters"), Tile("Next try")
        super().__init__(*tiles, wide=tiles, margins=False, gap=12)

    def show_figures(self, detail: ConnectionDetail, now: datetime) -> None:
        """Of this connection, at this instant."""
        oldest = age(detail.oldest_waiting_at, now)
        self.waiting.say(f"{detail.waiting:,}", *(() if oldest == NONE else (f"oldest {oldest}", oldest)))
        died = [hour for hour in detail.hours if hour.dead]
        last = moment(died[-1].begins_at, now)[:5] if died else ""
        self.dead.say(f"{detail.dead:,}", *((f"last {last}", last) if died else ()))
        at = detail.next_attempt_at
        if at is None:
            self.next.say(NONE, "nothing is due")
        else:
            figure = "now" if at <= now else countdown(at, now)
            self.next.say(figure, *BREAKER_NOTES[detail.breaker])


class Steps(QLabel):
    """What is to be done, numbered."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.setAccessibleName("What to do")

    def show_steps(self, steps: tuple[str, ...]) -> None:
        """Number these; none take no room."""
        theme = current()
        theme.set_font(self, 10)
        rows = "".join(
            f'<tr><td width="{theme.px(16)}" style="color: {theme.tokens.text3}">{number}</td>'
            f'<td style="padding-bottom: 2px">{escape(step)}</td></tr>'
            for number, step in enumerate(steps, 1)
        )
        self.setText(f'<table cellspacing="0" cellpadding="0">{rows}</table>' if steps else "")
        self.setAccessibleDescription(" ".join(f"{number}. {step}" for number, step in enumerate(steps, 1)))
        self.setVisible(bool(steps))


class Chip(QWidget):
    """A word in a frame: something that goes there, or, dashed, what does not."""

    def __init__(self, words: str, *, dashed: bool = False) -> None:
        super().__init__()
        self.words, self._dashed = words, dashed
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(words)

    def sizeHint(self) -> QSize:
        theme = current()
        return QSize(round(theme.width(self.words, 9)) + theme.px(14), round(theme.height(9)) + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(current().px(40), self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, tokens, painter = current(), current().tokens, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        style = Qt.PenStyle.DashLine if self._dashed else Qt.PenStyle.SolidLine
        painter.setPen(QPen(QColor(tokens.control_border), 1, style))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        painter.setFont(theme.font(9))
        painter.setPen(QColor(tokens.text2 if self._dashed else tokens.text))
        room = self.width() - theme.px(10)
        words = painter.fontMetrics().elidedText(self.words, Qt.TextElideMode.ElideRight, room)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, words)


class AgeBar(QWidget):
    """How old a secret is, against how old it may become."""

    def __init__(self) -> None:
        super().__init__()
        self._days, self._most = 0, 1
        self.setFixedSize(current().px(100), current().px(14))

    def show_age(self, days: int, most: int | None) -> None:
        """Days, and how many it may be at most; hidden where it has no end."""
        self.setVisible(most is not None)
        self._days, self._most = days, most or 1
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens, painter = current().tokens, QPainter(self)
        middle, wide = self.height() // 2, self.width()
        whole = max(self._days, self._most) * 1.1
        painter.fillRect(0, middle - 2, wide, 4, mixed(tokens.control_border, tokens.window, 0.45))
        painter.fillRect(0, middle - 2, round(wide * self._days / whole), 4, QColor(tokens.text2))
        at = round(wide * self._most / whole)
        painter.fillRect(at - 1, middle - 6, 4, 12, QColor(tokens.window))
        painter.fillRect(at, middle - 5, 2, 10, QColor(tokens.text))
