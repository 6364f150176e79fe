"""What becomes of an event: judged by the plan, and decided by the mode."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid4

from backend.analytics.event_text import write_item
from backend.analytics.landing.shapes import Call
from backend.analytics.validation.compiled import CompiledPlan
from backend.analytics.validation.judge import Judgement, judge, kept_name, without
from models.analytics import EventMode
from models.analytics.events import Violation, ViolationClass

NO_KEY: Final = Violation(
    violation_class=ViolationClass.MALFORMED,
    pointer="",
    rule="would be held until it is looked at, and cannot be: this installation has no key to seal it with "
    "(OPSCONSOLE_CONNECTION_KEY_FILE)",
)


class Verdict(StrEnum):
    """What becomes of an event."""

    LANDED = "landed"
    OMITTED = "omitted"
    """It lands without what does not fit."""
    QUARANTINED = "quarantined"
    REJECTED = "rejected"
    KNOWN = "known"


@dataclass(slots=True)
class Judged:
    """An event with what becomes of it."""

    call: Call
    verdict: Verdict
    id: UUID
    hash: UUID
    event_name: str
    """As it is counted and listed."""
    version: int | None
    violations: tuple[Violation, ...]
    observed: tuple[Violation, ...] = ()
    other_body: bool = False
    """Its id is known, with another body."""


def judge_call(call: Call, plan: CompiledPlan, environment: str, now: datetime, *, sealed: bool) -> Judged:
    """What becomes of one event. ``sealed`` says whether there is a key for what is to be held."""
    text = call.item.text
    judgement = _judgement(call, plan, environment, now)
    violations = judgement.violations
    verdict = Verdict.LANDED if not violations else _verdict(call, judgement)
    if verdict is Verdict.QUARANTINED and not sealed:
        verdict, violations = Verdict.REJECTED, (*violations, NO_KEY)
    return Judged(
        call,
        verdict,
        # The id of what cannot be read is its text: sent again, it is known.
        _md5(call.message_id.encode()) if call.message_id is not None else _md5(text) if call.problem else uuid4(),
        _md5(text),
        kept_name(call.event_name, plan) if call.problem is None else "*",
        judgement.version,
        violations,
        judgement.observed,
    )


def _judgement(call: Call, plan: CompiledPlan, environment: str, now: datetime) -> Judgement:
    if call.problem is not None:
        return Judgement(EventMode.QUARANTINE, violations=(call.problem,))
    found = judge(
        plan,
        environment,
        now,
        event_name=call.event_name,
        properties=call.properties,
        declared=call.declared,
        at=call.at,
    )
    if call.oddity is None:
        return found
    violations = (call.oddity, *found.violations)
    return Judgement(found.mode, found.version, violations, found.observed, found.by, found.findings)


def _verdict(call: Call, judgement: Judgement) -> Verdict:
    match judgement.mode:
        case EventMode.OBSERVE:
            return Verdict.LANDED
        case EventMode.REJECT:
            return Verdict.REJECTED
        case EventMode.QUARANTINE:
            return Verdict.QUARANTINED
        case EventMode.OMIT:
            assert call.item.value is not None  # noqa: S101 - what cannot be read has no mode but quarantine
            before = call.item.text
            without(call.properties, judgement.findings)
            call.item.text = write_item(call.item.value)
            return Verdict.OMITTED if call.item.text != before else Verdict.LANDED


def _md5(text: bytes) -> UUID:
    return UUID(bytes=hashlib.md5(text, usedforsecurity=False).digest())
