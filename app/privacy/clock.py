"""How far a request is between its receipt and its dates, and what hurries. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from models.privacy.requests import OPEN_STATES, PrivacyRequest

NEAR = timedelta(days=3)
"""So near the legal date it becomes urgent, whatever the internal date says."""
_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60


class Urgency(Enum):
    """How a bar is drawn."""

    IN_TIME = "in time"
    INTERNALLY_LATE = "past the internal date"
    NEAR = "near the legal date"
    LATE = "past the legal date"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class ClockFace:
    """A request's clock at an instant. Shares are of the time from receipt to the legal date, from 0 to 1."""

    urgency: Urgency
    passed: float
    internal: float
    legal_left: timedelta
    internal_left: timedelta
    """Negative once it is late."""
    day: int
    """Of so many since it was received, today included."""


def clock_face(request: PrivacyRequest, now: datetime) -> ClockFace:
    """What the clock of a request shows at ``now``; of a closed one, when it was closed."""
    at = now if request.completed_at is None else min(now, request.completed_at)
    whole = max(1.0, (request.due_at - request.submitted_at).total_seconds())

    def share(instant: datetime) -> float:
        return min(1.0, max(0.0, (instant - request.submitted_at).total_seconds() / whole))

    legal_left, internal_left = request.due_at - at, request.internal_at - at
    if request.status not in OPEN_STATES:
        urgency = Urgency.CLOSED
    elif legal_left <= timedelta():
        urgency = Urgency.LATE
    elif legal_left <= NEAR:
        urgency = Urgency.NEAR
    elif internal_left <= timedelta():
        urgency = Urgency.INTERNALLY_LATE
    else:
        urgency = Urgency.IN_TIME
    day = max(0, (at - request.submitted_at).days) + 1
    return ClockFace(urgency, share(at), share(request.internal_at), legal_left, internal_left, day)


def span_words(span: timedelta) -> str:
    """``12 d``, ``2 d 19 h``, ``5 h 04``, ``12 min``: the nearer, the finer."""
    whole = int(abs(span.total_seconds()))
    if whole >= 7 * _DAY:
        return f"{whole // _DAY} d"
    if whole >= _DAY:
        return f"{whole // _DAY} d {whole % _DAY // _HOUR:02d} h"
    if whole >= _HOUR:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02d}"
    return f"{whole // _MINUTE} min"


def days_words(left: timedelta) -> str:
    """``8 d late``, ``14 d left``; in hours within a day."""
    span = abs(left)
    words = f"{span.days} d" if span.days else span_words(span)
    return f"{words} {'late' if left <= timedelta() else 'left'}"


def left_words(left: timedelta) -> str:
    """``2 d 19 h left``, ``8 d late``."""
    return f"{span_words(left)} {'late' if left <= timedelta() else 'left'}"
