"""What can go wrong between console and server, as types with words for the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.problems import Problem


class OperationsError(Exception):
    """Base of all; ``str`` is a sentence for the operator."""

    lost_link = False
    """Whether the server could not be heard at all."""
    retry_after: float | None = None
    """Seconds the server asked to be left alone."""


class Unreachable(OperationsError):  # noqa: N818 - it names what happened
    """No connection, or it broke."""

    lost_link = True


class NotSent(Unreachable):
    """The request did not reach the server: what it asked for was certainly not done."""


class TimedOut(Unreachable):
    """The server did not answer in time."""


class BadAnswer(OperationsError):  # noqa: N818 - as above
    """The server answered something that is not the contract: truncated, not JSON, another schema."""


class ProblemAnswer(OperationsError):  # noqa: N818 - as above
    """The server refused, and said why (RFC 9457)."""

    def __init__(self, problem: Problem, retry_after: float | None = None, challenge: str = "") -> None:
        named = "; ".join(f"{e.pointer.rpartition('/')[2]}: {e.message}" for e in problem.errors[:3])
        super().__init__(f"{problem.detail} {named}".strip())
        self.problem = problem
        self.retry_after = retry_after
        self.challenge = challenge
        """The ``WWW-Authenticate`` header: how to sign in so that it is not refused."""

    @property
    def code(self) -> str:
        """The problem's code."""
        return str(self.problem.code)


class StepUpNeeded(ProblemAnswer):
    """The server asks for a second factor first (RFC 9470)."""

    def __init__(self, problem: Problem, max_age: int, acr_values: str) -> None:
        super().__init__(problem)
        self.max_age = max_age
        """Seconds for which it will hold."""
        self.acr_values = acr_values


class SignedOut(OperationsError):  # noqa: N818 - as above
    """Nobody is signed in, or the session has ended."""


class SignInRefused(OperationsError):  # noqa: N818 - as above
    """A sign-in did not come about; whoever was signed in before still is."""
