"""What the head of the workspace is put together from: the clock, the verdict, its causes and inputs, the count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import sqrt
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from app.launch.countdown import offset_words, reading_words, span_words
from models.launch.clock import ClockState
from models.launch.poll import Choice
from views.kit.painting import RIGHT, draw_words
from views.kit.theme import KPI, RADIUS, current
from views.launch.painting import draw_verdict_mark
from views.launch.wording import SEVERITY, input_words, launch_name, verdict_words

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from app.launch.countdown import Countdown
    from models.launch import Launch
    from models.launch.clock import LaunchClock
    from models.launch.poll import Verdict, VerdictInput, VerdictInputName

STATE_WORDS = {
    ClockState.RUNNING: "",
    ClockState.PLANNED_HOLD: "HOLDING",
    ClockState.HOLD: "HOLDING",
    ClockState.SCRUBBED: "SCRUBBED",
}


class Painted(QWidget):
    """A widget that draws what it was told, and says it to those who hear it."""

    def __init__(self, name: str, wide: int, high: int) -> None:
        """``wide`` and ``high`` are what it needs at 100 % font, pixels."""
        super().__init__()
        self._least = (wide, high)
        self._said: object = None
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def say(self, said: object, description: str) -> None:
        """Draw something else; nothing happens when it is the same."""
        if said != self._said:
            self._said = said
            self.setAccessibleDescription(description)
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(*(current().px(length) for length in self._least))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


@dataclass(frozen=True, slots=True)
class ClockFace:
    """What the clock says, in words."""

    title: str
    reading: str
    chip: str
    line: str
    share: float | None
    """How much of a planned hold has passed."""
    foot: str
    sure: bool


def clock_face(launch: Launch, clock: LaunchClock, shown: Countdown, *, sure: bool) -> ClockFace:
    """The clock of a launch at an instant; ``sure``: the server's time is known."""
    chip, line, share = STATE_WORDS[shown.state], "", None
    if shown.holds and shown.planned_seconds:
        line = f"{span_words(shown.held_seconds)} of a planned {span_words(shown.planned_seconds)}"
        share = min(1.0, shown.held_seconds / shown.planned_seconds)
    elif shown.holds:
        line = f"Held for {span_words(shown.held_seconds)}: {clock.reason or 'no reason was given'}"
    elif shown.state is ClockState.SCRUBBED:
        line = launch.decision or ""
    elif clock.next_point is not None and clock.next_hold_at is not None:
        point = next((each for each in launch.points if each.key == clock.next_point), None)
        line = f"Next hold {offset_words(point.reading)}: {point.title}" if point is not None else ""
    foot = ""
    if launch.closed_at is not None:
        foot = f"Ended {launch.closed_at:%Y-%m-%d %H:%M} UTC"
    elif clock.projected_zero_at is not None:
        at = clock.projected_zero_at
        day = "" if at.date() == clock.as_of.date() else f"{at:%Y-%m-%d} "
        foot = f"T\N{MINUS SIGN}0 at {day}{at:%H:%M:%S} UTC"
        if shown.holds and clock.resume_by is not None:
            foot += f", resume by {clock.resume_by:%H:%M:%S}"
    if not sure and launch.closed_at is None:
        chip = "UNSURE"
    return ClockFace(launch_name(launch), reading_words(shown.reading), chip, line, share, foot, sure)


