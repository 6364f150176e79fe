"""What is told to outside systems: sent, tried again, and what never arrived."""

from __future__ import annotations

from backend.deliveries.channel import (
    Channel,
    CommandChannel,
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
from backend.deliveries.signatures import check_age, signed_headers, verify

__all__ = [
    "Channel",
    "CommandChannel",
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
    "check_age",
    "signed_headers",
    "verify",
]
