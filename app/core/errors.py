"""What can go wrong between console and server, as types with words for the operator."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.core.problems import Problem


@dataclass(frozen=True, slots=True)
class Challenge:
    """How somebody must prove again who they are (RFC 9470 §3)."""

    acr_values: str | None
    """Acceptable kinds of authentication, the best first, separated by spaces."""
    max_age: int
    """Seconds since they did it last."""

    @classmethod
    def read(cls, header: str) -> Challenge | None:
        """That of a ``WWW-Authenticate`` header; ``None`` when it asks for no other authentication."""
        said = dict(re.findall(r'(\w+)="([^"]*)"', header))
        if said.get("error") != "insufficient_user_authentication":
            return None
        age = said.get("max_age", "")
        return cls(said.get("acr_values"), int(age) if age.isdecimal() else 0)


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

    def __init__(self, problem: Problem, retry_after: float | None = None) -> None:
        said = problem.detail.casefold()
        more = [e for e in problem.errors if e.message.rstrip(".").casefold() not in said]
        named = "; ".join(f"{e.pointer.rpartition('/')[2]}: {e.message}" for e in more[:3])
        super().__init__(f"{problem.detail} {named}".strip())
        self.problem = problem
        self.retry_after = retry_after

    @property
    def code(self) -> str:
        """The problem's code."""
        return str(self.problem.code)

    @property
    def outdated(self) -> bool:
        """The record is another by now; what was asked for can be compared with it."""
        return self.code == "stale-version" or self.problem.current is not None


class StepUpNeeded(ProblemAnswer):
    """The server asks for a second factor first (RFC 9470)."""

    def __init__(self, problem: Problem, challenge: Challenge) -> None:
        super().__init__(problem)
        self.challenge = challenge


class SignedOut(OperationsError):  # noqa: N818 - as above
    """Nobody is signed in, or the session has ended."""


class SignInRefused(OperationsError):  # noqa: N818 - as above
    """A sign-in did not come about; whoever was signed in before still is."""
