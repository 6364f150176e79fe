"""What rows of the queue say, without a window."""

from __future__ import annotations

from datetime import timedelta

from views.risk.triage.wording import hours, time_left


def test_what_has_just_become_overdue_is_not_minus_nothing() -> None:
    assert [time_left(timedelta(seconds=s)) for s in (-1, 30, -61, 3_900)] == ["overdue now", "0:00", "−0:01", "1:05"]
    assert hours(timedelta(seconds=-1)) == "0:00"
