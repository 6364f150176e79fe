"""The verdict of a launch: the worst of poll, checklist, evidence and record. Pure; unknown is never GO."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from backend.launch.evidence import RECORD
from models.launch.criteria import Evidence, EvidenceVerdict
from models.launch.poll import (
    Cause,
    ChecklistCounts,
    Choice,
    Poll,
    PollState,
    RollCallVote,
    Standing,
    Verdict,
    VerdictInput,
    VerdictInputName,
)

LEASE = timedelta(seconds=2)
"""A GO holds for so long after figures were last evaluated; then nobody watches them."""
WORST = {Choice.GO: 0, Choice.HOLD: 1, Choice.NO_GO: 2}


def worst(choices: Iterable[Choice]) -> Choice:
    """The worst of all; GO of none."""
    return max(choices, key=WORST.__getitem__, default=Choice.GO)


def standing_of(vote: RollCallVote) -> Choice:
    """What a role's vote counts for."""
    if vote.choice is None or vote.standing is not Standing.COUNTED:
        return Choice.HOLD
    return Choice.GO if vote.override is not None else vote.choice


def as_of(evidence: Evidence, now: datetime) -> Evidence:
    """A figure as it stands now: its deadline needs no event."""
    if evidence.verdict is EvidenceVerdict.INSIDE and (evidence.good_until is None or evidence.good_until <= now):
        return evidence.model_copy(update={"verdict": EvidenceVerdict.STALE})
    return evidence


def lease(evidence: Sequence[Evidence]) -> datetime | None:
    """Until when an answer holds without another look."""
    ends = [each.evaluated_at + LEASE for each in evidence]
    ends += [each.good_until for each in evidence if each.good_until and each.verdict is EvidenceVerdict.INSIDE]
    return min(ends, default=None)


def judge(
    poll: Poll | None,
    votes: Sequence[RollCallVote],
    counts: ChecklistCounts,
    late: Sequence[Mapping[str, Any]],
    evidence: Sequence[Evidence],
    now: datetime,
) -> Verdict:
    """The verdict at an instant; the director's own vote is left out, so that it can be read by it.

    Args:
        poll: The open poll, or the last one.
        votes: Its roll-call.
        counts: The checklist in figures.
        late: Items that are due and not signed.
        evidence: Bound figures, as they stand now.
        now: The instant.
    """
    causes = [*_of_poll(poll, votes), *_of_items(late), *_of_evidence(evidence)]
    is_open = poll is not None and poll.state is PollState.OPEN
    until = lease(evidence)
    if is_open and (until is None or until <= now) and not any(_bad(each) for each in evidence):
        words = "The figures are not watched: no worker has evaluated them for 2 s."
        causes.append(_cause(VerdictInputName.EVIDENCE, Choice.HOLD, "worker", "Not watched", words, None))
    causes.sort(key=lambda cause: -WORST[cause.verdict])
    asked = [vote for vote in votes if not vote.director]
    good = {
        VerdictInputName.POLL: (sum(standing_of(vote) is Choice.GO for vote in asked), len(asked)),
        VerdictInputName.CHECKLIST: (counts.due_signed, counts.due),
        VerdictInputName.EVIDENCE: _good([each for each in evidence if each.key != RECORD.key]),
        VerdictInputName.RECORD: _good([each for each in evidence if each.key == RECORD.key]),
    }
    inputs = tuple(
        VerdictInput(
            name=name, verdict=worst(each.verdict for each in causes if each.input is name), good=many, total=total
        )
        for name, (many, total) in good.items()
    )
    return Verdict(word=worst(each.verdict for each in inputs), causes=tuple(causes), inputs=inputs)


def _good(evidence: Sequence[Evidence]) -> tuple[int, int]:
    return sum(not _bad(each) for each in evidence), len(evidence)


def _bad(evidence: Evidence) -> bool:
    return evidence.verdict is not EvidenceVerdict.INSIDE


def _cause(of: VerdictInputName, verdict: Choice, key: str, title: str, detail: str, at: datetime | None) -> Cause:
    return Cause(input=of, verdict=verdict, key=key, title=title, detail=detail, at=at)


def _of_poll(poll: Poll | None, votes: Sequence[RollCallVote]) -> Iterable[Cause]:
    if poll is None:
        yield _cause(VerdictInputName.POLL, Choice.HOLD, "", "No poll yet", "Nobody was asked yet.", None)
        return
    if poll.state is PollState.CLOSED:
        if poll.verdict is not None and poll.verdict is not Choice.GO:
            title = f"Poll {poll.round}: {poll.verdict}"
            yield _cause(VerdictInputName.POLL, poll.verdict, "", title, poll.question, poll.closed_at)
        return
    for vote in votes:
        if vote.director or (choice := standing_of(vote)) is Choice.GO:
            continue
        if vote.choice is None:
            title, detail = f"{vote.short_name}: no vote", f"{vote.name} has not voted."
        elif vote.standing is not Standing.COUNTED:
            title, detail = f"{vote.short_name}: GO void", f"Changed since: {', '.join(vote.changed)}."
        else:
            title = f"{vote.short_name} holds" if choice is Choice.HOLD else f"{vote.short_name}: NO-GO"
            detail = vote.reason or ""
        yield _cause(VerdictInputName.POLL, choice, vote.role, title, detail, vote.changed_at or vote.at)


def _of_items(late: Sequence[Mapping[str, Any]]) -> Iterable[Cause]:
    for item in late:
        if item["blocking"]:
            title = f"Item {item['number']} not signed"
            yield _cause(VerdictInputName.CHECKLIST, Choice.HOLD, item["key"], title, item["description"], None)


def _of_evidence(evidence: Sequence[Evidence]) -> Iterable[Cause]:
    for each in evidence:
        if _bad(each):
            of = VerdictInputName.RECORD if each.key == RECORD.key else VerdictInputName.EVIDENCE
            title = f"{each.short_label} {each.verdict}"
            detail = f"{each.label}: {each.detail}" if each.detail else each.label
            yield _cause(of, Choice.HOLD, each.key, title, detail, each.changed_at)
