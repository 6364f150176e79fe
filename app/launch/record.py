"""The record of a poll, verified here: by the same program that anybody can run without this system."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.errors import OperationsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.core.capability import Engine
    from models.launch.poll import Poll, PollRecord

FORMS = {"application/json": "json", "text/html": "html", "application/pdf": "pdf"}


class MissingRecordError(OperationsError):
    """There is no record to verify or save; the words say why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a verification."""

    good: bool
    words: str
    more: str
    """With which key, and what that is worth."""


async def files_of(engine: Engine, poll: Poll) -> tuple[PollRecord, dict[str, bytes]]:
    """All files of a record, by name. Raises OperationsError."""
    from app.launch.domain import Launches

    launches = engine.of(Launches)
    query = launches.record(poll)
    await query.refresh()
    if query.error is not None:
        raise query.error
    if query.sample is None:
        raise MissingRecordError("The record is not known yet.")
    record = query.sample.value
    found = {}
    for each in record.files:
        form = FORMS[each.media_type.partition(";")[0]]
        found[each.name] = await launches.record_file(poll, form)
    return record, found


async def verify(engine: Engine, poll: Poll) -> Finding:
    """Fetch a record with its pictures and verify it, with the key this console knows. Raises OperationsError."""
    record, files = await files_of(engine, poll)
    pinned = engine.settings.audit_vkeys.get(engine.target.name, "")
    good, words = await asyncio.to_thread(check, files, pinned or record.vkey)
    if pinned:
        more = "With the key this console has known the audit log by since it first saw it."
    else:
        more = "With the key the server names: this console has not seen its audit log yet. Open Access once."
    return Finding(good, words, more)


def check(files: Mapping[str, bytes], vkey: str) -> tuple[bool, str]:
    """Whether files are as they were sealed, and what there is to say."""
    from resources.launch.verify_record import RecordError, UnreadableError, Verifier
    from resources.launch.verify_record import verify as verify_record

    name = next((each for each in files if each.endswith(".json")), "")
    if not name:
        return False, "There is no file that could prove anything."
    beside = {each: data for each, data in files.items() if each != name}
    try:
        report = verify_record(files[name], [Verifier.parse(vkey)], beside)
    except RecordError as error:
        return False, f"Not as it was sealed: {error}."
    except (UnreadableError, ValueError, KeyError, TypeError, RecursionError) as error:
        return False, f"Unreadable: {error}."
    return True, f"{report.title}: {report.verdict}, as it was sealed: {report.entries:,} entries of {report.size:,}."
