"""Opens an address in the operator's browser."""

from __future__ import annotations


def browse(address: str) -> None:
    """Open it."""
    from PySide6.QtCore import QUrl
    from PySide6.QtGui import QDesktopServices

    QDesktopServices.openUrl(QUrl(address))
