"""Puts docks below and beside each other as a built-in workspace has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import PySide6QtAds as ads  # noqa: N813 - QtAds is what it is called

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from views.shell.window.arrangement import Column

Rows = list[tuple[list[str], int]]
"""Docks of a column from above, those of one place together, each place with its height."""


def add_column(manager: Any, known: Mapping[str, Any], rows: Rows, side: Any, beside: Any = None) -> None:
    """Add docks below each other at a side of the window, or of ``beside``, an area that is there."""
    area: Any = None
    for ids, _ in rows:
        first = known[ids[0]]
        if area is None:
            area = manager.addDockWidget(side, first, beside)
        else:
            area = manager.addDockWidget(ads.BottomDockWidgetArea, first, area)
        for other in ids[1:]:
            manager.addDockWidget(ads.CenterDockWidgetArea, known[other], area)


def share_room(manager: Any, known: Mapping[str, Any], columns: Sequence[tuple[Column, Rows]], head: int) -> None:
    """Give each place its share of the room; ``head`` is the height of what stands above all columns."""
    widths: list[int] = []
    for column, rows in columns:
        if len(rows) > 1:
            # Of the last one: beside the first may be what stands above the last.
            splitter = known[rows[-1][0][0]].dockAreaWidget().parentSplitter()
            splitter.setSizes([height for _, height in rows])
        if column.above_last:
            splitter = known[rows[0][0][0]].dockAreaWidget().parentSplitter()
            splitter.setSizes([widths[-1], column.width])
            widths[-1] += column.width
        else:
            widths.append(column.width)
    root = manager.rootSplitter()
    if head and root.count() == 2:
        root.setSizes([head, max(0, root.height() - head)])
        root = root.widget(1)
    if len(widths) > 1 and root.count() == len(widths):
        root.setSizes(widths)
