"""The role matrix: permissions down, roles across, a dot where they meet. Painted as one picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from models.permissions import SENSITIVE_PERMISSIONS, Permission
from models.words import counted
from views.access.words import area_of, permission_words, verb_of
from views.theme import FOCUS, current

if TYPE_CHECKING:
    from models.rbac import RoleDefinition

ROW, HEAD, AREA, NAME, COLUMN = 26, 64, 88, 160, 70
DOT = 5.0


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
        self._tell()
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

    def _least(self) -> int:
        return current().px(COLUMN)

    def _wide(self) -> float:
        room = self.width() - self._left()
        return max(self._least(), room / max(1, len(self._roles)))

    def sizeHint(self) -> QSize:
        count = max(1, len(self._roles))
        return QSize(self._left() + count * self._least(), self._head() + len(self._permissions) * self._high() + 1)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def cell(self, column: int, row: int) -> QRect:
        """Where a cell is."""
        wide, high = self._wide(), self._high()
        left = self._left() + round(column * wide)
        return QRect(left, self._head() + row * high, round((column + 1) * wide) - round(column * wide), high)

    def _at(self, point: QPoint) -> tuple[int, int]:
        column = int((point.x() - self._left()) // self._wide()) if point.x() >= self._left() else -1
        row = (point.y() - self._head()) // self._high() if point.y() >= self._head() else -1
        return (column if column < len(self._roles) else -1), (row if row < len(self._permissions) else -1)

    # --- drawing -------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = current().tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(event.rect(), QColor(tokens.window))
        if not self._roles:
            return
        high, left, head = self._high(), self._left(), self._head()
        mark = self.cell(self.column, 0)
        painter.fillRect(QRect(mark.left(), 0, mark.width(), self.height()), QColor(tokens.selection))
        over = self._hover.y() if self._hover.y() >= 0 else self.row if self.hasFocus() else -1
        if over >= 0:
            strip = QRect(self._area_wide(), head + over * high, self.width() - self._area_wide(), high)
            painter.fillRect(strip, QColor(tokens.hover))
            both = self.cell(self.column, over)
            painter.fillRect(both, QColor(tokens.selection))
        self._heads(painter)
        before = ""
        for row, permission in enumerate(self._permissions):
            top = head + row * high
            area = area_of(permission)
            starts = area != before
            painter.fillRect(
                0 if starts else self._area_wide(),
                top,
                self.width(),
                1,
                QColor(tokens.control_border if starts else tokens.line),
            )
            if starts:
                painter.setFont(current().font(10, 600))
                painter.setPen(QColor(tokens.text))
                box = QRectF(8, top, self._area_wide() - 8, high)
                painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, area)
                before = area
            painter.setFont(current().font(10, 600 if row == over else 400))
            painter.setPen(QColor(tokens.text))
            sensitive = permission in SENSITIVE_PERMISSIONS
            name = QRectF(self._area_wide() + 8, top, left - self._area_wide() - 12, high)
            words = verb_of(permission)
            metrics = QFontMetricsF(painter.font())
            painter.drawText(
                name,
                Qt.AlignmentFlag.AlignVCenter,
                metrics.elidedText(words, Qt.TextElideMode.ElideRight, name.width() - (20 if sensitive else 0)),
            )
            if sensitive:
                from views.icons import paint

                size = min(16.0, high - 8.0)
                paint(painter, "shield", QRectF(left - size - 10, top + (high - size) / 2, size, size), tokens.text2)
            self._dots(painter, row, permission, bold=row == over)
        if self.hasFocus():
            painter.setPen(QPen(QColor(tokens.accent), FOCUS))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.cell(self.column, self.row)).adjusted(1, 1, -1, -1))

    def _heads(self, painter: QPainter) -> None:
        tokens, theme = current().tokens, current()
        for column, role in enumerate(self._roles):
            box = QRectF(self.cell(column, 0))
            box = QRectF(box.left() + 2, 4, box.width() - 4, self._head() - 8)
            painter.setFont(theme.font(9, 600 if column == self.column else 400))
            painter.setPen(QColor(tokens.text))
            line = theme.height(9)
            name = f"{role.name} ∗" if role.sensitive else role.name
            words = QRectF(box.left(), box.top(), box.width(), 2 * line)
            flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom | Qt.TextFlag.TextWordWrap
            painter.drawText(words, int(flags), hyphenated(name, QFontMetricsF(painter.font()), words.width()))
            painter.setFont(theme.font(9))
            painter.setPen(QColor(tokens.text2 if column == self.column else tokens.text3))
            people = QRectF(box.left(), words.bottom() + 2, box.width(), line)
            count = counted(role.people, "person", "people") if role.people else "nobody"
            painter.drawText(people, Qt.AlignmentFlag.AlignHCenter, count)

    def _dots(self, painter: QPainter, row: int, permission: str, *, bold: bool) -> None:
        tokens = current().tokens
        for column, role in enumerate(self._roles):
            centre = QRectF(self.cell(column, row)).center()
            if permission in role.permissions:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(tokens.text))
                painter.drawEllipse(centre, DOT, DOT)
            elif permission in self._waiting.get(role.role_id, frozenset()):
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(tokens.accent), 1.6))
                painter.drawEllipse(centre, DOT + 1, DOT + 1)
                painter.drawLine(centre - QPointF(3, 0), centre + QPointF(3, 0))
                painter.drawLine(centre - QPointF(0, 3), centre + QPointF(0, 3))
            else:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(tokens.text3 if bold else tokens.line))
                painter.drawEllipse(centre, 1.2, 1.2)

    # --- choosing ------------------------------------------------------------------------------------------------

    def _tell(self) -> None:
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
        self._tell()
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
                needs = f"; a grant needs {role.policy.approvers} of others" if role.sensitive else ""
                words = f"{role.name}: {role.description}{needs}"
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)


def hyphenated(name: str, metrics: QFontMetricsF, width: float) -> str:
    """A name whose words fit into a width: longer ones are broken with a hyphen."""
    broken = []
    for word in name.split():
        rest = word
        while metrics.horizontalAdvance(rest) > width and len(rest) > 3:
            cut = next(
                (n for n in range(len(rest) - 2, 2, -1) if metrics.horizontalAdvance(f"{rest[:n]}-") <= width), 3
            )
            broken.append(f"{rest[:cut]}-")
            rest = rest[cut:]
        broken.append(rest)
    return " ".join(broken)
