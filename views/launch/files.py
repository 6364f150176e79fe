"""Files for the operator: checklists, templates and records, in the system's download folder."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from app.core.errors import OperationsError
from app.launch.record import files_of
from models.launch.checklist import ChecklistFormat
from views.kit.downloads import save

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from models.launch.poll import Poll
    from views.launch.desk import LaunchDesk


def export_items(desk: LaunchDesk, form: str) -> None:
    """Save the checklist of the launch that is looked at."""
    if desk.launch_id:
        work = _export_items(desk, desk.launch_id, ChecklistFormat(form))
        desk.console.tasks.start(told(desk, work, "The checklist was not saved"), name="save a checklist")


async def _export_items(desk: LaunchDesk, launch_id: str, form: ChecklistFormat) -> None:
    found = await desk.launches.export_items(launch_id, form)
    path = await asyncio.to_thread(save, found.name, found.text.encode())
    desk.console.messages.post(f"The checklist is in {path}.")


def export_template(desk: LaunchDesk, key: str, form: str) -> None:
    """Save the newest version of a template."""
    work = _export_template(desk, key, ChecklistFormat(form))
    desk.console.tasks.start(told(desk, work, f"The template {key} was not saved"), name="save a template")


async def _export_template(desk: LaunchDesk, key: str, form: ChecklistFormat) -> None:
    found = await desk.launches.export_template(key, form)
    path = await asyncio.to_thread(save, found.name, found.text.encode())
    desk.console.messages.post(f"The template {key} is in {path}.")


def save_record(desk: LaunchDesk) -> None:
    """Save all files of the record of the last closed poll, or of the one that was chosen."""
    poll = desk.closed_poll
    if poll is not None:
        work = _save_record(desk, poll)
        desk.console.tasks.start(told(desk, work, "The record was not saved"), name="save a record")


async def _save_record(desk: LaunchDesk, poll: Poll) -> None:
    _, files = await files_of(desk.console, poll)
    paths = [await asyncio.to_thread(save, name, data) for name, data in files.items()]
    names = ", ".join(path.name for path in paths)
    desk.console.messages.post(f"The record of poll {poll.round} is in {paths[0].parent}: {names}.")


async def told(desk: LaunchDesk, work: Awaitable[None], failed: str) -> None:
    """Wait for it, and tell why it was not done."""
    try:
        await work
    except OperationsError as error:
        desk.console.messages.post(f"{failed}: {error}", "error")
    except OSError as error:
        words = f"{error.filename or 'the file'} cannot be written: {error.strerror or error}."
        desk.console.messages.post(f"{failed}: {words}", "error")
