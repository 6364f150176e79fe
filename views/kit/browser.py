"""Opens an address in the operator's browser."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices


def browse(address: str) -> None:
    """Open it."""
    QDesktopServices.openUrl(QUrl(address))
