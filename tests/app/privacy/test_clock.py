"""What a clock of the law shows, from receipt to the legal date."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.privacy.clock import Urgency, clock_face, days_words, left_words, span_words
from models.privacy.requests import PrivacyRequest
from tests.app.answers import AS_OF
from tests.views.privacy.fixtures import ago, request


def face(due: float, **more: object) -> Urgency:
    return clock_face(PrivacyRequest.model_validate(request(due=due, **more)), AS_OF).urgency


@pytest.mark.parametrize(
    ("due", "urgency"),
    [
        (20, Urgency.IN_TIME),
        (9, Urgency.INTERNALLY_LATE),
        (2.9, Urgency.NEAR),
        (0, Urgency.LATE),
        (-1, Urgency.LATE),
    ],
)
def test_it_becomes_urgent_in_steps(due: float, urgency: Urgency) -> None:
    assert face(due) is urgency


def test_a_closed_one_stands_still_and_hurries_nobody() -> None:
    assert face(-12, status="done", completedAt=ago(days=15)) is Urgency.CLOSED
    closed = PrivacyRequest.model_validate(request(due=-12, status="done", completedAt=ago(days=15)))
    assert clock_face(closed, AS_OF) == clock_face(closed, AS_OF + timedelta(days=9))
    assert clock_face(closed, AS_OF).legal_left == timedelta(days=3)


@given(st.floats(-400, 400), st.floats(-40, 400))
def test_shares_stay_within_the_bar(due: float, later: float) -> None:
    found = clock_face(PrivacyRequest.model_validate(request(due=due)), AS_OF + timedelta(days=later))
    assert 0 <= found.passed <= 1
    assert 0 <= found.internal <= 1
    assert found.day >= 1


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(days=19, hours=7), "19 d"),
        (timedelta(days=2, hours=19), "2 d 19 h"),
        (timedelta(hours=5, minutes=4), "5 h 04"),
        (timedelta(minutes=12), "12 min"),
    ],
)
def test_the_nearer_the_finer(span: timedelta, words: str) -> None:
    assert span_words(span) == words
    assert left_words(span) == f"{words} left"
    assert left_words(-span) == f"{words} late"


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=-8, hours=-3), "8 d late"),
        (timedelta(hours=-5, minutes=-4), "5 h 04 late"),
        (timedelta(minutes=12), "12 min left"),
        (timedelta(days=1, hours=2), "1 d left"),
    ],
)
def test_our_own_date_is_told_in_days_and_in_hours_within_one(left: timedelta, words: str) -> None:
    assert days_words(left) == words
