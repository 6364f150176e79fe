"""Everything that changes connections. Each change is audited in the transaction that makes it; secrets never are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.database import Connection as Tx
from backend.core.problems import ProblemError, invalid, same_version
from backend.core.settings import WEBHOOKS
from backend.deliveries.connections import queries
from backend.deliveries.connections.state import needs_secret, origin
from backend.deliveries.secrets import SecretError, SecretStore, fingerprint, last_four
from models.core.problems import Code
from models.core.wording import counted
from models.deliveries.connections import (
    ConnectionChange,
    ConnectionRequest,
    ConnectionSettings,
    PauseRequest,
    SecretPurpose,
    SecretRequest,
)

SETTINGS: TypeAdapter[ConnectionSettings] = TypeAdapter(ConnectionSettings)
NO_SECRET = "there is no secret for this address: one is only for the server it was entered for"  # noqa: S105 - words


@dataclass(frozen=True, slots=True)
class _Row:
    """A connection as people have set it up."""

    id: UUID
    name: str
    kind: str
    settings: ConnectionSettings
    subscriptions: tuple[str, ...]
    rate: float | None
    seed: str | None
    ready: bool
    switched_off: bool
    paused_by: str | None
    paused_until: datetime | None
    pause_reason: str
    version: int
    stopped: str | None

    def audit_snapshot(self) -> dict[str, Any]:
        """As the audit log keeps it."""
        return {
            "name": self.name,
            "settings": self.settings.model_dump(mode="json", by_alias=True),
            "subscriptions": list(self.subscriptions),
            "rate": self.rate,
            "ready": self.ready,
            "switchedOff": self.switched_off,
            "pausedBy": self.paused_by,
            "pausedUntil": self.paused_until,
            "pauseReason": self.pause_reason,
        }


@dataclass(frozen=True, slots=True)
class Seeded:
    """A connection that the program has made."""

    id: UUID
    url: str
    given: str | None
    """The address the program gave it last; another one is an operator's. ``None`` before it was given any."""
    removed: bool


async def create(tx: Tx, *, actor: str, request: ConnectionRequest, seed: str | None = None) -> UUID:
    """A new connection; without a secret it is off, where it needs one. A name that is taken: 422."""
    values = {
        "name": request.name,
        "kind": request.settings.kind,
        "settings": Jsonb(request.settings.model_dump(mode="json")),
        "subscriptions": list(request.subscriptions),
        "patterns": patterns(request.subscriptions),
        "rate": request.rate,
        "seed": seed,
        "ready": not needs_secret(request.settings),
        "actor": actor,
    }
    row = await (await tx.execute(queries.insert, values)).fetchone()
    if row is None:
        raise _name_taken(request.name)
    connection_id: UUID = row[0]
    await tx.execute(queries.insert_health, {"connection_id": connection_id})
    await tx.execute(queries.insert_lanes, {"connection_id": connection_id})
    await _record(tx, "created", None, await _lock(tx, connection_id), actor=actor)
    return connection_id


async def change(tx: Tx, *, actor: str, connection_id: UUID, version: int, request: ConnectionChange) -> None:
    """Change what is named; whatever had stopped goes on at once. Stale: 412. A name that is taken: 422.

    A secret is for the one it was entered for: with another address it is forgotten, and what waits is kept.
    """
    before = await _lock(tx, connection_id)
    same_version(before.version, version)
    named = {name: getattr(request, name) for name in request.model_fields_set}
    if empty := [name for name, value in named.items() if value is None and name != "rate"]:
        raise invalid(f"/{empty[0]}", "leave the field out to keep its value")
    if (wanted := named.get("settings")) is not None and wanted.kind != before.settings.kind:
        raise invalid("/settings/kind", "a connection stays of its kind; add another one instead")
    after = replace(before, **named)
    if after == before:
        audit_trail.nothing_changed()
        return
    values = {"name": after.name, "connection_id": connection_id}
    if await (await tx.execute(queries.name_taken, values)).fetchone() == (True,):
        raise _name_taken(after.name)
    if origin(after.settings) != origin(before.settings):
        await tx.execute(queries.delete_secret, {"connection_id": connection_id, "purpose": SecretPurpose.SEND})
    after = replace(after, ready=before.ready or await _is_ready(tx, after))
    await _write(tx, before, after, "changed", actor=actor)
    if after.ready and not await _is_ready(tx, after):  # off it would keep nothing meanwhile: it is stopped
        await tx.execute(queries.stop_without_secret, {"connection_id": connection_id, "words": NO_SECRET})


