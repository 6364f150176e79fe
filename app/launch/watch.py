"""What a console may show of a verdict: a GO is a lease, and ends when nobody is heard any more. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from models.launch.poll import Cause, Choice, PollState, Verdict, VerdictInput, VerdictInputName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.launch.poll import LaunchStatus

NOT_WATCHED = "Not watched"
AS_OF, VALID_UNTIL = "opsconsole-as-of", "opsconsole-valid-until"
"""Headers of a status that is as it was."""
GOES_ON = ("data_through", "late_at", "good_until", "evaluated_at")
"""Instants of a figure that is looked up each time."""


def is_polled(status: LaunchStatus) -> bool:
    """Whether a poll is open: then what is shown is asked for once a second, and holds no longer than its lease."""
    return status.poll is not None and status.poll.state is PollState.OPEN


def is_watched(status: LaunchStatus, now: datetime | None) -> bool:
    """Whether an answer still holds at an instant of the server; ``None``: nobody knows what time it is there."""
    if not is_polled(status):
        return True
    return now is not None and status.valid_until is not None and now <= status.valid_until


def shown_verdict(status: LaunchStatus, now: datetime | None) -> Verdict:
    """The verdict at an instant of the server. What is not watched is HOLD at best."""
    told = status.verdict
    if is_watched(status, now):
        return told
    since = status.valid_until
    words = (
        "Nothing was heard from the server since this computer slept."
        if now is None
        else f"Nothing was heard from the server since {status.as_of:%H:%M:%S} UTC."
    )
    cause = Cause(
        input=VerdictInputName.EVIDENCE, verdict=Choice.HOLD, key="", title=NOT_WATCHED, detail=words, at=since
    )
    inputs = tuple(
        VerdictInput(name=each.name, verdict=Choice.HOLD, good=each.good, total=each.total)
        if each.name is VerdictInputName.EVIDENCE and each.verdict is Choice.GO
        else each
        for each in told.inputs
    )
    word = told.word if told.word is Choice.NO_GO else Choice.HOLD
    return Verdict(word=word, causes=(cause, *told.causes), inputs=inputs)


def gone_on(status: LaunchStatus, headers: Mapping[str, str]) -> LaunchStatus:
    """A status that is as it was, at the instant its answer was given: what goes on by itself has gone on."""
    as_of = datetime.fromisoformat(headers[AS_OF]) if AS_OF in headers else status.as_of
    until = datetime.fromisoformat(headers[VALID_UNTIL]) if headers.get(VALID_UNTIL) else None
    passed = as_of - status.as_of
    evidence = tuple(
        each.model_copy(update={name: _later(getattr(each, name), passed) for name in GOES_ON}) if each.live else each
        for each in status.evidence
    )
    return status.model_copy(update={"as_of": as_of, "valid_until": until, "evidence": evidence})


def _later(at: datetime | None, passed: timedelta) -> datetime | None:
    return None if at is None else at + passed
