"""What stands before a panel while nobody is signed in: who has left leaves nothing to read, in whatever panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QStackedLayout, QWidget

from views.kit.query_panel import nobody_words

if TYPE_CHECKING:
    from app.console import Console


class Curtain(QWidget):
    """Holds a panel's content, and shows words in its place while it is not known whom to show it to."""

    def __init__(self, console: Console, content: QWidget) -> None:
        super().__init__()
        self._console = console
        self._words = QLabel()
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._words.setWordWrap(True)
        self._words.setContentsMargins(24, 24, 24, 24)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(content)
        self._stack.addWidget(self._words)
        console.session.changed.connect(self._draw)
        console.link.changed.connect(self._draw)
        self._draw()

    def _draw(self) -> None:
        self._words.setText(nobody_words(self._console))
        self._stack.setCurrentIndex(1 if is_drawn(self._console) else 0)


def is_drawn(console: Console) -> bool:
    """Whether nobody is signed in, as far as anybody can tell; while a connection is made, who was is expected."""
    return console.session.me is None and console.link.state in {"signed_out", "down"}
