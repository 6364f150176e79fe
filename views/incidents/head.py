"""The head of an incident: severity, name, how far it has come, who has it, how long, when the next update is due."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from models.core.wording import initials
from models.incidents import IncidentStatus
from views.incidents.wording import HUES, ROLES, STATES, due_words, is_open, span_words, stage_instant
from views.kit.theme import current
from views.kit.widgets.avatar import draw_avatar
from views.kit.widgets.chip import mark
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.incidents import IncidentRecord

SOON = 300
"""Seconds before the next update is due from which on it is pointed out."""
TITLE, VALUE = 16, 14
CELLS_GAP = 26
GIVES_WAY = (
    ("Started, UTC", "words"),
    *((name, "since") for name in ("Scribe", "Comms lead", "Commander")),
    ("Time to acknowledge", "cell"),
    ("Customers affected", "cell"),
    ("Scribe", "cell"),
    ("Started, UTC", "cell"),
    ("Comms lead", "words"),
    ("Comms lead", "cell"),
    ("Commander", "words"),
)
"""What is left out where there is little room, one after the other: the words behind a value, or all of a cell. Who
has it goes last."""
SINCE = ", since "
Step = tuple[str, str, str]
"""Name, time and state of a step: done, now, ahead."""


class Head(QWidget):
    """Two painted lines, and the buttons of what comes next."""

    def __init__(self) -> None:
        super().__init__()
        self._incident: IncidentRecord | None = None
        self.buttons = {
            verb: Pill(words, look, name=name, key=key)
            for verb, words, name, key, look in (
                ("move", "Move on…", "Say how far it has come", "S", Look.PRIMARY),
                ("update", "Post update…", "Tell everybody outside", "U", Look.BUTTON),
                ("note", "Note…", "Note what happened", "N", Look.BUTTON),
                ("hand-over", "Hand over…", "Hand over a role", "H", Look.BUTTON),
                ("page", "Page…", "Page somebody", "P", Look.BUTTON),
                ("edit", "Severity…", "Change severity and what it is", "E", Look.BUTTON),
                ("review", "Review…", "Its review", "V", Look.BUTTON),
            )
        }
        self.title = _Line(self._paint_title, 44)
        self.cells = _Line(self._paint_cells, 50)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.title)
        column.addWidget(self.cells)
        column.addWidget(Flow(*self.buttons.values(), gap=WIDE_GAP))
        self._now: datetime | None = None
        self.setAccessibleName("Incident")

    def show_incident(self, incident: IncidentRecord | None, now: datetime) -> None:
        """Show this one, as of now."""
        self._incident, self._now = incident, now
        for pill in self.buttons.values():
            pill.setVisible(incident is not None)
        self.buttons["review"].setVisible(incident is not None and not is_open(incident))
        self.title.setAccessibleName(self._title_words())
        self.cells.setAccessibleName(
            ". ".join(f"{name}: {value} {more}".strip() for name, value, more, _ in self._cells())
        )
        self.title.update()
        self.cells.update()

    # --- the first line ----------------------------------------------------------------------------------------------

    def _title_words(self) -> str:
        one = self._incident
        if one is None:
            return "No incident"
        return f"{one.severity} {one.title}, {one.reference}, {STATES[one.status].lower()}"

    def _paint_title(self, painter: QPainter, box: QRectF) -> None:
        theme, tokens, one = current(), current().tokens, self._incident
        if one is None:
            painter.setFont(theme.font(12))
            painter.setPen(QColor(tokens.text2))
            painter.drawText(
                box, Qt.AlignmentFlag.AlignVCenter, "No incident is open. O opens one; I on an alert makes it one."
            )
            return
        chip = self._chip(painter, box)
        left = chip.right() + theme.px(10)
        font = theme.font(TITLE, 600)
        reference = theme.width(one.reference, 9, mono=True)
        whole = box.right() - left - reference - theme.px(12)
        steps = self._fitting_steps(whole - QFontMetricsF(font).horizontalAdvance(one.title))
        room = whole - self._steps_width(steps)
        words = QFontMetricsF(font).elidedText(one.title, Qt.TextElideMode.ElideRight, max(20.0, room))
        painter.setFont(font)
        painter.setPen(QColor(tokens.text))
        painter.drawText(QRectF(left, box.top(), max(20.0, room), box.height()), Qt.AlignmentFlag.AlignVCenter, words)
        left += QFontMetricsF(font).horizontalAdvance(words) + theme.px(10)
        painter.setFont(theme.font(9, mono=True))
        painter.setPen(QColor(tokens.text3))
        painter.drawText(
            QRectF(left, box.top(), reference + 4, box.height()), Qt.AlignmentFlag.AlignVCenter, one.reference
        )
        self._paint_steps(painter, box, steps)

    def _chip(self, painter: QPainter, box: QRectF) -> QRectF:
        theme, tokens, one = current(), current().tokens, self._incident
        assert one is not None  # noqa: S101 - whoever paints has looked
        hue, font = tokens.status(HUES[one.severity]), theme.font(12, 600)
        wide = QFontMetricsF(font).horizontalAdvance(one.severity) + theme.px(38)
        chip = QRectF(box.left(), box.center().y() - theme.px(14), wide, theme.px(28))
        filled = is_open(one)
        painter.setPen(Qt.PenStyle.NoPen if filled else QPen(QColor(hue), 1))
        painter.setBrush(QColor(hue) if filled else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(chip, 4, 4)
        ink = tokens.ink_on(hue) if filled else tokens.text
        centre = QPointF(chip.left() + theme.px(16), chip.center().y())
        mark(painter, HUES[one.severity], centre, theme.px(12), ink if filled else hue, filled=filled)
        painter.setFont(font)
        painter.setPen(QColor(ink))
        painter.drawText(chip.adjusted(theme.px(28), 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, one.severity)
        return chip

    def _steps(self) -> list[Step]:
        one = self._incident
        assert one is not None  # noqa: S101 - as above
        found = []
        states = list(IncidentStatus) if one.review_required or one.reviewed_at else list(IncidentStatus)[:-1]
        for status in states:
            at = stage_instant(one, status)
            passed = list(IncidentStatus).index(status) < list(IncidentStatus).index(one.status)
            state = "now" if status is one.status else "done" if passed else "ahead"
            found.append((STATES[status], f"{at:%H:%M}" if at is not None and state != "ahead" else "", state))
        return found

    def _fitting_steps(self, room: float) -> list[Step]:
        """The steps there is room for beside the name: they give way to it."""
        steps = self._steps()
        now = [step for step in steps if step[2] == "now"]
        shorter = (
            steps,
            [(name, at if state == "now" else "", state) for name, at, state in steps],
            [(name, at, state) if state == "now" else ("", "", state) for name, at, state in steps],
            now,
            [(name, "", state) for name, _, state in now],
        )
        return next((each for each in shorter if self._steps_width(each) <= room), [])

    @staticmethod
    def _steps_width(steps: list[Step]) -> float:
        theme = current()
        return theme.px(16) + sum(_step_width(step) + theme.px(20) for step in steps) if steps else 0.0

    def _paint_steps(self, painter: QPainter, box: QRectF, steps: list[Step]) -> None:
        theme, tokens = current(), current().tokens
        left, y = box.right() - self._steps_width(steps) + theme.px(36), box.center().y()
        for number, (name, at, state) in enumerate(steps):
            if number:
                painter.setPen(QPen(QColor(tokens.line), 1))
                painter.drawLine(QPointF(left - theme.px(16), y), QPointF(left - theme.px(4), y))
            centre = QPointF(left + theme.px(6), y)
            if state == "done":
                mark(painter, "good", centre, theme.px(9), tokens.text2, filled=False)
            else:
                painter.setPen(QPen(QColor(tokens.accent if state == "now" else tokens.text3), 1.4))
                painter.setBrush(QColor(tokens.accent) if state == "now" else Qt.BrushStyle.NoBrush)
                painter.drawEllipse(centre, theme.px(4), theme.px(4))
            words_left = left + theme.px(17)
            for words, weight, colour in (
                (name, 600 if state == "now" else 400, tokens.text if state != "ahead" else tokens.text3),
                (at, 400, tokens.text2),
            ):
                painter.setFont(theme.font(10, weight))
                painter.setPen(QColor(colour))
                wide = theme.width(words, 10, weight)
                area = QRectF(words_left, box.top(), wide + 4, box.height())
                painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, words)
                words_left += wide + theme.px(5)
            left += _step_width((name, at, state)) + theme.px(20)

    # --- the second line ---------------------------------------------------------------------------------------------

    def _cells(self) -> list[tuple[str, str, str, str]]:
        """Name, value, what is said behind it, and whose initials the value is."""
        one, now = self._incident, self._now
        if one is None or now is None:
            return []
        cells = []
        for role, name in ROLES.items():
            held = next((each for each in one.roles if each.role is role), None)
            if held is None:
                if role != "scribe":
                    cells.append((name, "nobody", "", ""))
            else:
                cells.append((name, initials(held.name), f"{held.name}{SINCE}{held.since:%H:%M}", held.user_id))
        cells.append(("Started, UTC", f"{one.started_at:%H:%M:%S}", f"{one.started_at:%a %d %b}", ""))
        end = one.resolved_at or now
        cells.append(
            ("Open for" if is_open(one) else "Lasted", span_words((end - one.started_at).total_seconds()), "", "")
        )
        acknowledged = one.acknowledged_at or (now if is_open(one) else None)
        if acknowledged is not None:
            label = "Time to acknowledge" if one.acknowledged_at else "Not acknowledged for"
            cells.append((label, span_words((acknowledged - one.detected_at).total_seconds()), "", ""))
        affected = "not counted" if one.customers_affected is None else f"{one.customers_affected:,}"
        cells.append(("Customers affected", affected, "", ""))
        if is_open(one):
            cells.append(("Next update due in", due_words(one.next_update_due_at, now), "", ""))
        return cells

    def _paint_cells(self, painter: QPainter, box: QRectF) -> None:
        theme, tokens = current(), current().tokens
        left = box.left()
        for number, (name, value, more, person) in enumerate(self._fitting(box.width())):
            due = name.startswith("Next update")
            hue = self._due_hue() if due else ""
            wide = self._cell_width(name, value, more, person, marked=bool(hue))
            if number:
                painter.fillRect(
                    QRectF(left - theme.px(CELLS_GAP / 2), box.top() + 6, 1, box.height() - 12), QColor(tokens.line)
                )
            painter.setFont(theme.font(9))
            painter.setPen(QColor(tokens.text3))
            painter.drawText(QPointF(left, box.top() + theme.px(16)), name)
            base, at = box.top() + theme.px(39), left
            if hue:
                mark(
                    painter,
                    "P3",
                    QPointF(at + theme.px(6), base - theme.px(5)),
                    theme.px(11),
                    tokens.status(hue),
                    filled=True,
                )
                at += theme.px(18)
            if person:
                size = theme.px(22)
                draw_avatar(painter, QRectF(at, base - theme.px(5) - size / 2, size, size), person, value)
                at += size + theme.px(6)
            else:
                painter.setFont(theme.font(VALUE, 600))
                painter.setPen(QColor(tokens.text3 if value in {"nobody", "not counted"} else tokens.text))
                painter.drawText(QPointF(at, base), value)
                at += theme.width(value, VALUE, 600) + theme.px(6)
            if more:
                painter.setFont(theme.font(9))
                painter.setPen(QColor(tokens.text2))
                painter.drawText(QPointF(at, base), more)
            left += wide + theme.px(CELLS_GAP)

    def _fitting(self, room: float) -> list[tuple[str, str, str, str]]:
        """The cells there is room for."""
        cells = self._cells()
        for name, what in GIVES_WAY:
            wide = sum(self._cell_width(*cell, marked=True) + current().px(CELLS_GAP) for cell in cells)
            if wide <= room + current().px(CELLS_GAP):
                break
            if what == "cell":
                cells = [cell for cell in cells if cell[0] != name]
                continue
            cells = [
                (title, value, more.partition(SINCE)[0] if what == "since" else "", person) if title == name else cell
                for cell in cells
                for title, value, more, person in (cell,)
            ]
        return cells

    def _cell_width(self, name: str, value: str, more: str, person: str, *, marked: bool) -> float:
        theme = current()
        shown = theme.px(28) if person else theme.width(value, VALUE, 600) + theme.px(6)
        second = shown + (theme.width(more, 9) if more else 0) + (theme.px(18) if marked else 0)
        return max(theme.width(name, 9), second)

    def _due_hue(self) -> str:
        one, now = self._incident, self._now
        if one is None or now is None or one.next_update_due_at is None:
            return ""
        return "P3" if (one.next_update_due_at - now).total_seconds() < SOON else ""


def _step_width(step: Step) -> float:
    name, at, state = step
    theme = current()
    words = theme.width(name, 10, 600 if state == "now" else 400) + theme.px(5) if name else 0.0
    return theme.px(12) + words + (theme.width(at, 10) + theme.px(5) if at else 0.0) + theme.px(5 if name else 0)


class _Line(QWidget):
    """One painted line of the head."""

    def __init__(self, paint: Callable[[QPainter, QRectF], None], high: int) -> None:
        super().__init__()
        self._paint, self._high = paint, high
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        current().changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        return QSize(400, current().px(self._high))

    def minimumSizeHint(self) -> QSize:
        return QSize(200, current().px(self._high))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = current().px(14)
        self._paint(painter, QRectF(self.rect()).adjusted(edge, 0, -edge, 0))