class ClockBlock(Painted):
    """Title, reading, state, and how long a hold lasts."""

    def __init__(self) -> None:
        super().__init__("Clock", 312, 96)

    def show_face(self, face: ClockFace | None) -> None:
        """Draw this; ``None``: nothing is known yet."""
        words = (
            "no launch" if face is None else ", ".join(filter(None, (face.reading, face.chip, face.line, face.foot)))
        )
        self.say(face, words)

    def paintEvent(self, _event: QPaintEvent) -> None:
        face = self._said
        theme, tokens, painter = current(), current().tokens, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not isinstance(face, ClockFace):
            draw_words(painter, "No launch is known yet", QRectF(self.rect()), (10, 400), tokens.text2)
            return
        wide, line = float(self.width()), theme.height(10) + 2
        draw_words(painter, face.title, QRectF(0, 0, wide, line), (10, 600))
        large = theme.height(KPI, 600) * 0.95
        box = QRectF(0, line, wide, large)
        ink = tokens.text if face.sure else tokens.text2
        taken = draw_words(painter, face.reading, box, (KPI, 600), ink)
        if face.chip:
            self._chip(painter, face, QRectF(taken + theme.px(10), line, wide - taken, large))
        top = line + large + 2
        small = theme.height(9) + 2
        used = draw_words(painter, face.line, QRectF(0, top, wide, small), (9, 600 if face.share is not None else 400))
        if face.share is not None:
            bar = QRectF(used + theme.px(10), top + small / 2 - 2, wide - used - theme.px(10), 4)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.line))
            painter.drawRoundedRect(bar, 2, 2)
            painter.setBrush(QColor(tokens.p2))
            painter.drawRoundedRect(QRectF(bar.left(), bar.top(), bar.width() * face.share, 4), 2, 2)
        draw_words(painter, face.foot, QRectF(0, top + small, wide, small), (9, 400), tokens.text2)

    @staticmethod
    def _chip(painter: QPainter, face: ClockFace, room: QRectF) -> None:
        theme, tokens = current(), current().tokens
        hue = tokens.p2 if face.sure else tokens.text2
        wide, high = theme.width(face.chip, 9, 600) + theme.px(26), theme.height(9, 600) + theme.px(4)
        box = QRectF(room.left(), room.center().y() - high / 2, min(wide, room.width()), high)
        style = Qt.PenStyle.SolidLine if face.sure else Qt.PenStyle.DashLine
        painter.setPen(QPen(QColor(hue), 1, style))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        middle = QPointF(box.left() + theme.px(11), box.center().y())
        if face.sure:
            draw_verdict_mark(painter, Choice.HOLD, middle, theme.px(8), hue)
        else:
            draw_words(painter, "?", QRectF(middle.x() - 4, box.top(), 10, box.height()), (9, 600), hue)
        draw_words(painter, face.chip, box.adjusted(theme.px(20), 0, -2, 0), (9, 600), hue)


@dataclass(frozen=True, slots=True)
class VerdictFace:
    """What the block says."""

    word: Choice
    words: str
    notes: tuple[str, str]


class VerdictBlock(Painted):
    """The word for everybody: filled unless it is GO, with its shape."""

    def __init__(self) -> None:
        super().__init__("Verdict", 236, 96)

    def show_verdict(self, verdict: Verdict | None, note: str) -> None:
        """Draw this; ``note`` says when it was worked out."""
        if verdict is None:
            self.say(None, "not known")
            return
        words = verdict_words(verdict.word, len(verdict.causes))
        notes = ("Worst of all; unknown is not GO.", note)
        self.say(VerdictFace(verdict.word, words, notes), f"{words}. {note}")

    def paintEvent(self, _event: QPaintEvent) -> None:
        face = self._said
        theme, tokens, painter = current(), current().tokens, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        wide, high = float(self.width()), max(float(theme.px(48)), theme.height(KPI, 600))
        block = QRectF(0, 2, wide, high).adjusted(0.5, 0.5, -0.5, -0.5)
        if not isinstance(face, VerdictFace):
            painter.setPen(QPen(QColor(tokens.control_border), 1, Qt.PenStyle.DashLine))
            painter.setBrush(theme.hatch(tokens.window))
            painter.drawRoundedRect(block, RADIUS, RADIUS)
            draw_words(painter, "? not known", block.adjusted(theme.px(14), 0, 0, 0), (14, 600), tokens.text2)
            return
        hue = tokens.status(SEVERITY[face.word])
        filled = face.word is not Choice.GO
        painter.setPen(Qt.PenStyle.NoPen if filled else QPen(QColor(tokens.control_border), 1))
        painter.setBrush(QColor(hue) if filled else QColor(tokens.tile))
        painter.drawRoundedRect(block, RADIUS, RADIUS)
        ink = tokens.ink_on(hue) if filled else tokens.text
        middle = QPointF(block.left() + theme.px(26), block.center().y())
        draw_verdict_mark(painter, face.word, middle, theme.px(22), ink if filled else hue)
        room = block.adjusted(theme.px(46), 0, -theme.px(8), 0)
        points = next((p for p in (KPI, 24, 20, 17) if theme.width(face.words, p, 600) <= room.width()), 14)
        draw_words(painter, face.words, room, (points, 600), ink)
        small = theme.height(9) + 2
        for number, note in enumerate(face.notes):
            top = block.bottom() + theme.px(5) + number * small
            draw_words(painter, note, QRectF(0, top, wide, small), (9, 400), tokens.text2)


