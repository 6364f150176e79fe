"""Before and after in two columns: what went is struck with a minus, what came has a plus; never colour alone."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QSizePolicy, QWidget

from views.kit.changes import Changes, Line
from views.kit.theme import FOCUS, current

GAP, PAD, SIGN = 8, 8, 16
LINE_PAD = 2


@dataclass(frozen=True, slots=True)
class _Cell:
    """Text of one column, wrapped."""

    lines: tuple[str, ...]
    height: float


class ChangesView(QWidget):
    """Paints the lines of a comparison; as high as they need."""

    def __init__(self) -> None:
        super().__init__()
        self._changes = Changes(())
        self._rows: list[tuple[Line, float, _Cell, _Cell]] = []
        self._high = 0.0
        self.setAccessibleName("What changed")
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        current().changed.connect(self._arrange)

    def show_changes(self, changes: Changes) -> None:
        """Show another comparison."""
        self._changes = changes
        self.setAccessibleDescription("; ".join(line.spoken for line in changes.lines))
        self._arrange()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round(self._laid_out(width)[1] + 0.5)

    def sizeHint(self) -> QSize:
        return QSize(current().px(280), self.heightForWidth(max(self.width(), current().px(200))))

    def minimumSizeHint(self) -> QSize:
        return QSize(current().px(200), round(self._high))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        self._rows, high = self._laid_out(self.width())
        if high != self._high:
            self._high = high
            self.updateGeometry()
        self.update()

    def _laid_out(self, width: int) -> tuple[list[tuple[Line, float, _Cell, _Cell]], float]:
        theme = current()
        column = (width - theme.px(GAP)) / 2 - theme.px(SIGN) - theme.px(PAD)
        top = theme.height(9) + theme.px(4) if self._changes.lines else 0.0
        rows = []
        for line in self._changes.lines:
            if line.kind == "field":
                cell = _wrapped(line.before, width, 9, 400)
                top += theme.px(4)
                rows.append((line, top, cell, _Cell((), 0.0)))
                top += cell.height + theme.px(2)
                continue
            weight = 600 if line.kind == "changed" else 400
            before, after = _wrapped(line.before, column, 10, 400), _wrapped(line.after, column, 10, weight)
            rows.append((line, top, before, after))
            top += max(before.height, after.height, theme.height(10)) + 2 * theme.px(LINE_PAD) + 1
        return rows, top

    def paintEvent(self, _event: QPaintEvent) -> None:
        if not self._rows:
            return
        theme, tokens = current(), current().tokens
        painter = QPainter(self)
        half = (self.width() - theme.px(GAP)) / 2
        right = half + theme.px(GAP)
        painter.setFont(theme.font(9))
        painter.setPen(QColor(tokens.text3))
        for left, words in ((0.0, "Before"), (right, "After")):
            painter.drawText(QRectF(left, 0, half, theme.height(9)), Qt.AlignmentFlag.AlignLeft, words)
        for line, top, before, after in self._rows:
            if line.kind == "field":
                painter.setFont(theme.font(9))
                painter.setPen(QColor(tokens.text2))
                _write(painter, before, 0, top, 9)
                continue
            high = max(before.height, after.height, theme.height(10)) + 2 * theme.px(LINE_PAD)
            self._cell(painter, QRectF(0, top, half, high), before, line, mark="−")
            self._cell(painter, QRectF(right, top, half, high), after, line, mark="+")

    def _cell(self, painter: QPainter, box: QRectF, cell: _Cell, line: Line, *, mark: str) -> None:
        theme, tokens = current(), current().tokens
        went = mark == "−"
        left, top = box.left() + theme.px(SIGN), box.top() + theme.px(LINE_PAD)
        if line.kind == "same":
            painter.setFont(theme.font(10))
            painter.setPen(QColor(tokens.text2))
            _write(painter, cell, left, top, 10)
            return
        text = line.before if went else line.after
        if text is None:
            painter.fillRect(box, theme.hatch(tokens.window))
            return
        painter.fillRect(box, QColor(_sunken() if went else tokens.selection))
        edge = QColor(tokens.text2 if went else tokens.accent)
        painter.fillRect(QRectF(box.left(), box.top(), FOCUS, box.height()), edge)
        font = theme.font(10, 400 if went else 600)
        painter.setFont(font)
        painter.setPen(QColor(tokens.text))
        metrics = QFontMetricsF(font)
        painter.drawText(
            QRectF(box.left() + 5, top, theme.px(SIGN), metrics.height()), Qt.AlignmentFlag.AlignLeft, mark
        )
        _write(painter, cell, left, top, 10, struck=went and text != "–", weight=400 if went else 600)


def _sunken() -> str:
    """What lies below the ground of a dock, also where docks are black."""
    tokens = current().tokens
    return tokens.hover if tokens.sunken == tokens.window else tokens.sunken


def _wrapped(text: str | None, width: float, points: float, weight: int) -> _Cell:
    if text is None:
        return _Cell((), 0.0)
    font = current().font(points, weight)
    metrics = QFontMetricsF(font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    lines: list[str] = []
    for paragraph in text.split("\n"):
        layout = QTextLayout(paragraph, font)
        layout.setTextOption(option)
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(width, 24))
            lines.append(paragraph[line.textStart() : line.textStart() + line.textLength()].rstrip())
        layout.endLayout()
    return _Cell(tuple(lines), len(lines) * metrics.height())


def _write(
    painter: QPainter,
    cell: _Cell,
    left: float,
    top: float,
    points: float,
    *,
    struck: bool = False,
    weight: int = 400,
) -> None:
    metrics = QFontMetricsF(current().font(points, weight))
    for number, text in enumerate(cell.lines):
        base = top + number * metrics.height() + metrics.ascent()
        painter.drawText(round(left), round(base), text)
        if struck:
            strike = base - metrics.strikeOutPos()
            painter.fillRect(QRectF(left, strike, metrics.horizontalAdvance(text), 1), painter.pen().color())
