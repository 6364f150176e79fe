"""What a new matrix asks less of than the one before: that is not for one person to decide."""

from __future__ import annotations

from collections.abc import Iterator

from models.incidents.matrix import Closer, SeverityLevel, SeverityMatrix

_STRICTEST_FIRST = tuple(Closer)


def relaxed(before: SeverityMatrix, after: tuple[SeverityLevel, ...]) -> tuple[str, ...]:
    """In words, severity by severity; empty when everything is as strict as before or stricter."""
    earlier = {level.severity: level for level in before.levels}
    return tuple(
        f"{level.severity} {words}"
        for level in sorted(after, key=lambda level: level.severity)
        for words in _of_level(earlier[level.severity], level)
    )


def _of_level(before: SeverityLevel, after: SeverityLevel) -> Iterator[str]:
    if before.escalation_policy_id is not None and after.escalation_policy_id is None:
        yield "pages nobody"
    if silent := sorted(set(before.teams) - set(after.teams)):
        yield f"no longer tells {' and '.join(silent)}"
    if before.update_minutes is not None and (after.update_minutes or float("inf")) > before.update_minutes:
        yield "is told of less often"
    if before.review_required and not after.review_required:
        yield "needs no review"
    if after.review_days > before.review_days and after.review_required:
        yield "is reviewed later"
    if _STRICTEST_FIRST.index(after.closer) > _STRICTEST_FIRST.index(before.closer):
        yield f"is closed by {after.closer}"
