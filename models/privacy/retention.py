"""What is held of people, what for, and how long: declared by the program itself."""

from __future__ import annotations

from models.core.base import Count, Instant, Record, Request, RequiredText, Version


class RegisteredSystem(Record):
    """One system of the register of processing."""

    name: str
    title: str
    holds: str
    purpose: str
    keeps: str
    by_hand: bool
    """A person erases there."""


class RetentionRule(Record):
    """How long something is kept, and what carrying that out would remove today."""

    name: str
    title: str
    days: Count
    why: str
    enabled: bool
    would_remove: Count
    last_run_at: Instant | None
    last_rows: Count
    version: Version


class ProcessingRegister(Record):
    """What a data-protection officer is asked for."""

    systems: tuple[RegisteredSystem, ...]
    retention: tuple[RetentionRule, ...]
    as_of: Instant


class RetentionRequest(Request):
    """Switch a rule on or off. Needs ``If-Match``."""

    enabled: bool
    expected: Count = 0
    """How many rows one has seen that it would remove; to switch it on this must still be so."""
    reason: RequiredText
