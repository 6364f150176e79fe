"""Keeping what came in, and doing what it asks for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from backend.core import audit_trail
from backend.core.database import Connection
from backend.core.defer import defer
from backend.core.json import storable_json
from backend.core.logs import logger
from backend.core.problems import ProblemError
from backend.deliveries.channel import HookContentError, HookError, HookMessage
from backend.deliveries.hooks import queries
from backend.deliveries.ports import Alarms, DeliveryPorts
from backend.deliveries.secrets import SecretError, SecretStore
from backend.deliveries.sending.actions import secrets_of
from models.core.problems import Code
from models.deliveries.connections import ConnectionKind, SecretPurpose

log = logger(__name__)

HOOK_JOB: Final = "deliveries.hook"
ID_MOST: Final = 200


async def receive(
    tx: Connection,
    *,
    ports: DeliveryPorts,
    store: SecretStore,
    connection_id: UUID,
    headers: dict[str, str],
    body: bytes,
) -> HookMessage:
    """Verify a message and keep it, once. No such hook: 404. Not genuine: 401. Genuine, but not to be read: 422."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.connection, {"connection_id": connection_id})
        row = await cursor.fetchone()
    reader = None if row is None else ports.hooks.get(ConnectionKind(row["kind"]))
    if row is None or reader is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such hook.")
    try:
        secrets = await secrets_of(tx, store, connection_id, SecretPurpose.RECEIVE)
        if not secrets.current:
            raise ProblemError(Code.NOT_FOUND, "There is no such hook.")
        message = reader.read(secrets, headers, body, datetime.now(UTC))
    except SecretError:  # how we are set up is nobody's business out there
        log.exception("a hook has a secret that cannot be read", connection_id=str(connection_id))
        raise ProblemError(Code.UNAUTHENTICATED, "The message cannot be verified at the moment.") from None
    except HookError as error:
        raise ProblemError(Code.UNAUTHENTICATED, _sentence(error)) from None
    except HookContentError as error:
        raise ProblemError(Code.INVALID, _sentence(error)) from None
    if message.answer is not None:
        audit_trail.nothing_changed()
        return message
    data = storable_json({**message.data, "acknowledges": message.acknowledges, "by": message.by})
    values = {
        "connection_id": connection_id,
        "provider_id": message.id[:ID_MOST],
        "type": message.type,
        "data": Jsonb(data),
    }
    kept = await (await tx.execute(queries.insert, values)).fetchone()
    if kept is None:
        audit_trail.nothing_changed()  # it is here already
        return message
    await defer(tx, HOOK_JOB, hook_id=str(kept[0]))
    await audit_trail.record(
        tx,
        actor=f"connection:{connection_id}",
        action="deliveries.hook.received",
        resource_type="connection",
        resource_id=str(connection_id),
        label=row["name"],
        after={"type": message.type, "id": message.id[:ID_MOST]},
    )
    return message


def _sentence(error: Exception) -> str:
    return f"{str(error)[0].upper()}{str(error)[1:].rstrip('.')}."


async def work(tx: Connection, alarms: Alarms | None, hook_id: UUID) -> None:
    """Do what a message asks for; a second time there is nothing to do."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.lock, {"hook_id": hook_id})
        row = await cursor.fetchone()
    if row is None:
        return
    words = await _do(tx, alarms, row["name"], row["data"])
    await tx.execute(queries.worked, {"hook_id": hook_id, "words": words})


async def _do(tx: Connection, alarms: Alarms | None, name: str, data: dict[str, Any]) -> str:
    thread = data.get("acknowledges")
    if not thread or alarms is None:
        return "nothing to do"
    by = f"{data.get('by') or 'somebody'} in {name}"
    if await alarms.acknowledge(tx, thread=str(thread), actor=by[:ID_MOST], comment=f"Acknowledged by {by}"):
        return "acknowledged"
    return "what it acknowledges is no open alert"
