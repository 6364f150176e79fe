"""Files for the operator, in the system's download folder."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QStandardPaths


def save(name: str, data: bytes) -> Path:
    """Write a file into the download folder; answers where it is. Raises OSError, naming the file."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DownloadLocation)
    path = Path(place or str(Path.home())) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
