"""The role matrix: permissions down, roles across, a dot where they meet. Painted as one picture."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QMoveEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QScrollArea, QToolTip, QWidget

from models.core.permissions import SENSITIVE_PERMISSIONS, Permission, area_of, permission_words, verb_of
from models.core.wording import counted
from views.kit.theme import FOCUS, current

if TYPE_CHECKING:
    from models.access import RoleDefinition

ROW, HEAD, AREA, NAME = 26, 64, 88, 160
COLUMN, COLUMN_MOST, GAP, LINES = 56, 132, 3, 2
DOT = 5.0
SENSITIVE = "∗"
ELIDE = Qt.TextElideMode.ElideRight


class Matrix(QWidget):
    """Shows roles; the chosen one is marked. Arrows move, Enter or a double click asks to change."""

    chosen = Signal(object)
    """Carries a RoleDefinition."""
    opened = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._roles: tuple[RoleDefinition, ...] = ()
        self._waiting: dict[str, frozenset[str]] = {}
        self._permissions = tuple(Permission)
        self.column, self.row = 0, 0
        self._hover = QPoint(-1, -1)
        self._known: tuple[object, list[int]] = (None, [])
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Role matrix")
        current().changed.connect(self._restyle)

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()

    def show_roles(self, roles: Sequence[RoleDefinition], waiting: dict[str, frozenset[str]]) -> None:
        """``waiting`` names, by role, the permissions that a change waiting for approval would add."""
        before = self.role.role_id if self.role is not None else None
        self._roles, self._waiting = tuple(roles), waiting
        ids = [role.role_id for role in self._roles]
        self.column = ids.index(before) if before in ids else min(self.column, max(0, len(ids) - 1))
        self._announce()
        self.updateGeometry()
        self.update()

    @property
    def role(self) -> RoleDefinition | None:
        """The chosen role."""
        return self._roles[self.column] if self.column < len(self._roles) else None

    # --- sizes ---------------------------------------------------------------------------------------------------

    def _high(self) -> int:
        theme = current()
        return max(theme.px(ROW), round(theme.height(10)) + 8)

    def _head(self) -> int:
        theme = current()
        return max(theme.px(HEAD), round(3 * theme.height(9)) + 14)

    def _area_wide(self) -> int:
        return current().px(AREA)

    def _left(self) -> int:
        return self._area_wide() + current().px(NAME)

    def _least(self, role: RoleDefinition) -> int:
        """Of a column: no word of its head is broken, unless it is longer than any name of ours."""
        theme = current()
        words = max(theme.width(word, 9, 600) for word in _words(role))
        return min(max(theme.px(COLUMN), ceil(words) + 2 * GAP), theme.px(COLUMN_MOST))

    def _edges(self) -> list[int]:
        """Where columns begin, and where the last one ends: what room there is beyond the least is shared."""
        key = (self.width(), current().font_scale, self._roles)
        if self._known[0] != key:
            least = [self._least(role) for role in self._roles]
            spare = max(0, self.width() - self._left() - sum(least)) / max(1, len(least))
            edges = [round(self._left() + sum(least[:n]) + n * spare) for n in range(len(least) + 1)]
            self._known = key, edges
        return self._known[1]

    def sizeHint(self) -> QSize:
        wide = sum(self._least(role) for role in self._roles)
        return QSize(self._left() + wide, self._head() + len(self._permissions) * self._high() + 1)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def cell(self, column: int, row: int) -> QRect:
        """Where a cell is."""
        left, right = self._edges()[column : column + 2]
        return QRect(left, self._head() + row * self._high(), right - left, self._high())

    def _at(self, point: QPoint) -> tuple[int, int]:
        column, row = -1, -1
        if point.x() >= self._left() + self._scrolled.x():
            column = bisect_right(self._edges(), point.x()) - 1
        if point.y() >= self._head() + self._scrolled.y():
            row = (point.y() - self._head()) // self._high()
        return (column if column < len(self._roles) else -1), (row if row < len(self._permissions) else -1)

    @property
    def _scrolled(self) -> QPoint:
        """How far it is scrolled; heads and names stay where they are seen."""
        return QPoint(max(0, -self.x()), max(0, -self.y()))

    def moveEvent(self, event: QMoveEvent) -> None:
        super().moveEvent(event)
        self.update()

    def _reveal(self) -> None:
        """Scroll to the chosen cell."""
        area = viewport.parentWidget() if (viewport := self.parentWidget()) is not None else None
        if not isinstance(area, QScrollArea):
            return
        box, view = self.cell(self.column, self.row), area.viewport().size()
        for bar, first, last, held, room in (
            (area.horizontalScrollBar(), box.left(), box.right() + 1, self._left(), view.width()),
            (area.verticalScrollBar(), box.top(), box.bottom() + 1, self._head(), view.height()),
        ):
            bar.setValue(min(max(bar.value(), last - room), first - held))

    # --- drawing -------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current().tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(event.rect(), QColor(tokens.window))
        if not self._roles:
            return
        high, head, at = self._high(), self._head(), self._scrolled
        mark = self.cell(self.column, 0)
        painter.fillRect(QRect(mark.left(), 0, mark.width(), self.height()), QColor(tokens.selection))
        over = self._hover.y() if self._hover.y() >= 0 else self.row if self.hasFocus() else -1
        if over >= 0:
            strip = QRect(self._area_wide(), head + over * high, self.width() - self._area_wide(), high)
            painter.fillRect(strip, QColor(tokens.hover))
            both = self.cell(self.column, over)
            painter.fillRect(both, QColor(tokens.selection))
        for row, permission in enumerate(self._permissions):
            starts = row == 0 or area_of(permission) != area_of(self._permissions[row - 1])
            line = QColor(tokens.control_border if starts else tokens.line)
            painter.fillRect(0 if starts else self._area_wide(), head + row * high, self.width(), 1, line)
            self._dots(painter, row, permission, bold=row == over)
        if self.hasFocus():
            painter.setPen(QPen(QColor(tokens.accent), FOCUS))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.cell(self.column, self.row)).adjusted(1, 1, -1, -1))
        painter.save()
        painter.translate(at.x(), 0)
        self._names(painter, over)
        painter.restore()
        painter.translate(0, at.y())
        self._heads(painter)
        painter.fillRect(at.x(), 0, self._left(), head, QColor(tokens.window))
        if at.y():
            painter.fillRect(0, head - 1, self.width(), 1, QColor(tokens.control_border))

    def _names(self, painter: QPainter, over: int) -> None:
        """Areas and permissions, over whatever has been scrolled below them."""
        theme, tokens = current(), current().tokens
        high, left, head, wide = self._high(), self._left(), self._head(), self._area_wide()
        if self._scrolled.x():
            painter.fillRect(0, 0, left, self.height(), QColor(tokens.window))
            painter.fillRect(left - 1, 0, 1, self.height(), QColor(tokens.control_border))
        before = ""
        for row, permission in enumerate(self._permissions):
            top = head + row * high
            area = area_of(permission)
            starts = area != before
            if self._scrolled.x():
                if row == over:
                    painter.fillRect(wide, top, left - wide - 1, high, QColor(tokens.hover))
                line = QColor(tokens.control_border if starts else tokens.line)
                painter.fillRect(0 if starts else wide, top, left if starts else left - wide, 1, line)
            if starts:
                painter.setFont(theme.font(10, 600))
                painter.setPen(QColor(tokens.text))
                painter.drawText(QRectF(8, top, wide - 8, high), Qt.AlignmentFlag.AlignVCenter, area)
                before = area
            painter.setFont(theme.font(10, 600 if row == over else 400))
            painter.setPen(QColor(tokens.text))
            sensitive = permission in SENSITIVE_PERMISSIONS
            size = min(theme.px(16), high - 8.0)
            name = QRectF(wide + 8, top, left - wide - 12 - (size + 8 if sensitive else 0), high)
            words = QFontMetricsF(painter.font()).elidedText(verb_of(permission), ELIDE, name.width())
            painter.drawText(name, Qt.AlignmentFlag.AlignVCenter, words)
            if sensitive:
                from views.kit.icons import paint

                paint(painter, "shield", QRectF(left - size - 10, top + (high - size) / 2, size, size), tokens.text2)

    def _heads(self, painter: QPainter) -> None:
        """Names of roles and how many hold them, over whatever has been scrolled below them."""
        tokens, theme = current().tokens, current()
        for column, role in enumerate(self._roles):
            cell, chosen = self.cell(column, 0), column == self.column
            if self._scrolled.y():
                ground = QColor(tokens.selection if chosen else tokens.window)
                painter.fillRect(QRect(cell.left(), 0, cell.width(), self._head()), ground)
            line = theme.height(9)
            tall = 3 * line + 2
            box = QRectF(cell.left() + GAP, self._head() - 6 - tall, cell.width() - 2 * GAP, tall)
            painter.setFont(theme.font(9, 600 if chosen else 400))
            painter.setPen(QColor(tokens.text))
            words = QRectF(box.left(), box.top(), box.width(), 2 * line)
            flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom
            painter.drawText(words, int(flags), "\n".join(head_lines(role, words.width())))
            painter.setFont(theme.font(9))
            painter.setPen(QColor(tokens.text2 if chosen else tokens.text3))
            people = QRectF(box.left(), words.bottom() + 2, box.width(), line)
            count = counted(role.people, "person", "people") if role.people else "nobody"
            painter.drawText(people, Qt.AlignmentFlag.AlignHCenter, count)

    def _dots(self, painter: QPainter, row: int, permission: str, *, bold: bool) -> None:
        tokens = current().tokens
        dot = DOT * current().font_scale
        for column, role in enumerate(self._roles):
            centre = QRectF(self.cell(column, row)).center()
            if permission in role.permissions:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(tokens.text))
                painter.drawEllipse(centre, dot, dot)
            elif permission in self._waiting.get(role.role_id, frozenset()):
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(tokens.accent), 1.6))
                painter.drawEllipse(centre, dot + 1, dot + 1)
                painter.drawLine(centre - QPointF(0.6 * dot, 0), centre + QPointF(0.6 * dot, 0))
                painter.drawLine(centre - QPointF(0, 0.6 * dot), centre + QPointF(0, 0.6 * dot))
            else:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(tokens.text3 if bold else tokens.line))
                painter.drawEllipse(centre, 1.2, 1.2)

    # --- choosing ------------------------------------------------------------------------------------------------

    def _announce(self) -> None:
        role = self.role
        if role is None:
            self.setAccessibleDescription("no roles yet")
            return
        permission = self._permissions[self.row]
        has = "has" if permission in role.permissions else "does not have"
        self.setAccessibleDescription(f"{role.name} {has} {permission_words(permission)}")
        self.chosen.emit(role)

    def choose(self, column: int, row: int | None = None) -> None:
        """Mark another role, and row."""
        self.column = min(max(0, column), max(0, len(self._roles) - 1))
        if row is not None:
            self.row = min(max(0, row), len(self._permissions) - 1)
        self._announce()
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Left:
                self.choose(self.column - 1)
            case Qt.Key.Key_Right:
                self.choose(self.column + 1)
            case Qt.Key.Key_Up:
                self.choose(self.column, self.row - 1)
            case Qt.Key.Key_Down:
                self.choose(self.column, self.row + 1)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if self.role is not None:
                self.opened.emit(self.role)
            case _:
                super().keyPressEvent(event)
                return
        self._reveal()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        column, row = self._at(event.position().toPoint())
        if column >= 0:
            self.choose(column, row if row >= 0 else None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._at(event.position().toPoint())[0] >= 0 and self.role is not None:
            self.opened.emit(self.role)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        column, row = self._at(event.position().toPoint())
        if (found := QPoint(column, row)) != self._hover:
            self._hover = found
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover = QPoint(-1, -1)
        self.update()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            column, row = self._at(event.pos())
            words = ""
            if row >= 0:
                words = self._permissions[row]
                if column >= 0:
                    role = self._roles[column]
                    words = f"{role.name} {'has' if words in role.permissions else 'does not have'} {words}"
            elif column >= 0:
                role = self._roles[column]
                needs = (
                    f"; {counted(role.policy.approvers, 'other person', 'other people')} must agree to a grant"
                    if role.sensitive
                    else ""
                )
                words = f"{role.name}: {role.description}{needs}"
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)


def _words(role: RoleDefinition) -> list[str]:
    """The words of a head that stay whole; the mark of a sensitive role goes with the last of them."""
    words = role.name.split()
    if role.sensitive:
        words[-1] = f"{words[-1]} {SENSITIVE}"
    return words


def head_lines(role: RoleDefinition, width: float) -> list[str]:
    """A role's name on at most two lines of ``width`` pixels; no word is broken, what has no room ends in “…”."""
    theme, lines = current(), [""]
    for word in _words(role):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and theme.width(longer, 9, 600) > width and len(lines) < LINES:
            lines.append(word)
        else:
            lines[-1] = longer
    metrics = QFontMetricsF(theme.font(9, 600))
    return [metrics.elidedText(line, ELIDE, width) for line in lines]
