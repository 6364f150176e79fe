"""The go/no-go poll: votes bound to evidence, the verdict over them, and what consoles ask once a second."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from models.core.base import Count, Identifier, Instant, Record, Request, RequiredText, Text, Version
from models.launch.checklist import Key, Numbered
from models.launch.clock import LaunchClock
from models.launch.criteria import Evidence


class Choice(StrEnum):
    """A vote, and a verdict: the worst of all."""

    GO = "GO"
    HOLD = "HOLD"
    NO_GO = "NO-GO"


class Standing(StrEnum):
    """Whether a vote counts."""

    NOT_VOTED = "not voted"
    COUNTED = "counted"
    EVIDENCE_CHANGED = "evidence changed"
    """It was GO, and what it was bound to is not as it was: the role is asked again."""


class Override(Record):
    """A NO-GO that does not count: asked for by one, approved by another."""

    reason: str
    asked_by: str
    asked_by_name: str
    approved_by: str
    approved_by_name: str
    at: Instant


class RollCallVote(Record):
    """A role in the roll-call and how it stands."""

    role: str
    name: str
    short_name: str
    director: bool
    choice: Choice | None
    standing: Standing
    person: str | None
    person_name: str | None
    reason: str | None
    at: Instant | None
    second_factor_at: Instant | None
    delegated_by: str | None
    """Who let the person vote for the role."""
    evidence_version: Count | None
    """What was shown when it was cast."""
    changed_at: Instant | None
    """When its evidence changed."""
    changed: tuple[str, ...]
    """Keys of the figures that changed since."""
    override: Override | None
    version: Count
    """0 before the first vote."""


class PollState(StrEnum):
    """Whether a poll takes votes."""

    OPEN = "open"
    CLOSED = "closed"


class Poll(Record):
    """A poll: one question to all roles."""

    poll_id: Identifier
    launch_id: Identifier
    round: Count
    question: str
    state: PollState
    evidence_version: Count
    """Rises with every change of what is said of a figure. A GO names the one it saw."""
    held_since: Instant | None
    """When it held the clock."""
    opened_at: Instant
    opened_by: str
    opened_by_name: str
    closed_at: Instant | None
    closed_by: str | None
    closed_by_name: str | None
    verdict: Choice | None
    """What it closed with."""
    record_ready: bool
    version: Version


class VerdictInputName(StrEnum):
    """What a verdict is made of."""

    POLL = "poll"
    CHECKLIST = "checklist"
    EVIDENCE = "evidence"
    RECORD = "record"


class VerdictInput(Record):
    """One of what the verdict is the worst of."""

    name: VerdictInputName
    verdict: Choice
    good: Count
    total: Count


class Cause(Record):
    """Why it is not GO, the worst first."""

    input: VerdictInputName
    verdict: Choice
    key: str
    """Of the role, item or figure."""
    title: str
    """Short enough for the wall: ``Support holds``."""
    detail: str
    at: Instant | None


class Verdict(Record):
    """GO only when everything is: unknown, stale, missing or not watched is HOLD."""

    word: Choice
    causes: tuple[Cause, ...]
    inputs: tuple[VerdictInput, ...]


class ChecklistCounts(Record):
    """The checklist in figures."""

    total: Count
    signed: Count
    """Signed or waived, due or not."""
    due: Count
    due_signed: Count
    late: Count
    """Due and not signed, those that only inform too."""
    blocking_late: Count


class LaunchStatus(Record):
    """What changes by the second: what desk and wall show, and what is asked once a second while a poll is open.

    ``asOf`` and ``validUntil`` stand in the headers ``Opsconsole-As-Of`` and ``Opsconsole-Valid-Until`` too, also when
    nothing else has changed (304).
    """

    launch_id: Identifier
    launch_version: Version
    clock: LaunchClock
    poll: Poll | None
    """The open poll, or the last one."""
    roll_call: tuple[RollCallVote, ...]
    next_role: str | None
    """Whose turn it is in the roll-call."""
    evidence: tuple[Evidence, ...]
    checklist: ChecklistCounts
    verdict: Verdict
    as_of: Instant
    valid_until: Instant | None
    """While a poll is open: a console that hears nothing until then shows HOLD, *not watched*."""


class OpenPoll(Request):
    """Ask all roles."""

    question: Annotated[RequiredText, Field(max_length=300)]


class CastVote(Request):
    """A vote for a role one holds, or that was delegated."""

    role: Key
    choice: Choice
    reason: Text = ""
    evidence_version: Numbered
    """What the voter saw; a GO for another is refused: 412."""

    @model_validator(mode="after")
    def _says_why(self) -> CastVote:
        if self.choice is not Choice.GO and not self.reason.strip():
            raise ValueError("HOLD and NO-GO need a reason")
        return self


class ClosePoll(Request):
    """End a poll and keep its record."""

    verdict: Choice
    """As the director sees it: closing is refused when it has become another one."""
    reason: Text = ""


class AskOverride(Request):
    """Ask for a NO-GO not to count; somebody else approves."""

    role: Key
    reason: RequiredText


class AskAgain(Request):
    """Tell a role again what waits for it."""

    role: Key


class Reminder(Record):
    """What a role was told again."""

    role: str
    name: str
    waiting: tuple[str, ...]
    """Its vote and its late items, as the message says them."""
    told: bool
    """Whether it goes anywhere; else nothing is routed to operations, and no mail gets to those who hold the role."""
    by_mail: Count
    """So many people by mail; none: whoever reads the channels of operations."""
    at: Instant


class RecordFile(Record):
    """A file of a poll's record."""

    name: str
    media_type: str
    sha256: str
    bytes: Count


class PollRecord(Record):
    """What proves a poll, and when it was sealed."""

    poll_id: Identifier
    published_at: Instant
    files: tuple[RecordFile, ...]
    vkey: str
    """The key its checkpoints are signed with; take it from elsewhere when you verify."""
