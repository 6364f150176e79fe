"""The monthly report of risk, saved as a file."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QStandardPaths
from PySide6.QtGui import QAction

from app.errors import OperationsError

if TYPE_CHECKING:
    from app.console import Console

VIEW_REPORTS = "reporting.view_reports"
KINDS = (("pdf", "PDF", "application/pdf"), ("csv", "CSV", "text/csv"))


def ended_month(now: datetime) -> str:
    """The month that ended last, in UTC: ``2026-10``."""
    return f"{now.astimezone(UTC).replace(day=1) - timedelta(days=1):%Y-%m}"


def report_actions(console: Console, parent: QObject) -> list[QAction]:
    """Menu entries that save the report of the month that ended; disabled with the reason."""
    month, made = ended_month(console.clock.now()), []
    reason = None if console.session.may(VIEW_REPORTS) else f"needs the permission {VIEW_REPORTS}"
    for suffix, words, media in KINDS:
        action = QAction(f"Save the risk report of {month} as {words}" + (f" ({reason})" if reason else ""), parent)
        action.setEnabled(reason is None)
        action.triggered.connect(
            lambda _=False, s=suffix, m=media: console.tasks.start(_save(console, month, s, m), name="save a report")
        )
        made.append(action)
    return made


async def _save(console: Console, month: str, suffix: str, media: str) -> None:
    """Into the download folder; says where, or why not."""
    places = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DownloadLocation)
    path = Path(places or str(Path.home())) / f"risk-{month}.{suffix}"
    try:
        data = await console.client.file(f"/api/risk/reports/{month}.{suffix}", media)
        await asyncio.to_thread(_write, path, data)
    except OperationsError as error:
        console.messages.post(f"No report of {month} was saved: {error}", "error")
    except OSError as error:
        console.messages.post(f"{path} cannot be written: {error.strerror or error}.", "error")
    else:
        console.messages.post(f"The risk report of {month} is in {path}.")


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
