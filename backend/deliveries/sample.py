"""The outside systems of the sample shop in every state, with their last day; those that are not live reach nowhere."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from backend.core.audit_trail import SAMPLE_SHOP
from backend.core.database import Connection, load_queries
from backend.core.json import dumps
from backend.core.sample_shop import Order, SampleShop
from backend.deliveries.connections import actions
from backend.deliveries.sending.seeds import SAMPLE, route_sample, settings_of
from models.deliveries.connections import (
    ConnectionRequest,
    ConnectionSettings,
    PagerDutySettings,
    SlackSettings,
    WebhookSettings,
)

queries = load_queries(__package__, "sample.sql")

NOWHERE: Final = "https://shop.invalid"
"""No name of the internet; the live ones get the address of each run when the worker starts."""
DONE: Final = 12
"""Commands of the last day that the shop has carried out."""
_REFUSED: Final = "answered 422: the payment was refunded by hand"
_BROKEN: Final = "answered 500: ledger locked"
_LOST: Final = "its answer was lost, and the shop does not say whether it is done"


async def create(tx: Connection, shop: SampleShop) -> None:
    """Make them, and what became of what was sent."""
    now = shop.opened_at
    live = {
        name: await _connect(tx, called, settings_of(f"sample_{name}", NOWHERE), seed=f"sample_{name}")
        for name, called in SAMPLE.items()
    }
    for name, connection_id in live.items():
        await route_sample(tx, name, connection_id)
    paused = await _connect(tx, "Newsletter", WebhookSettings(url=f"{NOWHERE}/newsletter"))
    refused = await _connect(tx, "Fraud desk", SlackSettings(channel="C0FRAUDDESK", url=f"{NOWHERE}/slack"))
    await _connect(tx, "On-call pager", PagerDutySettings(url=f"{NOWHERE}/pager"))  # without a secret it is off
    await tx.execute(queries.addresses, {"since": shop.since})
    values: dict[str, Any] = {"actor": SAMPLE_SHOP, "now": now}
    await tx.execute(queries.secrets, values | {"connections": [paused, refused]})
    reason = "The provider moves to another address"
    await tx.execute(queries.paused, values | {"connection_id": paused, "reason": reason})
    await tx.execute(queries.misconfigured, {"connection_id": refused})
    await tx.execute(
        queries.health, {"now": now, "connection_id": paused, "stopped": None, "problem": "", "proof": "proven"}
    )
    await tx.execute(
        queries.health,
        {
            "now": now,
            "connection_id": refused,
            "stopped": "misconfigured",
            "problem": "Slack answered invalid_auth",
            "proof": "failed",
        },
    )
    for name, mean in (("shop", 6), ("support", 9)):
        await _hours(tx, live[name], now, mean=mean)
    await _hours(tx, live["finance"], now, mean=0)  # it is closed: tries, and nothing that arrives
    await _hours(tx, paused, now - timedelta(hours=3), mean=4)
    await _hours(tx, refused, now - timedelta(hours=3), mean=7)
    orders = list(shop.market.orders_placed(now - timedelta(hours=23), now - timedelta(minutes=20)))
    await _commands(tx, live["shop"], orders, now - timedelta(minutes=10))


async def _connect(tx: Connection, name: str, settings: ConnectionSettings, seed: str | None = None) -> UUID:
    request = ConnectionRequest(name=name, settings=settings)
    return await actions.create(tx, actor=SAMPLE_SHOP, request=request, seed=seed)


async def _hours(tx: Connection, connection_id: UUID, until: datetime, *, mean: int) -> None:
    dice = Random(f"deliveries/{mean}")  # noqa: S311 - invented trade, nothing secret
    last = until.replace(minute=0, second=0, microsecond=0)
    begins = [last - timedelta(hours=hours) for hours in range(1, 24)]
    sent = [max(0, round(dice.gauss(mean, mean / 3))) for _ in begins]
    retried = [dice.choice((0, 0, 0, 0, 1, 2) if mean else (1, 2, 2, 3)) for _ in begins]
    values = {"begins": begins, "sent": sent, "retried": retried, "dead": [0] * len(begins)}
    await tx.execute(queries.hours, {"connection_id": connection_id} | values)


async def _commands(tx: Connection, connection_id: UUID, orders: list[Order], until: datetime) -> None:
    """What the shop was asked for: two were refused, of one nobody knows, the others are done."""
    fates = [
        ("dead", "order.refund", 422, _REFUSED, 1),
        ("dead", "order.cancel", 500, _BROKEN, 10),
        ("uncertain", "order.refund", None, _LOST, 1),
        *[("done", "order.release", 200, "answered 200", 1)] * DONE,
    ]
    for (state, name, status, words, attempts), order in zip(
        fates, orders[:: max(1, len(orders) // len(fates))], strict=False
    ):
        data = {"orderId": order.id, "amount": order.total, "currency": order.currency}
        exchange = {
            "requestLine": f"POST {NOWHERE}",
            "requestHeaders": {"content-type": "application/json", "webhook-signature": "••••"},
            "requestBody": dumps({"type": name, "timestamp": order.settled_at, "data": data}),
            "answerHeaders": {} if status is None else {"content-type": "application/json"},
            "answerBody": "" if status is None else dumps({"state": state, "detail": words}),
        }
        tried = {"at": order.settled_at.isoformat(), "seconds": 0.18, "status": status, "words": words}
        values = {"name": name, "about": order.id, "connection_id": connection_id, "state": state, "status": status}
        values |= {"attempts": attempts, "at": min(order.settled_at, until), "words": words}
        kept = {"data": Jsonb(data), "exchange": Jsonb(exchange), "history": Jsonb([tried])}
        await tx.execute(queries.command, values | kept)
