"""How long to wait after failures, and when a job is given up."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import procrastinate
from procrastinate.jobs import Job

ATTEMPTS_MOST = 8
"""Tries after the first one."""
JOB_FIRST, JOB_LONGEST = 2.0, 300.0


def pause(failures: int, first: float, longest: float) -> float:
    """Seconds after so many failures in a row, from 1: ``first``, doubled with each, at most ``longest``.

    Somewhere between half of it and all of it, so that what failed together does not come back together.
    """
    return min(longest, first * 2.0 ** min(failures - 1, 30)) * random.uniform(0.5, 1.0)  # noqa: S311 - not a secret


class Backoff(procrastinate.BaseRetryStrategy):
    """Ever longer pauses, to five minutes at most, and an end: what fails eight times is a dead letter."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> procrastinate.RetryDecision | None:
        """When to try again, or ``None`` to give up."""
        del exception
        if job.attempts >= ATTEMPTS_MOST:
            return None
        seconds = pause(job.attempts + 1, JOB_FIRST, JOB_LONGEST)
        return procrastinate.RetryDecision(retry_at=datetime.now(UTC) + timedelta(seconds=seconds))
