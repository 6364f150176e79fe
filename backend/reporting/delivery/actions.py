"""Freezing files, leaving them with finance, handing out links; each download is written down."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

from backend.alerts import clear_condition, raise_alert
from backend.core import audit_trail
from backend.core.database import Connection, Database
from backend.core.defer import defer
from backend.core.problems import ProblemError, same_version
from backend.core.settings import Settings
from backend.files import FileError, FileStore
from backend.reporting.delivery import queries, reads
from backend.reporting.formats import Format, formats_of
from backend.reporting.ports import Dropbox, DropboxError
from backend.reporting.returns import actions
from backend.reporting.returns import queries as returns
from backend.reporting.returns.reads import report as find
from models.alerts import Severity
from models.core.problems import Code
from models.reporting import FILED, TaxRegime, TaxReport, TaxReportState
from models.reporting.files import TaxFile, TaxLink

FREEZE: Final = "reporting.freeze"
DELIVER: Final = "reporting.deliver"
LINK_SECONDS: Final = 24 * 3_600.0
PATH: Final = "/api/reporting/tax/links/"
AWAITED_DAYS: Final = 3


class Rendered(NamedTuple):
    """A file that was made."""

    format: Format
    name: str
    content: bytes


async def freeze(database: Database, settings: Settings, report_id: UUID) -> None:
    """Make the files of an approved report, and keep them; again makes the same. Raises FileError."""
    async with database.read() as connection:
        row = await (await connection.execute(queries.frozen, {"report_id": report_id})).fetchone()
        if row is None or TaxReportState(row[6]) not in FILED or await reads.files(connection, report_id):
            return
    store = FileStore.of(settings)
    made = await asyncio.to_thread(_render, row)
    for each in made:
        await store.put(stored_name(report_id, each.format.name), each.content)
    async with database.transaction() as tx:
        await tx.execute(returns.lock_report, {"report_id": report_id})
        if await reads.files(tx, report_id):
            return
        for each in made:
            values = {
                "report_id": report_id,
                "format": each.format.name,
                "name": each.name,
                "sha256": hashlib.sha256(each.content).hexdigest(),
                "bytes": len(each.content),
            }
            await tx.execute(queries.insert_file, values)
        found = await find(tx, report_id)
        await actions.record_report(tx, audit_trail.WORKER, "files_made", None, found)


def _render(row: tuple[Any, ...]) -> list[Rendered]:
    text, found, regime, region, start, end, _, digest = row
    content: Mapping[str, Any] = json.loads(text)
    stem = f"{region}_{start}_{end}_{digest[:8]}"
    return [
        Rendered(each, f"{stem}.{each.suffix}", each.render(text, content, found or {}))
        for each in formats_of(TaxRegime(regime))
    ]


def stored_name(report_id: UUID, name: str) -> str:
    """Under which the store has a file."""
    return f"tax/{report_id}/{name}"


async def freeze_missing(database: Database, settings: Settings) -> None:
    """Make the files that could not be made at first, such as while a disk was full."""
    async with database.read() as connection:
        rows = await (await connection.execute(queries.without_files)).fetchall()
    problem = None
    for (report_id,) in rows:
        try:
            await freeze(database, settings, report_id)
        except FileError as error:
            problem = str(error)
    async with database.transaction() as tx:
        if problem is None:
            await clear_condition(tx, source="reporting.files", key="files")
        else:
            await raise_alert(
                tx,
                source="reporting.files",
                key="files",
                title="Files of approved tax reports cannot be kept",
                severity=Severity.P3,
                guidance=f"{problem[:1].upper()}{problem[1:]}.\nThey are made by themselves once that is mended.",
            )


async def deliver(tx: Connection, dropbox: Dropbox | None, *, actor: str, report_id: UUID, version: int) -> TaxReport:
    """Have the files left with finance. Not approved, or there is no place: 409. Again changes nothing. Stale: 412."""
    await tx.execute(returns.lock_report, {"report_id": report_id})
    found = await find(tx, report_id)
    same_version(found.version, version)
    if found.state not in FILED:
        raise ProblemError(Code.CONFLICT, f"It is {found.state}: only what was approved is delivered.")
    if dropbox is None:
        raise ProblemError(
            Code.CONFLICT,
            "There is no place to deliver to: an administrator sets OPSCONSOLE_FINANCE_SFTP. Links work as well.",
        )
    if await (await tx.execute(queries.ask_delivery, {"report_id": report_id, "actor": actor})).fetchone() is None:
        audit_trail.nothing_changed()
        return found
    await defer(tx, DELIVER, report_id=str(report_id))
    await actions.record_report(tx, actor, "delivery_asked", None, found)
    return found


async def leave(database: Database, settings: Settings, dropbox: Dropbox | None, report_id: UUID) -> None:
    """Leave the files of a report, once. Raises DropboxError and FileError, to be tried again."""
    await freeze(database, settings, report_id)
    async with database.read() as connection:
        state = await (await connection.execute(queries.delivery, {"report_id": report_id})).fetchone()
        files = await reads.files(connection, report_id)
    if state is None or state[0] != "waiting" or dropbox is None:
        return
    problem = None
    try:
        store = FileStore.of(settings)
        await dropbox.leave({each.name: await _kept(store, report_id, each) for each in files})
    except (DropboxError, FileError) as error:
        problem = str(error)
        raise
    finally:
        async with database.transaction() as tx:
            await tx.execute(queries.note_attempt, {"report_id": report_id, "problem": problem})
            if problem is None:
                await _delivered(tx, report_id)


async def _kept(store: FileStore, report_id: UUID, file: TaxFile) -> bytes:
    content = await store.get(stored_name(report_id, file.format))
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise FileError(f"{file.name} is not what was approved")
    return content


async def _delivered(tx: Connection, report_id: UUID) -> None:
    await tx.execute(returns.lock_report, {"report_id": report_id})
    row = await (await tx.execute(queries.lock_delivery, {"report_id": report_id})).fetchone()
    if row is None or row[0] != "waiting":
        return
    before = await find(tx, report_id)
    await tx.execute(queries.set_delivered, {"report_id": report_id})
    await tx.execute(returns.set_delivered, {"report_id": report_id})
    after = await find(tx, report_id)
    await actions.record_report(tx, audit_trail.WORKER, "delivered", before, after)
    await actions.tell(tx, after, "report.tax_delivered")


async def look_for_acknowledgements(database: Database, dropbox: Dropbox | None) -> None:
    """Take in what finance left in answer, and tell of what nobody answered."""
    async with database.read() as connection:
        rows = await (await connection.execute(queries.awaiting, {"days": AWAITED_DAYS})).fetchall()
    if not rows or dropbox is None:
        return
    try:
        answers = await dropbox.acknowledgements([name for _, name, _ in rows])
    except DropboxError:
        # Whoever delivers says so; here it is only looked at again.
        answers = {}
    for report_id, name, late in rows:
        async with database.transaction() as tx:
            if name in answers:
                before = await find(tx, report_id)
                await actions.acknowledge(
                    tx,
                    actor=audit_trail.WORKER,
                    report_id=report_id,
                    version=before.version,
                    reference=answers[name] or "acknowledged",
                )
                await tx.execute(queries.set_acknowledged, {"report_id": report_id})
            elif late:
                await raise_alert(
                    tx,
                    source=actions.UNACKNOWLEDGED,
                    key=str(report_id),
                    title=f"Nobody acknowledged the tax report {name}",
                    severity=Severity.P3,
                    guidance="Ask finance whether it arrived.\nThey leave its .ack file, or it is typed in.",
                )


async def make_link(tx: Connection, *, actor: str, report_id: UUID, name: str) -> TaxLink:
    """A link to one file, which ends after a day. Its files are not made yet: 409. No such format: 404."""
    found = await reads.file(tx, report_id, name)
    token = secrets.token_urlsafe(32)
    values = {
        "token_hash": _hash(token),
        "report_id": report_id,
        "format": name,
        "actor": actor,
        "seconds": LINK_SECONDS,
    }
    row = await (await tx.execute(queries.insert_link, values)).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    report = await find(tx, report_id)
    await actions.record_report(tx, actor, "linked", None, report)
    return TaxLink(report_id=str(report_id), format=name, name=found.name, url=f"{PATH}{token}", expires_at=row[0])


async def fetch(tx: Connection, settings: Settings, token: str) -> tuple[TaxFile, bytes] | None:
    """The file behind a link; ``None`` when it has ended. Each try is written down. Raises ProblemError 404 and 503."""
    row = await (await tx.execute(queries.of_token, {"token_hash": _hash(token)})).fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "This link leads nowhere.")
    report_id, name, made_by, valid = row
    return await download(tx, settings, by=f"link:{made_by}", report_id=report_id, name=name, refused=not valid)


async def download(
    tx: Connection, settings: Settings, *, by: str, report_id: UUID, name: str, refused: bool = False
) -> tuple[TaxFile, bytes] | None:
    """A file's bytes, written down with who took them; ``None`` when they may not. Raises ProblemError 404 and 503."""
    found = await reads.file(tx, report_id, name)
    content = b""
    if not refused:
        try:
            content = await _kept(FileStore.of(settings), report_id, found)
        except FileError as error:
            raise ProblemError(Code.UNAVAILABLE, f"{error}.", headers={"Retry-After": "60"}) from None
    await tx.execute(queries.note_download, {"report_id": report_id, "format": name, "by": by, "refused": refused})
    report = await find(tx, report_id)
    actor = by if not by.startswith("link:") else "system:link"
    await actions.record_report(tx, actor, "download_refused" if refused else "downloaded", None, report)
    return None if refused else (found, content)


async def forget_links(tx: Connection) -> None:
    """Let go of links that ended long ago; who followed them stays known."""
    await tx.execute(queries.forget_links)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
