"""The monthly report of risk, saved as a file."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from app.core.errors import OperationsError
from models.core.permissions import Permission, lacking_words
from views.kit.downloads import save

if TYPE_CHECKING:
    from app.console import Console

VIEW_REPORTS = Permission.VIEW_REPORTS
KINDS = (
    ("pdf", "PDF", "application/pdf", False),
    ("csv", "CSV", "text/csv", False),
    ("csv", "CSV with a byte order mark", "text/csv", True),
)


def ended_month(now: datetime) -> str:
    """The month that ended last, in UTC: ``2026-10``."""
    return f"{now.astimezone(UTC).replace(day=1) - timedelta(days=1):%Y-%m}"


def report_actions(console: Console, parent: QObject) -> list[QAction]:
    """Menu entries that save the report of the month that ended; disabled with the reason."""
    month, made = ended_month(console.clock.now()), []
    reason = None if console.session.may(VIEW_REPORTS) else lacking_words(VIEW_REPORTS)
    for suffix, words, media, bom in KINDS:
        action = QAction(f"Save the risk report of {month} as {words}" + (f" ({reason})" if reason else ""), parent)
        action.setEnabled(reason is None)
        action.triggered.connect(
            lambda _=False, s=suffix, m=media, b=bom: console.tasks.start(
                _save(console, month, s, m, bom=b), name="save a report"
            )
        )
        made.append(action)
    return made


async def _save(console: Console, month: str, suffix: str, media: str, *, bom: bool) -> None:
    """Into the download folder; says where, or why not."""
    from app.risk import requests

    name = f"risk-{month}.{suffix}"
    try:
        data = await requests.report(console.client, month, suffix, media, bom=bom)
        path = await asyncio.to_thread(save, name, data)
    except OperationsError as error:
        console.messages.post(f"No report of {month} was saved: {error}", "error")
    except OSError as error:
        console.messages.post(f"{error.filename or name} cannot be written: {error.strerror or error}.", "error")
    else:
        console.messages.post(f"The risk report of {month} is in {path}.")
