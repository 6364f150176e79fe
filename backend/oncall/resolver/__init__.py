"""Who is on call, as a function of what was written down and of nothing else: no I/O, no clock, no library of holidays.

Instants are microseconds since 1970, UTC. Every interval has its start and not its end.
"""

from __future__ import annotations

from backend.oncall.resolver.analysis import PersonFigures, by_person, double_bookings, gaps, is_night, load, required
from backend.oncall.resolver.clock import SECOND, at, moment, standing_clock, ticks
from backend.oncall.resolver.layers import keep_turns
from backend.oncall.resolver.roster import (
    Answer,
    acts,
    intervals,
    layer_intervals,
    ranked,
    resolve,
    revisions_over,
    who,
)
from backend.oncall.resolver.types import Cover, Layer, Override, Revision, Schedule, Span, Window

__all__ = [
    "SECOND",
    "Answer",
    "Cover",
    "Layer",
    "Override",
    "PersonFigures",
    "Revision",
    "Schedule",
    "Span",
    "Window",
    "acts",
    "at",
    "by_person",
    "double_bookings",
    "gaps",
    "intervals",
    "is_night",
    "keep_turns",
    "layer_intervals",
    "load",
    "moment",
    "ranked",
    "required",
    "resolve",
    "revisions_over",
    "standing_clock",
    "ticks",
    "who",
]
