"""What is sent to outside systems, and what comes in from them. Specification: "Dependencies and Integrations".

What a capability wants people to hear is one ``notify``; what the shop is to do is one ``ask_shop``. Neither sends
anything itself: the audit log is the outbox, and the sender reads it.
"""

from __future__ import annotations

from backend.deliveries.channel import (
    Channel,
    CommandChannel,
    Exchange,
    Fault,
    HookContentError,
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
from backend.deliveries.commands.actions import ask_again, ask_shop, withdraw
from backend.deliveries.egress import EgressGuard, EgressRefusedError
from backend.deliveries.ports import Alarms, DeliveryPorts, People
from backend.deliveries.routing.actions import NoticeAudience, erase_notice, notify
from backend.deliveries.routing.reads import NoticeChannel, notice_channels, notice_words
from backend.deliveries.routing.receipts import reachable, receipts, thread_notices
from backend.deliveries.secrets import SecretStore
from backend.deliveries.sending.seeds import sample_port, seed_sample
from backend.deliveries.signatures import check_age, signed_headers, verify

__all__ = [
    "Alarms",
    "Channel",
    "CommandChannel",
    "DeliveryPorts",
    "EgressGuard",
    "EgressRefusedError",
    "Exchange",
    "Fault",
    "HookContentError",
    "HookError",
    "HookMessage",
    "HookReader",
    "Message",
    "MessageKind",
    "Notice",
    "NoticeAction",
    "NoticeAudience",
    "NoticeChannel",
    "NoticePhase",
    "Outcome",
    "People",
    "Resolve",
    "Result",
    "SecretStore",
    "Secrets",
    "Target",
    "ask_again",
    "ask_shop",
    "check_age",
    "erase_notice",
    "notice_channels",
    "notice_words",
    "notify",
    "reachable",
    "receipts",
    "sample_port",
    "seed_sample",
    "signed_headers",
    "thread_notices",
    "verify",
    "withdraw",
]
