"""The order in which Tab goes through a window: as one reads it, wherever docks were dragged to."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QScrollArea, QWidget

MARGIN = 8


def step(regions: Iterable[QWidget], forward: bool) -> bool:
    """Give the keyboard to the next control, or the one before; False when there is none."""
    order = [control for region in regions for control in controls(region)]
    if not order:
        return False
    at = QApplication.focusWidget()
    here = next((n for n, control in enumerate(order) if control is at or _part_of(at, control)), None)
    reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
    chosen = order[(0 if forward else -1) if here is None else (here + (1 if forward else -1)) % len(order)]
    chosen.setFocus(reason)
    reveal(chosen)
    return True


def reveal(widget: QWidget) -> None:
    """Scroll whatever it lies in, so that it can be seen."""
    above = widget.parentWidget()
    while above is not None:
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(widget, MARGIN, MARGIN)
        above = above.parentWidget()


def controls(region: QWidget) -> list[QWidget]:
    """What Tab reaches in a region, row by row; what lies inside another control comes right after it."""
    found = [widget for widget in (region, *region.findChildren(QWidget)) if _reachable(widget)]
    boxes = {widget: QRect(widget.mapTo(region, QPoint(0, 0)), widget.size()) for widget in found}
    rows: list[list[QWidget]] = []
    for widget in sorted(found, key=lambda w: (boxes[w].top(), boxes[w].left())):
        first = boxes[rows[-1][0]] if rows else QRect()
        if rows and first.top() <= boxes[widget].center().y() <= first.bottom():
            rows[-1].append(widget)
        else:
            rows.append([widget])
    return [widget for row in rows for widget in sorted(row, key=lambda w: boxes[w].left())]


def _reachable(widget: QWidget) -> bool:
    return (
        widget.isVisible()
        and widget.isEnabled()
        and widget.focusProxy() is None
        and bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
        # The field of a spin box or of a combo box is a part of it.
        and not isinstance(widget.parent(), QAbstractSpinBox | QComboBox)
    )


def _part_of(widget: QWidget | None, control: QWidget) -> bool:
    return widget is not None and isinstance(control, QAbstractSpinBox | QComboBox) and control.isAncestorOf(widget)
