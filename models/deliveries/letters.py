"""Deliveries one by one: what waits, what arrived, and dead letters with the request and the answer."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from models.core.base import Count, Identifier, Instant, Number, Record, Request, RequiredText
from models.core.personal import PERSONAL

REPLAY_MOST = 500
ANSWER_MOST = 2048
"""Bytes of an answer that are kept."""


class LetterSource(StrEnum):
    """What stands behind a letter."""

    DELIVERY = "delivery"
    """An entry of the audit log on its way to a subscriber."""
    COMMAND = "command"
    """Something the shop is asked to do."""
    NOTICE = "notice"
    """A message to people."""
    JOB = "job"
    """A background job that has failed for good; it has no connection."""


class LetterState(StrEnum):
    """Waiting letters go out by themselves; dead ones go when somebody replays them."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"
    DISCARDED = "discarded"
    UNCERTAIN = "uncertain"
    """A command was asked for and its answer was lost, of a shop that cannot be asked: a person decides."""


class Letter(Record):
    """One message for one connection, or a failed job."""

    id: Identifier
    source: LetterSource
    state: LetterState
    connection_id: Identifier | None
    message_id: str
    """The same over retries and replays: what the receiver knows it by."""
    action: str
    about: str
    """What it is about, as people call it, such as an order number."""
    attempts: Count
    first_at: Instant
    """When it was tried first."""
    due_at: Instant | None
    ended_at: Instant | None
    status: Count | None
    """HTTP status or SMTP code of the last answer; ``None``: there was none."""
    words: str
    """The last result in words."""
    discarded_by: str | None = None
    """Who gave it up, at ``endedAt``."""
    discard_reason: str = ""


class LetterAttempt(Record):
    """One try. Kept for letters that are not sent at the first."""

    at: Instant
    seconds: Number
    status: Count | None
    words: str


class LetterDetail(Letter):
    """With the last request and its answer, secrets masked."""

    request_line: str
    request_headers: dict[str, str]
    request_body: Annotated[str, PERSONAL]
    answer_headers: dict[str, str]
    answer_body: Annotated[str, PERSONAL]
    history: tuple[LetterAttempt, ...]


class ReplayRequest(Request):
    """Try dead letters again: some, or all of a connection within a time. ``dryRun`` only counts."""

    ids: Annotated[tuple[Identifier, ...], Field(max_length=REPLAY_MOST)] = ()
    connection_id: Identifier | None = None
    since: Instant | None = None
    until: Instant | None = None
    dry_run: bool = False

    @model_validator(mode="after")
    def _names_some(self) -> Self:
        if bool(self.ids) == (self.connection_id is not None):
            raise ValueError("name either letters by id or one connection")
        return self


class DiscardRequest(Request):
    """Give dead letters up, with the reason; they stay in the list of what was given up."""

    ids: Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=REPLAY_MOST)]
    reason: Annotated[RequiredText, Field(max_length=500)]


class LeftOut(Record):
    """A letter that is not replayed, and why."""

    id: Identifier
    words: str


class ReplayResult(Record):
    """How many go, or would go; by connection the order is kept, except among what has been sent meanwhile."""

    count: Count
    left_out: tuple[LeftOut, ...]


class Resolution(StrEnum):
    """What a person has found out about a command whose answer was lost."""

    DONE = "done"
    NOT_DONE = "not_done"
    """It is asked for again, under the same id."""


class ResolutionRequest(Request):
    """What became of an uncertain command."""

    resolution: Resolution
    reason: Annotated[RequiredText, Field(max_length=500)]
