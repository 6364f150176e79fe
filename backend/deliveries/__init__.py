"""What is told to outside systems: sent, tried again, and what never arrived."""

from __future__ import annotations

from backend.deliveries.channel import (
    Channel,
    Exchange,
    HookError,
    HookMessage,
    HookReader,
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

__all__ = [
    "Channel",
    "Exchange",
    "HookError",
    "HookMessage",
    "HookReader",
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
