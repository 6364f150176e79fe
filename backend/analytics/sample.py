"""The sample shop's tracking plan, a draft that would break something, and a week of events, mistakes among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from backend.analytics.event_text import read_item, write_item
from backend.analytics.inbox.actions import change
from backend.analytics.inbox.reads import ViolationFilter, violations
from backend.analytics.intake.actions import Intake, ingest_calls
from backend.analytics.landing.actions import make_day, take
from backend.analytics.landing.judged import judge_call
from backend.analytics.landing.sealing import Sealer
from backend.analytics.landing.shapes import Call, read_calls
from backend.analytics.own.catalogue import definitions
from backend.analytics.plan.checking import CALLS, at_of
from backend.analytics.radius.actions import ask
from backend.analytics.registry.actions import register, set_mode, write_draft
from backend.analytics.validation.compiled import PlanCache
from backend.core.audit_trail import SAMPLE_SHOP
from backend.core.clock import clock
from backend.core.database import Connection, Database
from backend.core.rows import readable
from backend.core.sample_shop import SampleShop, sample_resource
from backend.core.settings import Settings
from models.analytics import EventMode, EventSchemaDraft, ModeRequest
from models.analytics.changes import RadiusRequest
from models.analytics.events import ViolationChange

DAYS: Final = 7
SLOTS: Final = (2, 8, 12, 16, 20)
"""Hours of a day at which a part of its events comes in."""
EACH: Final = 120
"""Events of one slot."""
SPREAD: Final = timedelta(minutes=50)
LIVE: Final = 3
"""Events of one turn while the shop is open."""
ASSIGNED: Final = {"Download Failed": "rui", "Order Completed": "mei"}
"""Who looks into the mistakes of an event."""
_PRODUCTS: Final = ("Corvid CR-20", "Fjordland West", "Cloudbase 3", "Atlas Terrain")


async def create(tx: Connection, shop: SampleShop) -> None:
    """Make them."""
    given = sample_resource("events")
    for each in definitions():
        await register(tx, each)
    for event in given["events"]:
        await register(tx, _draft(given, event))
        mode = EventMode(event["mode"])
        if mode is not EventMode.OBSERVE:
            request = ModeRequest(event_name=event["eventName"], mode=mode, reason="As agreed with its owners")
            await set_mode(tx, actor=SAMPLE_SHOP, environment=shop.settings.environment, request=request)
    await _land(tx, given, shop)
    await _assign(tx)
    await _solve(tx, given)
    change_of = given["draft"]
    event = next(each for each in given["events"] if each["eventName"] == change_of["eventName"])
    draft = await write_draft(
        tx, actor=SAMPLE_SHOP, request=_draft(given, _changed(event, change_of), change_of["change"])
    )
    await ask(tx, actor=SAMPLE_SHOP, request=RadiusRequest(event_name=draft.event_name, version=draft.version))


def _draft(
    given: Mapping[str, Any], event: Mapping[str, Any], change: Mapping[str, Any] | None = None
) -> EventSchemaDraft:
    properties = []
    for named in event["properties"]:
        name = named.removesuffix("*")
        schema = (change or {}).get(name, given["properties"][name]["schema"])
        properties.append(given["properties"][name] | {"name": name, "required": named != name, "schema": schema})
    content = {name: event[name] for name in ("eventName", "description")}
    more = {"owners": [event["owner"]], "properties": properties, "additionalProperties": False}
    return EventSchemaDraft.model_validate(content | more)


def _changed(event: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    kept = [each for each in event["properties"] if each.removesuffix("*") not in change["without"]]
    return {**event, "properties": [*kept, *change["with"]]}


async def keep_sending(db: Database, settings: Settings) -> None:
    """A few events as they happen, the mistakes of an old app among them."""
    given = sample_resource("events")
    async with db.transaction() as tx:
        now, intake = await clock(tx), Intake.of(settings, PlanCache())
        known = (await intake.plans.current(tx)).events
        if not all(each["eventName"] in known for each in given["events"]):
            return  # the shop is not there yet, or is another one
        calls = list(_calls(given, Random(), now, now, each=LIVE, spread=timedelta(seconds=LIVE)))  # noqa: S311 - a shop
        await ingest_calls(tx, intake, calls, now, sent_by=SAMPLE_SHOP)


async def _solve(tx: Connection, given: Mapping[str, Any]) -> None:
    """One mistake was the plan's: since it was corrected, what is held for it would pass."""
    change = given["solved"]
    event = next(each for each in given["events"] if each["eventName"] == change["eventName"])
    await register(tx, _draft(given, {**event, "properties": [*event["properties"], *change["with"]]}))


