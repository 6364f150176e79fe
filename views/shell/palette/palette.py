"""Ctrl+K: actions and objects over the dimmed window, by keyboard alone; disabled ones say why."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from views.kit.palette_entry import PaletteEntry, hits
from views.kit.theme import current

WIDTH, INPUT, ROW, GROUP, FOOTER = 680, 52, 36, 28, 34
MARGIN = 16
Index = QModelIndex | QPersistentModelIndex


Source = Callable[[str], list[tuple[str, list[PaletteEntry]]]]
"""Groups of entries that fit a text, the best first; the empty text asks for recent ones."""


class _Rows(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: list[PaletteEntry] = []

    def show(self, groups: list[tuple[str, list[PaletteEntry]]]) -> None:
        self.beginResetModel()
        self.rows = [row for title, entries in groups if entries for row in (PaletteEntry(title), *entries)]
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(part for part in (row.title, row.detail, row.key, row.disabled) if part)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if self.rows[index.row()].run is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


class _Painter(QStyledItemDelegate):
    text = ""

    def __init__(self, rows: _Rows) -> None:
        super().__init__(rows)
        self._rows = rows

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        head = self._rows.rows[index.row()].run is None
        return QSize(0, max(GROUP if head else ROW, QFontMetrics(current().font(10)).height() + 10))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        tokens, row, box = current().tokens, self._rows.rows[index.row()], option.rect
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if row.run is None:
            painter.setFont(current().font(9, 600))
            painter.setPen(QColor(tokens.text2))
            painter.drawText(box.adjusted(MARGIN, 0, 0, 0), middle, row.title)
            painter.restore()
            return
        on = bool(option.state & QStyle.StateFlag.State_Selected)
        if on:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.selection))
            painter.drawRoundedRect(box.adjusted(6, 0, -6, 0), 4, 4)
            painter.fillRect(box.left() + 6, box.top(), 3, box.height(), QColor(tokens.accent))
        right = self._right(painter, row, box)
        x = self._title(painter, row, box, right, on)
        painter.setFont(current().font(9))
        painter.setPen(QColor(tokens.text2 if on else tokens.text3))
        detail = QFontMetrics(painter.font()).elidedText(row.detail, Qt.TextElideMode.ElideRight, right - x - 12)
        painter.drawText(QRect(x + 12, box.top(), max(0, right - x - 12), box.height()), middle, detail)
        painter.restore()

    def _right(self, painter: QPainter, row: PaletteEntry, box: QRect) -> int:
        tokens = current().tokens
        painter.setFont(current().font(9))
        metrics = QFontMetrics(painter.font())
        words = row.disabled or row.key
        width = metrics.horizontalAdvance(words)
        end = box.right() - MARGIN - 4
        if not words:
            return end
        area = QRect(
            end - width - (0 if row.disabled else 10), box.top(), width + (0 if row.disabled else 10), box.height()
        )
        painter.setPen(QColor(tokens.text2))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, words)
        if not row.disabled:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QColor(tokens.control_border))
            painter.drawRoundedRect(QRect(area.left(), area.center().y() - 9, area.width(), 18), 3, 3)
        return area.left() - 8

    def _title(self, painter: QPainter, row: PaletteEntry, box: QRect, right: int, on: bool) -> int:
        tokens = current().tokens
        marked = hits(self.text, row.title)
        plain, strong = current().font(10), current().font(10, 600)
        x = box.left() + MARGIN + 8
        for position, letter in enumerate(row.title):
            hit = position in marked
            painter.setFont(strong if hit else plain)
            width = QFontMetrics(painter.font()).horizontalAdvance(letter)
            if x + width > right:
                break
            ink = tokens.text3 if row.disabled and not on else tokens.accent if hit and not on else tokens.text
            painter.setPen(QColor(ink))
            painter.drawText(QRect(x, box.top(), width + 2, box.height()), Qt.AlignmentFlag.AlignVCenter, letter)
            if hit and on:
                base = box.center().y() + QFontMetrics(plain).height() // 2
                painter.drawLine(x, base, x + width, base)
            x += width
        return x


class Palette(QWidget):
    """Covers its window while it is open. Esc closes it and gives the keyboard back."""

    def __init__(self, window: QWidget, source: Source) -> None:
        super().__init__(window)
        self._source = source
        self._before = window.focusWidget()
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName("Search or run an action")
        self._box = QFrame(self)
        self._box.setObjectName("palette")
        self.input = QLineEdit(self._box)
        self.input.setPlaceholderText("actions, workspaces, panels, orders, people, alerts, settings")
        self.input.setAccessibleName("Search")
        self.input.setFrame(False)
        current().set_font(self.input, 14)
        self.input.setMinimumHeight(INPUT)
        self.input.setTextMargins(MARGIN, 0, MARGIN, 0)
        self._rows = _Rows(self)
        self._painter = _Painter(self._rows)
        self.list = QListView(self._box)
        self.list.setModel(self._rows)
        self.list.setItemDelegate(self._painter)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName("Found")
        self.list.clicked.connect(lambda _index: self.run())
        footer = QLabel("↑ ↓ choose    Enter run    Esc close", self._box)
        current().set_font(footer, 9)
        footer.setMinimumHeight(FOOTER)
        footer.setContentsMargins(MARGIN, 0, MARGIN, 0)
        self._footer = footer
        column = QVBoxLayout(self._box)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addWidget(self.input)
        column.addWidget(self.list, 1)
        column.addWidget(footer)
        self.input.textChanged.connect(self.search)
        self.input.installEventFilter(self)
        window.installEventFilter(self)
        self.search("")
        self.resize(window.size())
        self.show()
        self.raise_()
        self.input.setFocus()

    def search(self, text: str) -> None:
        """Show what fits the text, the cursor on the best one that can be run."""
        text = text.strip()
        self._painter.text = text
        self._rows.show(self._source(text))
        if not self._rows.rows:
            self._footer.setText(f"No matches for “{text}”.    Esc close")
        else:
            self._footer.setText("↑ ↓ choose    Enter run    Esc close")
        usable = [n for n, row in enumerate(self._rows.rows) if row.run is not None]
        best = next((n for n in usable if self._rows.rows[n].disabled is None), usable[0] if usable else -1)
        if best >= 0:
            self.list.setCurrentIndex(self._rows.index(best))

    def run(self) -> None:
        """Run the row under the cursor; a disabled one stays and says why in the footer."""
        at = self.list.currentIndex().row()
        if not 0 <= at < len(self._rows.rows):
            return
        row = self._rows.rows[at]
        if row.run is None:
            return
        if row.disabled:
            self._footer.setText(f"{row.title}: {row.disabled}")
            return
        self.close()
        row.run()

    def _move(self, step: int) -> None:
        usable = [n for n, row in enumerate(self._rows.rows) if row.run is not None]
        if usable:
            at = self.list.currentIndex().row()
            place = usable.index(at) if at in usable else -1
            self.list.setCurrentIndex(self._rows.index(usable[(place + step) % len(usable)]))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.input and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
            if event.key() in steps:
                self._move(steps[Qt.Key(event.key())])
                return True
            if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
                self.run()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.close()
                return True
            if event.key() in {Qt.Key.Key_Tab, Qt.Key.Key_Backtab}:
                self._move(1 if event.key() == Qt.Key.Key_Tab else -1)
                return True
        elif watched is self.parent() and isinstance(event, QResizeEvent):
            self.resize(event.size())
        return super().eventFilter(watched, event)

    def close(self) -> bool:
        """Close and give the keyboard back to whoever had it."""
        if self._before is not None:
            self._before.setFocus()
        return super().close()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        width = min(max(WIDTH, QFontMetrics(current().font(10)).averageCharWidth() * 80), self.width() - 32)
        height = min(500, self.height() - 96)
        self._box.setGeometry((self.width() - width) // 2, min(96, self.height() // 8), width, height)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._box.geometry().contains(event.position().toPoint()):
            self.close()

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens = current().tokens
        painter = QPainter(self)
        dim = QColor(tokens.base)
        dim.setAlphaF(0.6)
        painter.fillRect(self.rect(), dim)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(tokens.control_border)))
        painter.setBrush(QColor(tokens.raised))
        painter.drawRoundedRect(self._box.geometry().adjusted(-1, -1, 1, 1), 6, 6)
