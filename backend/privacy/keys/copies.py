"""Copies of all keys outside the database and outside its dumps: short-lived, so that destroying a key reaches them.

A dump holds what was sealed and no key; a copy of keys holds nothing else. A restore takes the data of its day and the
keys of today. Of copies the newest two are kept, and none that is older than a destroyed key once a newer one lies
there whole.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from backend.alerts import clear_condition, raise_alert
from backend.backup import BackupError, Sealer, key_of, unseal
from backend.core.clock import clock
from backend.core.database import Connection, Database
from backend.core.files import sync_folder
from backend.core.keys import Key
from backend.core.settings import Settings
from backend.privacy.keys import queries
from backend.privacy.keys.actions import note_copy, take_back
from models.alerts import Severity

KEPT: Final = 2
FOLDER: Final = "keys"
RENEWED: Final = timedelta(hours=24)
LATE: Final = timedelta(hours=26)
"""As of backups: from then on a restore might lack keys, and somebody is told."""
_STAMP: Final = "%Y%m%dT%H%M%S%fZ"
_PATTERN: Final = "keys-*.opskeys"

Row = tuple[str, str, str, bytes]
"""Owner, purpose, wrapping key, wrapped key."""


def folder_of(settings: Settings) -> Path | None:
    """Where copies lie: beside the backups, in a folder of their own; ``None`` where there are no backups."""
    return None if settings.backup_folder is None else settings.backup_folder / FOLDER


async def copy_when_due(database: Database, settings: Settings) -> Path | None:
    """Write a copy when keys were made, wrapped anew or destroyed since the newest, or that is a day old.

    Without backups there is nothing to copy for. Tells by an alert when keys have gone without a copy for too long.
    """
    folder = folder_of(settings)
    if folder is None:
        return None
    try:
        key = key_of(settings)
        async with database.transaction() as tx:
            if await (await tx.execute(queries.copy_lock)).fetchone() != (True,):
                return None
            made = await _copy_if_due(tx, folder, key)
            await clear_condition(tx, source="privacy.keys", key="copy")
    except (OSError, BackupError) as error:
        await _tell_failed(database, str(error))
        return None
    return made


async def _copy_if_due(tx: Connection, folder: Path, key: Key) -> Path | None:
    now = await clock(tx)
    newest = await (await tx.execute(queries.newest_copy)).fetchone()
    rows = await (await tx.execute(queries.everything)).fetchall()
    if newest is None and not rows:
        return None
    if newest is not None:
        made_at, _, destroyed_at, outdated = newest
        outdated = outdated or (destroyed_at is not None and destroyed_at > made_at) or now - made_at >= RENEWED
        if not outdated and _file(folder, made_at).exists():
            return None
    file = _file(folder, now)
    await asyncio.to_thread(write_copy, file, rows, key)
    await note_copy(tx, now, file, len(rows))
    await asyncio.to_thread(prune, folder, None if newest is None else newest[2])
    return file


async def _tell_failed(database: Database, why: str) -> None:
    async with database.transaction() as tx:
        newest = await (await tx.execute(queries.newest_copy)).fetchone()
        late = newest is None or await clock(tx) - newest[0] > LATE
        await raise_alert(
            tx,
            source="privacy.keys",
            key="copy",
            title="Keys of personal data are not copied",
            severity=Severity.P2 if late else Severity.P3,
            guidance=f"{why}\nUntil a copy is made, a restore lacks the newest keys: what they sealed would be lost.",
        )


def _file(folder: Path, at: datetime) -> Path:
    return folder / f"keys-{at.astimezone(UTC).strftime(_STAMP)}.opskeys"


def write_copy(file: Path, rows: Sequence[tuple[Any, ...]], key: Key) -> None:
    """A sealed file of all keys, whole or not there. Raises OSError."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with open(descriptor, "wb") as stream:  # noqa: PTH123 - Path cannot open a descriptor
            sealer = Sealer(stream, key)
            for owner, purpose, kek, wrapped in rows:
                line = [str(owner), purpose, kek, base64.b64encode(wrapped).decode()]
                sealer.write(json.dumps(line).encode() + b"\n")
            sealer.close()
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(file)
        sync_folder(file.parent)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def prune(folder: Path, destroyed_at: datetime | None) -> None:
    """Delete the copies that are not kept. Raises OSError."""
    files = sorted(folder.glob(_PATTERN), reverse=True)
    for number, file in enumerate(files):
        old = destroyed_at is not None and file < _file(folder, destroyed_at)
        if number >= KEPT or (number and old):
            file.unlink(missing_ok=True)


def newest_copy(folder: Path) -> Path | None:
    """The newest copy of a folder; ``None`` when there is none."""
    return max(folder.glob(_PATTERN), default=None)


def read_copy(file: Path, key: Key) -> Iterator[Row]:
    """What a copy holds. Raises BackupError, also while it is read."""
    rest = b""
    with file.open("rb") as stream:
        for piece in unseal(stream, key, file):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                owner, purpose, kek, wrapped = json.loads(line)
                yield owner, purpose, kek, base64.b64decode(wrapped)


async def restore_keys(database: Database, backups: Path, key: Key) -> int | None:
    """After a restore: the keys of the newest copy beside the backups; ``None`` when there is none.

    Raises BackupError and OSError.
    """
    file = newest_copy(backups / FOLDER)
    if file is None:
        return None
    rows = await asyncio.to_thread(lambda: list(read_copy(file, key)))
    async with database.transaction() as tx:
        return await take_back(tx, rows)