async def pause(tx: Tx, *, actor: str, connection_id: UUID, request: PauseRequest) -> None:
    """Hold back what is meant for it. The same again changes nothing; an end that lies behind: 422."""
    before = await _lock(tx, connection_id)
    if request.until is not None and request.until <= await clock(tx):
        raise invalid("/until", "the end of a pause lies ahead")
    after = replace(before, paused_by=actor, paused_until=request.until, pause_reason=request.reason)
    if after == before:
        audit_trail.nothing_changed()
        return
    await _write(tx, before, after, "paused", actor=actor, reason=request.reason, anew=False)


async def resume(tx: Tx, *, actor: str, connection_id: UUID) -> None:
    """Let it go on, whatever had stopped it, or turn it on again. One that runs stays as it is."""
    before = await _lock(tx, connection_id)
    if before.paused_by is None and before.stopped is None and not before.switched_off:
        audit_trail.nothing_changed()
        return
    after = replace(before, paused_by=None, paused_until=None, pause_reason="", switched_off=False)
    if before.switched_off:
        after = replace(after, ready=await _is_ready(tx, after))
    await _write(tx, before, after, "resumed", actor=actor)


async def set_secret(
    tx: Tx,
    *,
    actor: str,
    connection_id: UUID,
    store: SecretStore,
    request: SecretRequest,
    version: int | None = None,
) -> None:
    """Keep a secret; the one before stays valid for as long as is said, and those before it until their own end.

    Stale: 412; the program itself names no version. What cannot be kept or followed: 422.
    """
    before = await _lock(tx, connection_id)
    if version is not None:
        same_version(before.version, version)
    values: dict[str, Any] = {"sealed": None, "reference": "", "last_four": "", "fingerprint": ""}
    try:
        if request.value is not None:
            values["sealed"] = store.seal(connection_id, request.value)
            values |= {"last_four": last_four(request.value), "fingerprint": fingerprint(request.value)}
        elif request.reference is not None:
            if words := store.reference_blocker(request.reference, before.seed):
                raise invalid("/reference", words)
            values["reference"] = request.reference
    except SecretError as error:
        raise ProblemError(Code.CONFLICT, f"{str(error)[0].upper()}{str(error)[1:]}.") from None
    values |= {
        "connection_id": connection_id,
        "purpose": request.purpose,
        "actor": actor,
        "expires_at": request.expires_at,
        "hours": request.previous_hours,
        "overlap": request.previous_hours > 0,
    }
    if request.previous_hours and not before.stopped:  # one that was refused proves nothing any more
        await tx.execute(queries.keep_previous, values)
    await tx.execute(queries.end_previous, values)
    await tx.execute(queries.put_secret, values)
    after = replace(before, ready=before.ready or await _is_ready(tx, before))
    verb = "secret_set" if request.purpose is SecretPurpose.SEND else "hook_secret_set"
    await _write(tx, before, after, verb, actor=actor)


async def remove_secret(
    tx: Tx, *, actor: str, connection_id: UUID, purpose: SecretPurpose, version: int | None = None
) -> None:
    """Forget a secret. Without the one to send with, the connection is off, and what waits for it is given up.

    One that needs none is turned off all the same, until somebody resumes it. Stale: 412.
    """
    before = await _lock(tx, connection_id)
    if version is not None:
        same_version(before.version, version)
    values = {"connection_id": connection_id, "purpose": purpose}
    forgotten = await (await tx.execute(queries.delete_secret, values)).fetchone() is not None
    after = before
    if purpose is SecretPurpose.SEND:
        after = replace(before, ready=False, switched_off=not needs_secret(before.settings))
    if not forgotten and after == before:
        audit_trail.nothing_changed()
        return
    if before.ready and not after.ready:
        await _give_up(tx, connection_id, "given up when the connection was turned off", actor)
    verb = "secret_removed" if purpose is SecretPurpose.SEND else "hook_secret_removed"
    await _write(tx, before, after, verb, actor=actor)


