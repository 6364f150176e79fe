"""How long a job waits before it is tried again, and when it is given up."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import procrastinate
from procrastinate.jobs import Job

ATTEMPTS_MOST = 8
"""Tries after the first one."""


class Backoff(procrastinate.BaseRetryStrategy):
    """Doubling pauses with jitter, to five minutes at most, and an end: what fails eight times is a dead letter."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> procrastinate.RetryDecision | None:
        """When to try again, or ``None`` to give up."""
        del exception
        if job.attempts >= ATTEMPTS_MOST:
            return None
        seconds = min(300.0, 2.0 ** (job.attempts + 1)) * random.uniform(0.5, 1.0)  # noqa: S311 - not a secret
        return procrastinate.RetryDecision(retry_at=datetime.now(UTC) + timedelta(seconds=seconds))
