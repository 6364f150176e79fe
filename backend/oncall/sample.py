"""On-call of the sample shop: rosters of three teams with overrides, swaps and a gap, and policies that page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from backend.core.audit_trail import SAMPLE_SHOP
from backend.core.database import Connection
from backend.core.sample_shop import SampleShop
from backend.oncall.policies import actions as policies
from backend.oncall.schedules import actions as schedules
from backend.oncall.schedules.loading import on_call
from backend.oncall.swaps import actions as swaps
from backend.oncall.swaps import reads
from models.deliveries.routing import Team
from models.oncall.policies import PolicyRequest
from models.oncall.schedules import Definition, InsteadOf, OverrideRequest, ScheduleRequest, SwapDecision, SwapState
from models.oncall.schedules import SwapRequest as Swap

DAY: Final = timedelta(days=1)
WEEK: Final = 7 * DAY
_WEEK: Final = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


async def create(tx: Connection, shop: SampleShop) -> None:
    """Store rosters as old as the shop, and what is ahead of whoever opens it."""
    monday = (shop.since - shop.since.weekday() * DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    weekly = {"unit": "days", "every": 7}
    first = _layer("First", [["tomas"], ["mei"], ["rui"]], "UTC", monday + DAY, 18, **weekly)
    second = _layer("Second", [["mei"], ["rui"], ["tomas"]], "UTC", monday + DAY, 18, **weekly)
    day = _layer("Day", [["ada"], ["jana"]], "Europe/Berlin", monday, 7, windows=[_window(7, 19)], rank=2, **weekly)
    # Longer than the day leaves it: Berlin and Vancouver do not change their clocks in the same week.
    night = _layer("Night", [["rui"], ["mei"]], "America/Vancouver", monday, 8, windows=[_window(8, 23)], **weekly)
    office = _layer(
        "Weekdays", [["ada"], ["jana"], ["tomas"]], "UTC", monday, 7, windows=[_window(7, 17, _WEEK[:5])], **weekly
    )
    always = {"zone": "UTC"}
    operations = await _schedule(tx, shop, "Operations", Team.OPERATIONS, "UTC", [first], always)
    backup = await _schedule(tx, shop, "Operations, second", Team.OPERATIONS, "UTC", [second], None)
    payments = await _schedule(tx, shop, "Payments", Team.PAYMENTS, "Europe/Berlin", [day, night], always)
    weekdays = {"zone": "UTC", "windows": [_window(7, 17, _WEEK[:5])]}
    risk = await _schedule(tx, shop, "Risk", Team.RISK, "UTC", [office], weekdays)
    await _ahead(tx, shop.opened_at, operations, payments, risk)
    await _policies(tx, operations, backup, payments, risk)


async def _ahead(tx: Connection, now: datetime, operations: UUID, payments: UUID, risk: UUID) -> None:
    """Overrides, a swap that was taken, one that waits, and a day for which nobody was found."""
    saturday = _next(now, 5)
    await _override(tx, operations, saturday + timedelta(hours=8), 12, ["jana"], "A wedding")
    await _override(tx, risk, _weekday_after(now) + timedelta(hours=9), 3, ["mei"], "At the dentist")
    await _override(tx, payments, saturday + WEEK + timedelta(hours=7), 8, [], "Away, nobody found yet")
    schedule_id = str(operations)
    for week, state in ((4, SwapState.TAKEN), (5, None)):
        start = saturday + week * WEEK + DAY
        giver = await _on_call(tx, operations, start)
        request = Swap(schedule_id=schedule_id, start=start, end=start + DAY, person=giver, reason="Family is here")
        swap_id = await swaps.ask(tx, who=swaps.Swapper(giver, manages=False), request=request)
        if state is SwapState.TAKEN:
            taker = swaps.Swapper("ada", manages=False)
            version = (await reads.swap(tx, swap_id)).version
            decision = SwapDecision(decision=SwapState.TAKEN, comment="Gladly")
            await swaps.decide(tx, who=taker, swap_id=swap_id, version=version, request=decision)


async def _policies(tx: Connection, operations: UUID, backup: UUID, payments: UUID, risk: UUID) -> None:
    lead = {"kind": "person", "id": "tomas"}
    everybody = {"kind": "everybody", "id": str(operations)}
    steps: list[dict[str, Any]] = [
        {"afterMinutes": 0, "targets": [_on(operations)]},
        {"afterMinutes": 5, "targets": [_on(operations)], "severities": ["P1", "P2"]},
        {"afterMinutes": 5, "targets": [_on(backup)], "severities": ["P1", "P2"]},
        {"afterMinutes": 10, "targets": [lead], "severities": ["P1", "P2"]},
        {"afterMinutes": 10, "targets": [everybody], "tellTeam": True, "severities": ["P1"]},
    ]
    await _policy(tx, "Operations", Team.OPERATIONS, steps, repeats=2, fallback=[lead], unacknowledgeMinutes=30)
    steps = [
        {"afterMinutes": 0, "targets": [_on(payments)]},
        {"afterMinutes": 10, "targets": [_on(operations)], "tellTeam": True},
    ]
    await _policy(tx, "Payments", Team.PAYMENTS, steps, repeats=1, fallback=[lead])
    steps = [
        {"afterMinutes": 0, "targets": [_on(risk)]},
        {"afterMinutes": 15, "targets": [_on(operations)]},
    ]
    await _policy(tx, "Risk", Team.RISK, steps, repeats=0, fallback=[{"kind": "person", "id": "ada"}])


async def _schedule(
    tx: Connection,
    shop: SampleShop,
    name: str,
    team: Team,
    zone: str,
    layers: list[dict[str, Any]],
    cover: dict[str, Any] | None,
) -> UUID:
    definition = Definition.model_validate({"layers": layers, "cover": cover})
    request = ScheduleRequest(name=name, team=team, zone=zone, definition=definition)
    return await schedules.create(tx, actor=SAMPLE_SHOP, request=request, since=shop.since)


async def _override(
    tx: Connection, schedule_id: UUID, start: datetime, hours: int, people: list[str], reason: str
) -> None:
    giver = await _on_call(tx, schedule_id, start)
    request = OverrideRequest(
        start=start,
        end=start + timedelta(hours=hours),
        people=tuple(people),
        instead_of=InsteadOf.PERSON,
        person=giver,
        reason=reason,
    )
    await schedules.add_override(tx, actor="tomas", schedule_id=schedule_id, request=request)


async def _on_call(tx: Connection, schedule_id: UUID, at: datetime) -> str:
    return (await on_call(tx, schedule_id, at))[0]


async def _policy(tx: Connection, name: str, team: Team, steps: list[dict[str, Any]], **more: Any) -> None:
    request = PolicyRequest.model_validate({"name": name, "team": team, "definition": {"steps": steps, **more}})
    await policies.create(tx, actor=SAMPLE_SHOP, request=request)


def _on(schedule_id: UUID) -> dict[str, str]:
    return {"kind": "on_call", "id": str(schedule_id)}


def _layer(name: str, seats: list[list[str]], zone: str, day: datetime, hour: int, **more: Any) -> dict[str, Any]:
    return {"name": name, "seats": seats, "zone": zone, "anchor": f"{day:%Y-%m-%d}T{hour:02}:00", **more}


def _window(start: int, end: int, weekdays: list[str] | None = None) -> dict[str, Any]:
    return {"weekdays": weekdays or _WEEK, "start": f"{start:02}:00", "end": f"{end:02}:00"}


def _next(now: datetime, weekday: int) -> datetime:
    """The midnight with which the next such day begins; never today."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + ((weekday - now.weekday() - 1) % 7 + 1) * DAY


def _weekday_after(now: datetime) -> datetime:
    """The day after tomorrow, or the Monday after it."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0) + 2 * DAY
    return day if day.weekday() < 5 else day + (7 - day.weekday()) * DAY
