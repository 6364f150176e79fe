"""What is told to outside systems: sent, tried again, and what never arrived."""

from __future__ import annotations

from backend.deliveries.channel import (
    Channel,
    Exchange,
    Message,
    MessageKind,
    Notice,
    NoticeAction,
    NoticePhase,
    Outcome,
    Resolve,
    Result,
    Secrets,
    Target,
)
from backend.deliveries.incoming import TOLERANCE, HookRefusedError, IncomingEvent, IncomingHook

__all__ = [
    "TOLERANCE",
    "Channel",
    "Exchange",
    "HookRefusedError",
    "IncomingEvent",
    "IncomingHook",
    "Message",
    "MessageKind",
    "Notice",
    "NoticeAction",
    "NoticePhase",
    "Outcome",
    "Resolve",
    "Result",
    "Secrets",
    "Target",
]