async def _assign(tx: Connection) -> None:
    """Some of the mistakes are looked into already, by whoever looks after the event."""
    for group in readable(await violations(tx, ViolationFilter(), last_seen=None, last_id=None, limit=100)):
        if (owner := ASSIGNED.get(group.event_name)) is not None:
            request = ViolationChange(assigned_to=owner)
            await change(tx, actor=SAMPLE_SHOP, violation_id=UUID(group.id), version=group.version, request=request)


async def _land(tx: Connection, given: Mapping[str, Any], shop: SampleShop) -> None:
    """A week of events, a slot at a time, as if each had come in then."""
    opened_at, environment, sealer = shop.opened_at, shop.settings.environment, Sealer(shop.settings)
    plan, random = await PlanCache().current(tx), Random(7)  # noqa: S311 - the same shop each time
    begin = opened_at.replace(minute=0, second=0, microsecond=0)
    for day in range(DAYS - 1, -1, -1):
        for hour in SLOTS:
            at = (begin - timedelta(days=day)).replace(hour=hour)
            if at > opened_at:
                continue
            await make_day(tx, at.date())
            calls = list(_calls(given, random, at, opened_at))
            events = [judge_call(each, plan, environment, at, sealed=sealer.ready) for each in calls]
            await take(tx, events, environment=environment, now=at, sealer=sealer)


def _calls(
    given: Mapping[str, Any],
    random: Random,
    at: datetime,
    opened_at: datetime,
    *,
    each: int = EACH,
    spread: timedelta = SPREAD,
) -> Iterator[Call]:
    """``each`` events that happened within ``spread`` before ``at``."""
    chosen = random.choices(given["events"], [event["weight"] for event in given["events"]], k=each)
    old = (opened_at - at).days
    for number, event in enumerate(chosen):
        sender = event["sender"]
        version = random.choice(given["senders"][sender])
        properties = {name.removesuffix("*"): _value(name.removesuffix("*"), random) for name in event["properties"]}
        name = event["eventName"]
        for mistake in given["mistakes"]:
            is_its = (mistake["event"], mistake["sender"], mistake["version"]) == (name, sender, version)
            if is_its and old < mistake["days"] and number % mistake["every"] == 0:
                properties |= mistake.get("set", {})
                name = mistake.get("name", name)
        kind = name if name in CALLS else "track"
        body: dict[str, Any] = {
            "type": kind,
            "messageId": str(UUID(int=random.getrandbits(128))),
            "anonymousId": f"a-{random.randrange(5_000)}",
            "timestamp": (at - spread * random.random()).isoformat(),
            "context": {"app": {"name": sender, "version": version}},
            "properties" if kind == "track" else at_of(kind)[1:]: properties,
        }
        if kind == "track":
            body["event"] = name
        yield from read_calls([read_item(write_item(body))], at)


def _value(name: str, random: Random) -> Any:
    number = random.randrange(10_000)
    values: dict[str, Any] = {
        "order_id": f"CS-{48_000 + number}",
        "total": round(random.uniform(9, 320), 2),
        "currency": random.choice(("EUR", "EUR", "GBP", "USD")),
        "payment_kind": random.choice(("card", "card", "invoice", "wallet")),
        "customer_email": f"customer{number}@example.com",
        "email": f"customer{number}@example.com",
        "name": f"Customer {number}",
        "device_id": f"device-{number}",
        "items": [{"sku": "M330-WB", "price": 21.95}],
        "reason": random.choice(("timeout", "checksum", "cancelled")),
        "sku": random.choice(("M330-WB", "CLOUDBASE-3", "FJORD-W")),
        "price": round(random.uniform(5, 90), 2),
        "search_text": random.choice(("fjord", "night lighting", "airbus")),
        "item_count": random.randrange(1, 6),
        "country": random.choice(("DE", "AT", "NL", "GB", "US")),
        "provider_code": random.choice(("insufficient_funds", "expired_card", "3ds_failed")),
        "coupon_code": "SPRING10",
        "file": random.choice(("fjordland-west-2.zip", "corvid-cr20.zip")),
        "size_mb": float(random.randrange(200, 3_000)),
        "region": random.choice(("fra2", "iad1", "sin1")),
        "from_version": "1.9",
        "to_version": "2.0",
        "product": random.choice(_PRODUCTS),
        "seat": random.randrange(1, 4),
        "stars": random.randrange(1, 6),
        "list": random.choice(("weekly", "releases")),
        "topic": random.choice(("order", "download", "licence", "other")),
    }
    return values[name]
