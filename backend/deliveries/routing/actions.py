"""What people hear, who of them, and in which words. Everything that changes it is audited; what it says is not."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from backend.core import audit_trail
from backend.core.background import SetAside
from backend.core.database import Connection, Database
from backend.core.problems import ProblemError, invalid, same_version
from backend.core.settings import Settings
from backend.deliveries.channel import NoticeAction, NoticePhase
from backend.deliveries.routing import queries, reads
from backend.deliveries.routing.texts import text_blocker
from models.alerts import Severity
from models.core.problems import Code
from models.deliveries.connections import ConnectionKind
from models.deliveries.routing import (
    ContactCodeRequest,
    ContactRequest,
    RouteMapRequest,
    Team,
    Template,
    TemplateChange,
)

DIGESTS: Final = SetAside("daily messages")
CODE_MINUTES: Final = 15
CODE_TRIES: Final = 5
CONTACTS_MOST: Final = 5


@dataclass(frozen=True, slots=True)
class NoticeAudience:
    """Who hears of a notice: the routes of a team for a severity, or single people by mail."""

    team: Team
    severity: Severity
    people: Sequence[str] = ()
    """User ids; their verified addresses are written to instead of what the routes say."""
    connections: Sequence[UUID] = ()
    """These connections are told instead of what the routes say."""


async def notify(
    tx: Connection,
    audience: NoticeAudience,
    template: str,
    values: Mapping[str, str],
    *,
    thread: str,
    phase: NoticePhase = NoticePhase.RAISED,
    actions: Sequence[NoticeAction] = (),
    actor: str = audit_trail.WORKER,
) -> UUID | None:
    """Tell people something, within the transaction of what they are told of; it goes after the commit.

    Answers the notice, or ``None`` when nobody hears of it by the routes: then nothing is kept.

    Args:
        tx: That transaction.
        audience: Who hears of it.
        template: The text, such as ``alert.raised``.
        values: What is put in; can be erased later, the entry of the audit log that points at it stays.
        thread: What it is about, such as ``alert:…``: pagers and chats keep one thing together.
        phase: Where that stands.
        actions: What people may do about it from where they read it.
        actor: Who caused it.
    """
    recipients: list[str] = []
    if audience.people:
        rows = await (await tx.execute(queries.addresses, {"user_ids": list(audience.people)})).fetchall()
        recipients = [address for _, address in rows]
    kept: dict[str, Any] = {
        "team": audience.team,
        "severity": audience.severity,
        "template": template,
        "values": Jsonb(dict(values)),
        "thread": thread,
        "phase": phase,
        "actions": list(actions),
        "recipients": recipients,
    }
    statement = queries.insert_notice_for if audience.people else queries.insert_notice
    if audience.connections:
        kept["connections"] = list(audience.connections)
        statement = queries.insert_notice_to
    row = await (await tx.execute(statement, kept)).fetchone()
    return None if row is None else await _written(tx, row[0], template, actor)


async def erase_notice(tx: Connection, *, actor: str, notice_id: UUID) -> None:
    """Forget what a notice said; that there was one stays."""
    if await (await tx.execute(queries.erase, {"notice_id": notice_id})).fetchone() is None:
        audit_trail.nothing_changed()
        return
    await _record(tx, actor, "deliveries.notice.erased", "notice", str(notice_id))


async def change_map(tx: Connection, *, actor: str, version: int, request: RouteMapRequest) -> None:
    """Put another map in the place of this one. Stale: 412. A connection there is not: 422."""
    row = await (await tx.execute(queries.lock_map)).fetchone()
    assert row is not None  # noqa: S101 - the migration puts the row there
    same_version(row[0], version)
    before = await reads.routes(tx)
    wanted = sorted({(r.team, r.severity, r.connection_id): r for r in request.routes}.items())
    ids = [each.connection_id for _, each in wanted]
    known = {row[0] for row in await (await tx.execute(queries.known_connections, {"ids": ids})).fetchall()}
    cells: set[tuple[Team, Severity, str]] = set()
    for number, each in enumerate(request.routes):
        if each.connection_id not in known:
            raise invalid(f"/routes/{number}/connectionId", "there is no such connection")
        cell = each.team, each.severity, each.connection_id
        if cell in cells:
            raise invalid(f"/routes/{number}", "the same team, severity and connection stand here twice: say it once")
        cells.add(cell)
    after = [each.model_dump(mode="json", by_alias=True) for _, each in wanted]
    if after == [each.model_dump(mode="json", by_alias=True) for each in before]:
        audit_trail.nothing_changed()
        return
    await tx.execute(queries.clear_routes)
    columns = {
        "teams": [each.team for _, each in wanted],
        "severities": [each.severity for _, each in wanted],
        "connections": ids,
        "modes": [each.mode for _, each in wanted],
    }
    await tx.execute(queries.insert_routes, columns)
    await tx.execute(queries.touch_map, {"actor": actor})
    await audit_trail.record(
        tx,
        actor=actor,
        action="deliveries.route_map.changed",
        resource_type="route_map",
        resource_id="routes",
        version=version + 1,
        before={"routes": [each.model_dump(mode="json", by_alias=True) for each in before]},
        after={"routes": after},
        reason=request.reason,
    )


async def route_team(tx: Connection, *, team: Team, connection_id: UUID) -> None:
    """Have a team hear of everything by a connection that a setting names."""
    await tx.execute(queries.seed_routes, {"team": team, "connection_id": connection_id})
    await tx.execute(queries.touch_map, {"actor": audit_trail.WORKER})
    await _record(tx, audit_trail.WORKER, "deliveries.route_map.changed", "route_map", "routes")


async def change_template(
    tx: Connection, *, actor: str, name: str, kind: ConnectionKind | None, version: int, request: TemplateChange
) -> Template:
    """A new version of a text. Unknown values: 422. Stale: 412."""
    before = await reads.template(tx, name, kind)
    same_version(before.version, version)
    for field in ("subject", "text"):
        if words := text_blocker(getattr(request, field), frozenset(before.values)):
            raise invalid(f"/{field}", f"{words[0].lower()}{words[1:].rstrip('.')}")
    if (before.subject, before.text) == (request.subject, request.text):
        audit_trail.nothing_changed()
        return before
    values = {
        "name": name,
        "kind": kind or "",
        "version": version + 1,
        "subject": request.subject,
        "text": request.text,
        "actor": actor,
    }
    if await (await tx.execute(queries.insert_template, values)).fetchone() is None:
        raise ProblemError(Code.STALE_VERSION, "Somebody has changed this text at this moment: look at it again.")
    after = await reads.template(tx, name, kind)
    await audit_trail.record(
        tx,
        actor=actor,
        action="deliveries.template.changed",
        resource_type="template",
        resource_id=name if kind is None else f"{name} {kind}",
        label=name,
        version=after.version,
        before={"subject": before.subject, "text": before.text},
        after={"subject": after.subject, "text": after.text},
    )
    return after


async def write_digests(database: Database, _settings: Settings) -> None:
    """At 08:00 UTC, one message for each connection with what was routed there by day; a turn of the worker."""
    async with database.transaction() as tx:
        due = await (await tx.execute(queries.digest_due)).fetchone()
        if due is None:
            return
        since: datetime = due[0]
        rows = await (await tx.execute(queries.digests, {"since": since})).fetchall()

        async def write(found: tuple[UUID, int, list[str]]) -> None:
            connection_id, count, lines = found
            values = {"count": str(count), "day": f"{since:%d %b %Y}", "lines": "\n".join(lines)}
            kept = {"values": Jsonb(values), "thread": f"digest:{since:%Y-%m-%d}", "connection_id": connection_id}
            row = await (await tx.execute(queries.insert_digest, kept)).fetchone()
            assert row is not None  # noqa: S101 - an insert of one row returns one row
            await _written(tx, row[0], "digest.daily", audit_trail.WORKER)

        await DIGESTS.each(tx, rows, write, key=lambda row: (since, row[0]))


# --- how single people are reached


async def add_contact(tx: Connection, *, user_id: str, name: str, request: ContactRequest) -> UUID:
    """Keep an address of one's own and send a code there. Verified already: 409. Too many: 422. No mail: 409."""
    count = await (await tx.execute(queries.count_contacts, {"user_id": user_id})).fetchone()
    if count is not None and count[0] >= CONTACTS_MOST:
        raise invalid("/address", f"{CONTACTS_MOST} addresses are the most; remove one first")
    code = f"{secrets.randbelow(10**6):06d}"
    values = {"user_id": user_id, "address": request.address, "minutes": CODE_MINUTES}
    row = await (
        await tx.execute(queries.insert_contact, values | {"code_hash": _hashed(user_id, request.address, code)})
    ).fetchone()
    if row is None:
        raise ProblemError(Code.CONFLICT, "This address is verified already.")
    contact_id: UUID = row[0]
    kept = {
        "team": Team.OPERATIONS,
        "severity": Severity.P4,
        "template": "contact.code",
        "values": Jsonb({"code": code, "minutes": str(CODE_MINUTES), "person": name}),
        "thread": f"contact:{contact_id}",
        "phase": NoticePhase.RAISED,
        "recipients": [request.address],
    }
    notice = await (await tx.execute(queries.insert_notice_for, kept)).fetchone()
    assert notice is not None  # noqa: S101 - an insert of one row returns one row
    if not notice[1]:
        raise ProblemError(Code.CONFLICT, "No connection sends mail: ask an administrator to set one up.")
    await _written(tx, notice[0], "contact.code", user_id)
    await _record(tx, user_id, "deliveries.contact.added", "contact_method", str(contact_id))
    return contact_id


