"""Line icons drawn by us, 24 px grid, tinted with a token when they are used."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from views.kit.theme import current


@lru_cache(maxsize=64)
def _source(name: str) -> str:
    return (files("resources") / "icons" / f"{name}.svg").read_text(encoding="utf-8")


@lru_cache(maxsize=256)
def _renderer(name: str, colour: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_source(name).replace("currentColor", colour).encode()))


def paint(painter: QPainter, name: str, box: QRectF, colour: str) -> None:
    """Draw an icon into a box. Raises FileNotFoundError for a name without a file."""
    _renderer(name, colour).render(painter, box)


class _Tinted(QIconEngine):
    """Takes its colour from the theme when it is painted, so that a change of theme needs no new icons."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def paint(self, painter: QPainter, rect: object, mode: QIcon.Mode, state: QIcon.State) -> None:
        tokens = current().tokens
        colour = (
            tokens.text3 if mode is QIcon.Mode.Disabled else tokens.text if state is QIcon.State.On else tokens.text2
        )
        paint(painter, self._name, QRectF(rect), colour)  # type: ignore[call-overload]

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        found = QPixmap(size)
        found.fill(QColor(Qt.GlobalColor.transparent))
        painter = QPainter(found)
        self.paint(painter, found.rect(), mode, state)
        painter.end()
        return found

    def clone(self) -> QIconEngine:
        return _Tinted(self._name)


def icon(name: str) -> QIcon:
    """An icon of ``resources/icons``. Raises FileNotFoundError for a name without a file."""
    _source(name)
    return QIcon(_Tinted(name))
