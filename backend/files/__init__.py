"""Files that are kept outside the database, sealed."""

from __future__ import annotations

from backend.files.store import FileError, FileStore

__all__ = ["FileError", "FileStore"]