async def verify_contact(tx: Connection, *, user_id: str, contact_id: UUID, request: ContactCodeRequest) -> bool:
    """Prove an address with the code that came there; False when it is wrong, which is counted."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.lock_contact, {"contact_id": contact_id, "user_id": user_id})
        row = await cursor.fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such address.")
    if row["verified_at"] is not None:
        audit_trail.nothing_changed()
        return True
    if not row["fresh"] or row["code_tries"] >= CODE_TRIES:
        raise ProblemError(Code.CONFLICT, "This code has ended: add the address again, and another one is sent.")
    if not hmac.compare_digest(bytes(row["code_hash"]), _hashed(user_id, row["address"], request.code)):
        await tx.execute(queries.count_try, {"contact_id": contact_id})
        audit_trail.nothing_changed()
        return False
    await tx.execute(queries.verify_contact, {"contact_id": contact_id})
    await _record(tx, user_id, "deliveries.contact.verified", "contact_method", str(contact_id))
    return True


async def remove_contact(tx: Connection, *, user_id: str, contact_id: UUID) -> None:
    """Forget an address of one's own."""
    values = {"contact_id": contact_id, "user_id": user_id}
    if await (await tx.execute(queries.delete_contact, values)).fetchone() is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such address.")
    await _record(tx, user_id, "deliveries.contact.removed", "contact_method", str(contact_id))


async def _written(tx: Connection, notice_id: UUID, template: str, actor: str) -> UUID:
    await audit_trail.record(
        tx,
        actor=actor,
        action="deliveries.notice.written",
        resource_type="notice",
        resource_id=str(notice_id),
        label=template,
    )
    return notice_id


async def _record(tx: Connection, actor: str, action: str, resource_type: str, resource_id: str) -> None:
    await audit_trail.record(tx, actor=actor, action=action, resource_type=resource_type, resource_id=resource_id)


def _hashed(user_id: str, address: str, code: str) -> bytes:
    return hashlib.sha256(f"{user_id}\0{address}\0{code}".encode()).digest()