class InputTile(QAbstractButton):
    """One of what the verdict is the worst of; pressing it opens where it comes from."""

    def __init__(self, name: VerdictInputName, title: str) -> None:
        super().__init__()
        self._title = title
        self._input: VerdictInput | None = None
        self._more = ""
        self.name = name
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_input(self, found: VerdictInput | None, more: str = "") -> None:
        """Draw this; ``more`` stands beside the title where there is room for it, and is always said."""
        if (found, more) != (self._input, self._more):
            self._input, self._more = found, more
            words = "" if found is None else ", ".join(filter(None, (input_words(found), more)))
            self.setAccessibleDescription("not known" if found is None else f"{found.verdict}: {words}")
            self.setToolTip(words)
            self.update()

    def sizeHint(self) -> QSize:
        theme = current()
        return QSize(theme.px(104), max(theme.px(38), round(theme.height(9) + theme.height(9, 600)) + theme.px(8)))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.click()
            return
        super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, tokens, painter = current(), current().tokens, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        found = self._input
        bad = found is not None and found.verdict is not Choice.GO
        hue = tokens.status(SEVERITY[found.verdict]) if found is not None else tokens.text2
        painter.setPen(QPen(QColor(hue if bad else tokens.line), 1))
        painter.setBrush(QColor(tokens.hover if self.underMouse() else tokens.tile))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        inner = QRectF(self.rect()).adjusted(theme.px(9), theme.px(3), -theme.px(6), -theme.px(3))
        half = inner.height() / 2
        head = QRectF(inner.left(), inner.top(), inner.width() - theme.px(14), half)
        title = " \N{MIDDLE DOT} ".join(filter(None, (self._title, self._more)))
        draw_words(
            painter, title if theme.width(title, 9) <= head.width() else self._title, head, (9, 400), tokens.text2
        )
        below = QRectF(inner.left(), inner.top() + half, inner.width(), half)
        draw_words(painter, "not known" if found is None else input_words(found), below, (9, 600))
        if found is not None:
            centre = QPointF(inner.right() - theme.px(5), inner.top() + half / 2 + 1)
            draw_verdict_mark(painter, found.verdict, centre, theme.px(9), hue)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens.accent), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS, RADIUS)


@dataclass(frozen=True, slots=True)
class CountMark:
    """A place on the count."""

    reading: float
    label: str
    at: str
    kind: str
    """``hold``, ``zero`` or ``begin``."""


@dataclass(frozen=True, slots=True)
class CountFace:
    """The whole count."""

    marks: tuple[CountMark, ...]
    reading: float
    holds: bool
    next: str


def count_face(launch: Launch, clock: LaunchClock, shown: Countdown) -> CountFace:
    """From before the first point, or what is shown, to T-0; times as things stand."""
    begin = min([shown.reading, *(point.reading for point in launch.points)]) * 1.25
    begin = min(begin, -60.0)

    def at(reading: float) -> str:
        zero = clock.projected_zero_at
        if zero is None or launch.closed_at is not None:
            return ""
        ahead = sum(p.seconds for p in launch.points if p.reading > max(reading, shown.reading) and p.reading < 0)
        ahead += sum(p.seconds for p in launch.points if p.reading == reading and reading > shown.reading)
        return f"{zero + timedelta(seconds=reading - ahead):%H:%M}"

    marks = [
        CountMark(point.reading, offset_words(point.reading), at(point.reading), "hold")
        for point in sorted(launch.points, key=lambda point: point.reading)
    ]
    marks.append(CountMark(0.0, "T\N{MINUS SIGN}0", at(0.0), "zero"))
    following = next((p for p in sorted(launch.points, key=lambda p: p.reading) if p.reading > shown.reading), None)
    words = f"next hold {offset_words(following.reading)}" if following is not None else "no hold ahead"
    return CountFace((CountMark(begin, "", "", "begin"), *marks), shown.reading, shown.holds, words)


