"""Parts of the comparison: the event that shows it, and who is hit by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from models.core.wording import counted
from views.analytics.painting import draw_masked, draw_share, masked_width
from views.analytics.wording import READERS, reader_words, sender_words, value_words
from views.kit.painting import RIGHT, draw_words
from views.kit.theme import FOCUS, current

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from models.analytics.changes import RadiusResult
    from models.analytics.events import Violation

LINE, PAD = 16, 10
SENDERS_SHOWN = 4
NARROW = 260
"""Pixels at 100 % font below which names have the room of the bars."""


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A line of an event: its name and value, and what is wrong with it."""

    name: str
    value: str | None
    """``None`` for one that is masked."""
    wrong: str = ""


def code_lines(properties: Mapping[str, Any], masked: Sequence[str], violations: Sequence[Violation]) -> list[CodeLine]:
    """An event line by line; what is wrong stands at its line, and what is missing has one of its own."""
    wrong: dict[str, str] = {}
    for each in violations:
        name = each.pointer.removeprefix("/properties/").partition("/")[0].replace("~1", "/").replace("~0", "~")
        wrong.setdefault(name, each.rule)
    lines = [CodeLine(name, value_words(value), wrong.pop(name, "")) for name, value in properties.items()]
    lines += [CodeLine("others" if name == "*" else name, None, wrong.pop(name, "")) for name in masked]
    lines += [CodeLine("…" if name == "*" else name, "", rule) for name, rule in wrong.items()]
    return lines