async def remove(tx: Tx, *, actor: str, connection_id: UUID, version: int) -> None:
    """Take a connection out of use for good: secrets and routes are forgotten, letters and history stay.

    Stale: 412. While dead letters wait for somebody, or a setting names it: 409.
    """
    before = await _lock(tx, connection_id)
    same_version(before.version, version)
    values = {"connection_id": connection_id}
    unsettled = await (await tx.execute(queries.unsettled, values)).fetchone()
    if unsettled is not None and unsettled[0]:
        words = counted(unsettled[0], "dead letter waits", "dead letters wait")
        raise ProblemError(Code.CONFLICT, f"{words} for a decision: replay, discard or resolve first.")
    if before.seed in WEBHOOKS and before.ready:
        variable = f"OPSCONSOLE_{before.seed.upper()}"
        words = f"{variable} names {before.name}, and it would come back: unset it and start the worker again first."
        raise ProblemError(Code.CONFLICT, words)
    await _give_up(tx, connection_id, "given up when the connection was removed", actor)
    await tx.execute(queries.release_commands, values)
    for purpose in SecretPurpose:
        await tx.execute(queries.delete_secret, values | {"purpose": purpose})
    await tx.execute(queries.forget_threads, values)
    await _unroute(tx, connection_id, actor)
    await _write(tx, before, replace(before, ready=False), "removed", actor=actor)
    await tx.execute(queries.remove, values)


async def ask_for_proof(tx: Tx, *, actor: str, connection_id: UUID) -> datetime:
    """Have the worker send a canary at once; returns since when its answer counts."""
    row = await _lock(tx, connection_id)
    if not row.ready:
        raise ProblemError(Code.CONFLICT, f"{row.name} is off: enter its secret first.")
    since = await (await tx.execute(queries.ask_for_proof, {"connection_id": connection_id})).fetchone()
    assert since is not None  # noqa: S101 - every connection has a row
    await _record(tx, "tested", None, row, actor=actor)
    asked_at: datetime = since[0]
    return asked_at


async def seed(
    tx: Tx, *, name: str, seed: str, settings: ConnectionSettings, store: SecretStore, secret: SecretRequest
) -> tuple[UUID, bool]:
    """Make a connection that the program names, or follow an address that it changed; says whether it is new.

    An address that an operator has changed is kept until the program itself has another one.
    """
    known = await seeded(tx, seed)
    url = getattr(settings, "url", "")
    if known is None or known.removed:
        actor, request = audit_trail.WORKER, ConnectionRequest(name=await _free_name(tx, name, seed), settings=settings)
        connection_id = await create(tx, actor=actor, request=request, seed=seed)
    else:
        connection_id = known.id
    await follow(tx, connection_id=connection_id, url=url)
    kept = await _lock(tx, connection_id)
    if getattr(kept.settings, "url", "") == url and not await _has_secret(tx, connection_id):
        await set_secret(tx, actor=audit_trail.WORKER, connection_id=connection_id, store=store, request=secret)
    return connection_id, known is None or known.removed


async def follow(tx: Tx, *, connection_id: UUID, url: str) -> None:
    """Have it lead where the program says, if the program says something new."""
    before = await _lock(tx, connection_id)
    given = await (await tx.execute(queries.note_seeded_url, {"connection_id": connection_id, "url": url})).fetchone()
    led = getattr(before.settings, "url", None)
    if given == (url,) or led == url:
        return
    if given != (led,):  # it led where an operator wanted it to, and so did its secret
        await tx.execute(queries.delete_secret, {"connection_id": connection_id, "purpose": SecretPurpose.SEND})
    settings = SETTINGS.validate_python(before.settings.model_dump() | {"url": url})
    await _write(tx, before, replace(before, settings=settings), "changed", actor=audit_trail.WORKER)


