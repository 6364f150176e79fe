"""Rosters, written down as the API answers them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from models.oncall.policies import DoubleBooking
from models.oncall.rosters import Gap, LayerSpans, Roster, RosterBoard, Span
from models.oncall.schedules import InsteadOf, Override, Swap, SwapState

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
NAMES = {"tomas": "Tomas Keller", "mei": "Mei Tanaka", "rui": "Rui Costa", "jana": "Jana Novak"}


def at(day: int, hour: int = 0) -> datetime:
    """So many days and hours after Monday."""
    return MONDAY + timedelta(days=day, hours=hour)


def span(start: datetime, end: datetime, *people: str) -> Span:
    return Span(start=start, end=end, people=people)


def override(start: datetime, end: datetime, *people: str, **more: Any) -> Override:
    known: dict[str, Any] = {
        "id": "o1",
        "schedule_id": "operations",
        "start": start,
        "end": end,
        "people": people,
        "instead_of": InsteadOf.PERSON,
        "person": "tomas",
        "recorded_at": MONDAY,
        "recorded_by": "jana",
        "cancelled_at": None,
        "cancelled_by": None,
        "swap_id": None,
        "reason": "A wedding",
    }
    return Override(**(known | more))


def swap(start: datetime, end: datetime, **more: Any) -> Swap:
    known: dict[str, Any] = {
        "id": "s1",
        "schedule_id": "operations",
        "schedule_name": "Operations",
        "person": "tomas",
        "person_name": "Tomas Keller",
        "to": None,
        "to_name": None,
        "start": start,
        "end": end,
        "back_start": None,
        "back_end": None,
        "reason": "",
        "state": SwapState.REQUESTED,
        "requested_at": MONDAY,
        "decided_at": None,
        "decided_by": None,
        "comment": "",
        "version": 1,
    }
    return Swap(**(known | more))


def roster(*spans: Span, **more: Any) -> Roster:
    known: dict[str, Any] = {
        "schedule_id": "operations",
        "schedule_name": "Operations",
        "team": "operations",
        "zone": "UTC",
        "spans": spans,
        "layers": (LayerSpans(name="First", rank=1, spans=spans),),
        "overrides": (),
        "gaps": (),
        "version": 1,
    }
    return Roster(**(known | more))


def gap(start: datetime, end: datetime) -> Gap:
    return Gap(start=start, end=end)


def twice(person: str, start: datetime, end: datetime, *schedules: str) -> DoubleBooking:
    return DoubleBooking(
        policy_id="p",
        policy_name="Operations",
        person=person,
        person_name=NAMES[person],
        schedule_ids=schedules,
        start=start,
        end=end,
    )


def board(*rosters: Roster, **more: Any) -> RosterBoard:
    known: dict[str, Any] = {
        "start": at(-1),
        "end": at(15),
        "rosters": rosters,
        "double_bookings": (),
        "names": NAMES,
        "as_of": MONDAY,
    }
    return RosterBoard(**(known | more))
