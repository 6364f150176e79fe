"""Draws one theme sheet a theme, and one at twice the font: ``python -m views.shell.gallery FOLDER``."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPixmap
from PySide6.QtWidgets import QApplication

from views.kit.offscreen import quiet
from views.kit.theme import current
from views.shell.gallery.sheet import ThemeSheet


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file and the theme it shows."""

    file: str
    theme: str
    font_scale: float = 1.0


SHEETS = (
    Sheet("theme-dark", "dark"),
    Sheet("theme-light", "light"),
    Sheet("theme-high-contrast", "high-contrast"),
    Sheet("theme-dark-200", "dark", 2.0),
)


def draw(sheet: ThemeSheet) -> QPixmap:
    """Show a sheet and take its picture, each part that shows the focus while it has it."""
    sheet.show()
    sheet.resize(sheet.sizeHint())
    sheet.activateWindow()
    _settle()
    for widget, place in sheet.pointed:
        point = QPointF(place())
        button, keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
        moved = QMouseEvent(QEvent.Type.MouseMove, point, widget.mapToGlobal(point), button, button, keys)
        QApplication.sendEvent(widget, moved)
    sheet.setFocus()
    _settle()
    picture = sheet.grab()
    painter = QPainter(picture)
    for widget in sheet.focused:
        widget.setFocus(Qt.FocusReason.OtherFocusReason)
        _settle()
        box = QRect(widget.mapTo(sheet, QPoint(0, 0)), widget.size())
        painter.drawPixmap(box.topLeft(), sheet.grab(box))
    painter.end()
    return picture


def _settle() -> None:
    for _ in range(3):
        QApplication.processEvents()


@quiet()
def main(folder: Path) -> int:
    """Draw every sheet into a folder and print the file names."""
    if sys.platform.startswith("linux") and not {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication.instance() or QApplication(sys.argv[:1])
    folder.mkdir(parents=True, exist_ok=True)
    for wanted in SHEETS:
        current().apply(wanted.theme, wanted.font_scale)
        sheet = ThemeSheet()
        path = folder / f"{wanted.file}.png"
        if not draw(sheet).save(str(path)):
            raise OSError(f"{path} could not be written")
        sys.stdout.write(f"{path}\n")
        sheet.close()
        sheet.deleteLater()
    application.processEvents()
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m views.shell.gallery FOLDER")
    sys.exit(main(Path(sys.argv[1])))