async def seeded(tx: Tx, seed: str) -> Seeded | None:
    """The newest connection the program has made under this name, whatever has become of it."""
    async with tx.cursor(row_factory=class_row(Seeded)) as cursor:
        await cursor.execute(queries.seeded, {"seed": seed})
        return await cursor.fetchone()


async def unseed(tx: Tx, *, seed: str) -> None:
    """No setting names it any more: it is off."""
    known = await seeded(tx, seed)
    if known is not None and not known.removed:
        await remove_secret(tx, actor=audit_trail.WORKER, connection_id=known.id, purpose=SecretPurpose.SEND)


def patterns(subscriptions: tuple[str, ...]) -> list[str]:
    """What is subscribed to, for LIKE: an underscore is one, and a star at the end is anything."""
    return [
        (each.removesuffix("*") + "%" if each.endswith("*") else each).replace("_", r"\_") for each in subscriptions
    ]


async def _free_name(tx: Tx, name: str, seed: str) -> str:
    taken = await (await tx.execute(queries.name_taken, {"name": name, "connection_id": None})).fetchone()
    return f"{name} ({seed})" if taken == (True,) else name


async def _give_up(tx: Tx, connection_id: UUID, reason: str, actor: str) -> None:
    await tx.execute(queries.discard_waiting, {"connection_id": connection_id, "reason": reason, "actor": actor})


async def _unroute(tx: Tx, connection_id: UUID, actor: str) -> None:
    """Nobody hears of anything by this connection any more."""
    row = await (await tx.execute(queries.unroute, {"connection_id": connection_id, "actor": actor})).fetchone()
    if row is not None:
        await audit_trail.record(
            tx,
            actor=actor,
            action="deliveries.route_map.changed",
            resource_type="route_map",
            resource_id="routes",
            version=row[0],
        )


async def _is_ready(tx: Tx, row: _Row) -> bool:
    if not needs_secret(row.settings):
        return not row.switched_off
    return await _has_secret(tx, row.id)


async def _has_secret(tx: Tx, connection_id: UUID) -> bool:
    return await (await tx.execute(queries.has_secret, {"connection_id": connection_id})).fetchone() == (True,)


async def _lock(tx: Tx, connection_id: UUID) -> _Row:
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.lock, {"connection_id": connection_id})
        row = await cursor.fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such connection.")
    settings = SETTINGS.validate_python(row["settings"])
    return _Row(**row | {"settings": settings, "subscriptions": tuple(row["subscriptions"])})


async def _write(
    tx: Tx, before: _Row, after: _Row, verb: str, *, actor: str, reason: str | None = None, anew: bool = True
) -> None:
    values = {
        "connection_id": after.id,
        "name": after.name,
        "kind": after.kind,
        "settings": Jsonb(after.settings.model_dump(mode="json")),
        "subscriptions": list(after.subscriptions),
        "patterns": patterns(after.subscriptions),
        "rate": after.rate,
        "ready": after.ready,
        "switched_off": after.switched_off,
        "paused_by": after.paused_by,
        "paused_until": after.paused_until,
        "pause_reason": after.pause_reason,
        "actor": actor,
    }
    await tx.execute(queries.change, values)
    which = {"connection_id": after.id}
    if after.ready and not before.ready:
        await tx.execute(queries.begin_now, which)
    if anew:
        await tx.execute(queries.start_anew, which)
        await tx.execute(queries.all_due, which)
    await _record(tx, verb, before, replace(after, version=before.version + 1), actor=actor, reason=reason)


async def _record(
    tx: Tx, verb: str, before: _Row | None, after: _Row, *, actor: str, reason: str | None = None
) -> None:
    pictures = [None if each is None else each.audit_snapshot() for each in (before, after)]
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"deliveries.connection.{verb}",
        resource_type="connection",
        resource_id=str(after.id),
        label=after.name,
        version=after.version,
        before=pictures[0] if pictures[0] != pictures[1] else None,  # of a new secret nothing is shown
        after=pictures[1],
        reason=reason,
    )


def _name_taken(name: str) -> ProblemError:
    return invalid("/name", f"another connection is called {name}")