class WitnessView(QWidget):
    """An event as JSON, with the lines marked that do not fit."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[CodeLine] = []
        self._event = ""
        self.setAccessibleName("Witness")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)
        current().changed.connect(self.updateGeometry)

    def show_event(self, event_name: str, lines: list[CodeLine]) -> None:
        """Show another event."""
        if (event_name, lines) != (self._event, self.lines):
            # What is wrong is what one looks for: it is never among the lines that there is no room for.
            self._event, self.lines = event_name, sorted(lines, key=lambda line: not line.wrong)
            spoken = (
                f"{each.name} {each.value or 'masked'}{f', {each.wrong}' if each.wrong else ''}" for each in lines
            )
            self.setAccessibleDescription("; ".join(spoken))
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(current().px(220), current().px((min(len(self.lines), 8) + 3) * LINE + PAD))

    def minimumSizeHint(self) -> QSize:
        return QSize(current().px(180), current().px(5 * LINE + PAD))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, tokens, painter = current(), current().tokens, QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.sunken if tokens.sunken != tokens.window else tokens.base))
        if not self.lines:
            return
        high, top = theme.px(LINE), float(theme.px(PAD) // 2)
        room = int((self.height() - 2 * top) / high) - 2
        shown = self.lines if len(self.lines) <= room else self.lines[: max(1, room - 1)]
        left = theme.px(PAD)
        self._code(painter, f'{{ "event": {value_words(self._event)},', QRectF(left, top, self.width() - left, high))
        for number, line in enumerate(shown, 1):
            self._line(painter, line, QRectF(0, top + number * high, self.width(), high))
        end = top + (len(shown) + 1) * high
        if len(shown) < len(self.lines):
            words = counted(len(self.lines) - len(shown), "more property", "more properties")
            draw_words(painter, words, QRectF(left + theme.px(16), end, self.width(), high), (9, 400), tokens.text3)
            end += high
        self._code(painter, "}", QRectF(left, end, self.width(), high))

    def _code(self, painter: QPainter, words: str, box: QRectF, ink: str = "") -> float:
        return draw_words(painter, words, box, (9.5, 400), ink or current().tokens.text2, mono=True)

    def _line(self, painter: QPainter, line: CodeLine, box: QRectF) -> None:
        theme, tokens = current(), current().tokens
        if line.wrong:
            painter.fillRect(box, QColor(tokens.hover))
            painter.fillRect(QRectF(0, box.top(), FOCUS, box.height()), QColor(tokens.text))
        value = masked_width() if line.value is None else theme.px(40)
        least = theme.width(f'"{line.name}": ', 9.5, mono=True) + value
        most = max(box.width() - theme.px(PAD + 30) - least, theme.px(48))
        remark = min(theme.width(line.wrong, 9, 600), most) if line.wrong else 0.0
        left = theme.px(PAD + 14)
        room = QRectF(left, box.top(), box.width() - left - remark - theme.px(16), box.height())
        ink = tokens.text if line.wrong else tokens.text2
        if line.value is None:
            wide = self._code(painter, f'"{line.name}": ', room, ink)
            draw_masked(painter, left + wide + theme.px(4), box.center().y())
        elif line.value:
            self._code(painter, f'"{line.name}": {line.value},', room, ink)
        else:
            self._code(painter, line.name, room, ink)
        if line.wrong:
            place = QRectF(box.right() - remark - theme.px(8), box.top(), remark, box.height())
            draw_words(painter, line.wrong, place, (9, 600), tokens.text, RIGHT)


class HitView(QWidget):
    """Who sends what would not fit, and what is made of it."""

    def __init__(self) -> None:
        super().__init__()
        self.result: RadiusResult | None = None
        self.words = ""
        self.setAccessibleName("Who is hit")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)
        current().changed.connect(self.updateGeometry)

    def show_result(self, result: RadiusResult | None, words: str) -> None:
        """Show another result, or ``words`` for why there is none."""
        if (result, words) != (self.result, self.words):
            self.result, self.words = result, words
            self.setAccessibleDescription(words if result is None else "; ".join(self._spoken(result)))
            self.updateGeometry()
            self.update()

    @staticmethod
    def _spoken(result: RadiusResult) -> list[str]:
        found = [f"{sender_words(s.name, s.detail)}: {s.failing:,} of {s.events:,}" for s in result.senders]
        return [*found, *(f"{reader_words(r)} reads {', '.join(r.properties)}" for r in result.readers if r.failing)]

    def sizeHint(self) -> QSize:
        return QSize(current().px(220), current().px(8 * LINE + PAD))

    def minimumSizeHint(self) -> QSize:
        return QSize(current().px(180), current().px(5 * LINE + PAD))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, tokens, painter = current(), current().tokens, QPainter(self)
        high = theme.px(LINE + 2)
        if self.result is None:
            box = QRectF(0, 0, self.width(), self.height())
            painter.setFont(theme.font(10))
            painter.setPen(QColor(tokens.text2))
            painter.drawText(box, Qt.TextFlag.TextWordWrap, self.words)
            return
        top, room = 0.0, self.height()
        most = max((sender.events for sender in self.result.senders), default=1) or 1
        for sender in self.result.senders[:SENDERS_SHOWN]:
            self._sender(painter, sender, most, QRectF(0, top, self.width(), high))
            top += high
        left_out = len(self.result.senders) - SENDERS_SHOWN
        if left_out > 0:
            words = counted(left_out, "more sender", "more senders")
            draw_words(painter, words, QRectF(0, top, self.width(), high), (9, 400), tokens.text3)
            top += high
        for kind, title in READERS.items():
            members = [each for each in self.result.readers if each.kind == kind and each.failing]
            if not members or top + 2 * high > room:
                continue
            draw_words(painter, f"{title} that read it", QRectF(0, top, self.width(), high), (9, 400), tokens.text3)
            top += high
            for reader in members:
                if top + high > room:
                    break
                half = self.width() * 0.6
                draw_words(painter, reader_words(reader), QRectF(0, top, half, high))
                box = QRectF(half, top, self.width() - half, high)
                draw_words(painter, ", ".join(reader.properties), box, (9.5, 400), tokens.text2, RIGHT, mono=True)
                top += high

    def _sender(self, painter: QPainter, sender: Any, most: int, box: QRectF) -> None:
        theme, tokens = current(), current().tokens
        word = "breaks" if sender.failing else "fits"
        right, count = theme.px(46), theme.px(56)
        bar = theme.px(48) if self.width() >= theme.px(NARROW) else 0
        names = QRectF(box.left(), box.top(), box.width() - right - count - bar - theme.px(12), box.height())
        draw_words(painter, sender_words(sender.name, sender.detail), names)
        track = QRectF(names.right() + theme.px(4), box.top(), bar, box.height())
        if bar:
            draw_share(painter, track, sender.events / most, tokens.text if sender.failing else tokens.text3)
        place = QRectF(track.right(), box.top(), count, box.height())
        draw_words(painter, f"{sender.failing or sender.events:,}", place, side=RIGHT)
        place = QRectF(place.right(), box.top(), right + theme.px(4), box.height())
        ink = tokens.text if sender.failing else tokens.text2
        draw_words(painter, word, place, (10, 600 if sender.failing else 400), ink, RIGHT)