class CountLine(Painted):
    """Planned holds on a line to T-0, and where the clock is."""

    def __init__(self) -> None:
        super().__init__("Count", 190, 96)

    def show_count(self, face: CountFace | None) -> None:
        """Draw this."""
        told = "" if face is None else f"at {offset_words(face.reading)}, {face.next}"
        self.say(face, told)

    def paintEvent(self, _event: QPaintEvent) -> None:
        face = self._said
        if not isinstance(face, CountFace):
            return
        theme, tokens, painter = current(), current().tokens, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        small = theme.height(9) + 2
        head = QRectF(0, 0, self.width(), small)
        draw_words(painter, "Count", head, (9, 400), tokens.text2)
        draw_words(painter, face.next, head, (9, 400), tokens.text2, RIGHT)
        y = self.height() * 0.52
        line = QRectF(theme.px(6), y, self.width() - theme.px(30), 0)
        begin = face.marks[0].reading

        def place(reading: float) -> float:
            # The last minutes are what is looked at: by the root they have more of the line than the days before.
            return line.left() + (1 - sqrt(min(1.0, max(0.0, reading / begin)))) * line.width()

        painter.setPen(QPen(QColor(tokens.line), 2))
        painter.drawLine(line.topLeft(), line.topRight())
        painter.setPen(QPen(QColor(tokens.text), 3))
        painter.drawLine(line.topLeft(), QPointF(place(face.reading), y))
        taken: list[tuple[float, float]] = []
        # Where labels would meet, those of T-0 and of where the clock stands go before the others.
        for each in sorted(face.marks[1:], key=lambda each: (each.kind != "zero", abs(each.reading - face.reading))):
            x = place(each.reading)
            here = abs(each.reading - face.reading) < 1
            if each.kind == "zero":
                painter.setPen(QPen(QColor(tokens.text), 2))
                painter.drawLine(QPointF(x, y - theme.px(8)), QPointF(x, y + theme.px(8)))
            else:
                self._diamond(painter, x, y, here=here)
            wide = max(theme.width(each.label, 9, 600), theme.width(each.at, 9)) + theme.px(4)
            left = max(0.0, min(x - wide / 2, self.width() - wide))
            if any(left < end and begin < left + wide for begin, end in taken):
                continue
            taken.append((left - theme.px(4), left + wide + theme.px(4)))
            top = y + theme.px(10)
            strong = 600 if here or each.kind == "zero" else 400
            ink = tokens.text if strong == 600 else tokens.text2
            middle = Qt.AlignmentFlag.AlignHCenter
            draw_words(painter, each.label, QRectF(left, top, wide, small), (9, strong), ink, middle)
            draw_words(painter, each.at, QRectF(left, top + small, wide, small), (9, 400), tokens.text2, middle)
        if face.holds:
            x, wide = place(face.reading), theme.width("HOLD", 9, 600)
            left = max(0.0, min(x - wide / 2, self.width() - wide))
            draw_words(painter, "HOLD", QRectF(left, y - theme.px(12) - small, wide + 2, small), (9, 600), tokens.p2)

    @staticmethod
    def _diamond(painter: QPainter, x: float, y: float, *, here: bool) -> None:
        theme, tokens = current(), current().tokens
        if here:
            draw_verdict_mark(painter, Choice.HOLD, QPointF(x, y), theme.px(15), tokens.p2)
            return
        half = theme.px(4)
        painter.setPen(QPen(QColor(tokens.text2), 1.4))
        painter.setBrush(QColor(tokens.window))
        painter.drawPolygon([QPointF(x, y - half), QPointF(x + half, y), QPointF(x, y + half), QPointF(x - half, y)])
