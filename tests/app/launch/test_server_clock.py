"""The server's time out of its answers alone: skew, slow answers, sleep, and clocks that are set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from app.launch.server_clock import ServerClock

BEGIN = datetime(2026, 11, 26, 10, 21, 12, tzinfo=UTC)


class World:
    """A server and a console, each with its own idea of time; seconds of truth pass for both."""

    def __init__(self) -> None:
        self.truth, self.slept, self.server_ahead, self.rate = 0.0, 0.0, 0.0, 1.0
        self.clock = ServerClock(
            lambda: 500 + (self.truth - self.slept) * self.rate, lambda: 500 + self.truth * self.rate
        )

    @property
    def server(self) -> datetime:
        return BEGIN + timedelta(seconds=self.truth + self.server_ahead)

    def ask(self, there: float, back: float) -> None:
        """A question that is ``there`` seconds on its way, and its answer ``back``."""
        began = self.clock.begin()
        self.truth += there
        as_of = self.server
        self.truth += back
        self.clock.hear(as_of, began)

    @property
    def error(self) -> float:
        assert self.clock.now is not None
        return abs((self.clock.now - self.server).total_seconds())


def test_before_the_first_answer_nobody_knows() -> None:
    assert World().clock.now is None


def test_half_the_round_trip_is_taken_off_and_time_goes_on() -> None:
    world = World()
    world.ask(0.2, 0.2)
    assert world.error < 1e-6
    world.truth += 30
    assert world.error < 1e-6


def test_a_slow_answer_does_not_spoil_a_quick_one() -> None:
    world = World()
    world.ask(0.01, 0.01)
    world.ask(0.0, 3.0)  # alone it would be 1.5 s wrong
    assert world.error < 0.011


def test_no_answer_is_off_by_more_than_half_its_round_trip() -> None:
    random, world = Random(7), World()  # noqa: S311 - delays, no secrets
    for _ in range(500):
        there, back = random.expovariate(8), random.expovariate(8)
        world.ask(there, back)
        assert world.error <= (there + back) / 2 + 1e-6
        world.truth += random.uniform(0, 20)


def test_a_console_whose_seconds_are_too_long_believes_new_answers_again() -> None:
    world = World()
    world.rate = 1 - 5e-5
    for _ in range(3_600):
        world.ask(0.03, 0.03)
        world.truth += 10
    assert world.error < 0.1


def test_after_a_sleep_it_is_not_known_until_the_next_answer() -> None:
    world = World()
    world.ask(0.01, 0.01)
    world.truth += 5
    assert world.error < 1e-6
    world.truth += 3_600
    world.slept += 3_600
    assert world.clock.now is None
    world.ask(0.2, 0.2)  # slower than the one before the sleep, and the only one that is true
    assert world.error < 1e-6


def test_a_server_whose_clock_is_set_is_believed_at_once() -> None:
    for ahead in (40.0, -40.0):
        world = World()
        world.ask(0.01, 0.01)
        world.server_ahead = ahead
        world.ask(0.1, 0.1)
        assert world.error < 0.11
