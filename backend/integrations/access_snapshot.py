"""Who has access to an outside system, from a file that system exports: CSV with a header, or JSON rows.

Each row names a person (``user``: the id they have here) and a role as that system calls it (``role``).
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from backend.access import AccessReportError, ReportedAccess

LARGEST = 50 * 1024 * 1024
MOST_ROWS = 100_000


class AccessSnapshot:
    """The port ``AccessSystem`` on a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> frozenset[ReportedAccess]:
        """Everybody with access. Blocking. Raises AccessReportError with words that name the file and the row."""
        try:
            if self._file.stat().st_size > LARGEST:
                raise AccessReportError(f"{self._file.name} is larger than {LARGEST // 1024**2} MB")
            text = self._file.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise AccessReportError(f"{self._file.name} cannot be read: {error.strerror or error}") from None
        except UnicodeDecodeError:
            raise AccessReportError(f"{self._file.name} is not UTF-8 text") from None
        rows = self._json(text) if self._file.suffix.lower() == ".json" else self._csv(text)
        if len(rows) > MOST_ROWS:
            raise AccessReportError(f"{self._file.name} has more than {MOST_ROWS} rows")
        return frozenset(self._entry(number, row) for number, row in enumerate(rows, 1))

    def _csv(self, text: str) -> list[Any]:
        try:
            reader = csv.DictReader(io.StringIO(text), strict=True)
            rows: list[Any] = list(reader)
        except csv.Error as error:
            raise AccessReportError(f"{self._file.name} is not CSV: {error}") from None
        if not {"user", "role"} <= set(reader.fieldnames or ()):
            raise AccessReportError(f"{self._file.name} needs a first line with the columns user and role")
        return rows

    def _json(self, text: str) -> list[Any]:
        try:
            rows = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise AccessReportError(f"{self._file.name} is not JSON: {error}") from None
        if not isinstance(rows, list):
            raise AccessReportError(
                f'{self._file.name} needs a list of rows such as {{"user": "ada", "role": "admin"}}'
            )
        return rows

    def _entry(self, number: int, row: Any) -> ReportedAccess:
        user = row.get("user") if isinstance(row, dict) else None
        role = row.get("role") if isinstance(row, dict) else None
        for value in (user, role):
            if not isinstance(value, str) or not 1 <= len(value.strip()) <= 200 or "\0" in value:
                raise AccessReportError(
                    f"{self._file.name}, row {number}: user and role are needed, 1 to 200 characters"
                )
        return ReportedAccess(str(user).strip(), str(role).strip())
