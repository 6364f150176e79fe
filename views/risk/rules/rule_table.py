"""The rules of a set, one row each, with their conditions in plain words; rows are as high as their words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from models.risk.wording import cap_words, rule_words
from views.kit.theme import FOCUS, current, mixed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.risk.rules import FraudRule

Index = QModelIndex | QPersistentModelIndex
TITLES = ("Rule", "Fires when", "Points", "Does", "Cap", "Matches", "State")
WIDTHS = (160, 220, 64, 68, 136, 76, 96)
PAD, ROOM = 8, 4
"""Left and right, above and below the words of a cell."""
_RIGHT = {2, 5}


class Row(NamedTuple):
    """The words of one rule."""

    rule_id: str
    texts: tuple[str, ...]
    quiet: bool
    """Switched off."""
    held: bool
    """Demoted, because it went past its cap."""


def rows_of(
    rules: Sequence[FraudRule],
    currency: str,
    titles: dict[str, str],
    open_breakers: dict[str, str],
    matches: dict[str, int] | None,
    base: Sequence[FraudRule] | None = None,
) -> list[Row]:
    """What the table says; ``base`` are the rules as the server has them, while they are edited."""
    known = {rule.rule_id: rule for rule in base} if base is not None else {}
    found = []
    for rule in rules:
        held = rule.rule_id in open_breakers
        state = "only flags" if held else "on" if rule.enabled else "off"
        if base is not None and known.get(rule.rule_id) != rule:
            state += ", new" if rule.rule_id not in known else ", changed"
        count = "" if matches is None else f"{matches[rule.rule_id]:,}" if rule.rule_id in matches else "…"
        texts = (
            rule.description,
            rule_words(rule, currency, titles),
            str(rule.severity),
            str(rule.action),
            cap_words(rule.cap, currency).removesuffix(" an hour"),
            count,
            f"◆ {state}" if held else state,
        )
        found.append(Row(rule.rule_id, texts, not rule.enabled, held))
    return found


class Wrapped(QStyledItemDelegate):
    """Words that go on below, with the room tables have around them."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        tokens = current().tokens
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        box = QRect(option.rect)
        if chosen:
            painter.fillRect(box, QColor(tokens.selection))
        if chosen and index.column() == 0:
            painter.fillRect(QRect(box.left(), box.top(), FOCUS + 1, box.height()), QColor(tokens.accent))
        painter.setFont(index.data(Qt.ItemDataRole.FontRole))
        colour = index.data(Qt.ItemDataRole.ForegroundRole)
        painter.setPen(QColor(tokens.text) if chosen else colour)
        side = int(index.data(Qt.ItemDataRole.TextAlignmentRole))
        painter.drawText(self._inner(box), side | int(Qt.TextFlag.TextWordWrap), str(index.data()))
        painter.fillRect(box.left(), box.bottom(), box.width(), 1, mixed(tokens.line, tokens.window, 0.55))

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        view = option.widget
        width = view.columnWidth(index.column()) if isinstance(view, QTableView) else 200
        metrics = QFontMetrics(index.data(Qt.ItemDataRole.FontRole))
        inner = self._inner(QRect(0, 0, width, 10_000))
        found = metrics.boundingRect(inner, int(Qt.TextFlag.TextWordWrap), str(index.data()))
        return QSize(width, found.height() + 2 * current().px(ROOM) + 1)

    @staticmethod
    def _inner(box: QRect) -> QRect:
        pad, room = current().px(PAD), current().px(ROOM)
        return box.adjusted(pad, room, -pad, -room)


class RuleModel(QAbstractTableModel):
    """The rows."""

    def __init__(self, parent: QTableView) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []
        self.reasons: dict[str, str] = {}

    def set_rows(self, rows: list[Row]) -> None:
        """Show these; the cursor stays where it is when there are as many."""
        if [row.rule_id for row in rows] != [row.rule_id for row in self.rows] or len(rows) != len(self.rows):
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()
        elif rows != self.rows:
            self.rows = rows
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(TITLES) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(TITLES)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self.rows[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return row.texts[column]
            case Qt.ItemDataRole.ToolTipRole:
                return (
                    self.reasons.get(row.rule_id) if column == len(TITLES) - 1 else row.rule_id if not column else None
                )
            case Qt.ItemDataRole.FontRole:
                return current().font(10, 600 if not column and not row.quiet else 400)
            case Qt.ItemDataRole.ForegroundRole:
                return QColor(current().tokens.text3 if row.quiet else current().tokens.text)
            case Qt.ItemDataRole.TextAlignmentRole:
                side = Qt.AlignmentFlag.AlignRight if column in _RIGHT else Qt.AlignmentFlag.AlignLeft
                return int(side | Qt.AlignmentFlag.AlignTop)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section in _RIGHT else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None


class RuleTable(QTableView):
    """The table. ``chosen`` carries the row of the cursor, ``opened`` follows Enter or a double click."""

    chosen = Signal(int)
    opened = Signal(int)
    moved = Signal(int)
    """Alt+Up or Alt+Down: -1 or 1."""

    def __init__(self) -> None:
        super().__init__()
        self.rules = RuleModel(self)
        self.setModel(self.rules)
        self.setItemDelegate(Wrapped(self))
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName("Rules of the set")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(True)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.verticalHeader().hide()
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.selectionModel().currentRowChanged.connect(lambda now, _before: self.chosen.emit(now.row()))
        self.doubleClicked.connect(lambda index: self.opened.emit(index.row()))
        self._fitting = QTimer(self, singleShot=True)
        self._fitting.timeout.connect(self._fit)
        self.restyle()

    def restyle(self) -> None:
        """Take rows and columns of the theme's font and colours."""
        theme = current()
        theme.set_font(self.horizontalHeader(), 9, 600)
        self.horizontalHeader().setFixedHeight(theme.px(24))
        self._fitting.start(0)

    def show_rows(self, rows: list[Row], reasons: dict[str, str]) -> None:
        """Show these rules; ``reasons`` say why one only flags."""
        before = self.rules.rows
        self.rules.reasons = reasons
        self.rules.set_rows(rows)
        self.setColumnHidden(5, all(not row.texts[5] for row in rows))
        if [row.texts for row in before] != [row.texts for row in rows]:
            self._fitting.start(0)

    def choose(self, row: int) -> None:
        """Put the cursor on a rule."""
        if 0 <= row < len(self.rules.rows):
            self.setCurrentIndex(self.rules.index(row, 0))

    def paintEvent(self, event: QPaintEvent) -> None:
        # Not by the palette: a style sheet that is set again on a parent gives back the one of the last theme.
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), QColor(current().tokens.window))
        painter.end()
        super().paintEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fitting.start(0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        alt = event.modifiers() & Qt.KeyboardModifier.AltModifier
        if event.key() in {Qt.Key.Key_Up, Qt.Key.Key_Down} and alt:
            self.moved.emit(-1 if event.key() == Qt.Key.Key_Up else 1)
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.currentIndex().isValid():
            self.opened.emit(self.currentIndex().row())
        else:
            super().keyPressEvent(event)

    def _fit(self) -> None:
        """Columns share the room; rows are as high as their words."""
        theme = current()
        shown = [n for n in range(len(TITLES)) if not self.isColumnHidden(n)]
        least = {n: theme.px(WIDTHS[n]) for n in shown}
        room = self.viewport().width() - sum(least.values())
        for number in shown:
            extra = max(0, room) * (2 if number == 1 else 1) // 3 if number in {0, 1} else 0
            self.setColumnWidth(number, least[number] + extra)
        self.resizeRowsToContents()
