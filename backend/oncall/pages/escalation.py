"""A page as it is moved on, and what it does next: no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from models.alerts import Severity
from models.deliveries.routing import Team
from models.oncall.pages import PageState
from models.oncall.policies import PolicyDefinition, Step, Target


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it is moved on."""

    id: UUID
    policy_id: UUID | None
    policy_version: int | None
    policy_name: str | None
    definition: Mapping[str, Any] | None
    subject_kind: str
    subject_id: str
    title: str
    severity: Severity
    link: str
    team: Team
    test: bool
    state: PageState
    started_at: datetime
    started_by: str
    round: int
    next_step: int
    waits_since: datetime | None
    next_at: datetime | None
    exhausted_at: datetime | None
    acknowledged_by: str | None
    acknowledged_until: datetime | None
    version: int

    @staticmethod
    def of(row: Mapping[str, Any]) -> Page:
        """Out of a row."""
        given = {"severity": Severity(row["severity"]), "team": Team(row["team"]), "state": PageState(row["state"])}
        return Page(**{**row, **given})

    @property
    def policy(self) -> PolicyDefinition:
        """The version of the policy it began with."""
        return PolicyDefinition.model_validate(self.definition)

    @property
    def steps(self) -> list[tuple[int, Step]]:
        """Those for its severity, each with its place in the policy."""
        return [
            (number, step)
            for number, step in enumerate(self.policy.steps)
            if not step.severities or self.severity in step.severities
        ]

    def waiting(self, now: datetime, minutes: int) -> Page:
        """It, with nothing to do for a while."""
        return replace(self, waits_since=now, next_at=now + timedelta(minutes=minutes))


@dataclass(frozen=True, slots=True)
class Move:
    """Whom to call now, and how the page stands afterwards."""

    targets: tuple[Target, ...]
    tell_team: bool
    step: int | None
    """Of the policy; ``None``: the fallback."""
    wait: int | None
    """Minutes until the next move; ``None``: nobody is left to call."""
    page: Page


def next_move(page: Page) -> Move | None:
    """The step that is due; ``None`` when only a new round begins, which ``begin_round`` does."""
    steps, policy = page.steps, page.policy
    if page.next_step < len(steps):
        number, step = steps[page.next_step]
        following = page.next_step + 1
        wait = steps[following][1].after_minutes if following < len(steps) else policy.again_after_minutes
        return Move(step.targets, step.tell_team, number, wait, replace(page, next_step=following))
    if page.round > policy.repeats:
        return Move(policy.fallback, tell_team=False, step=None, wait=None, page=page)
    return None


def begin_round(page: Page) -> Page:
    """The policy once more, from its first step."""
    return replace(page, round=page.round + 1, next_step=0)


def reopened(page: Page, now: datetime) -> Page:
    """Acknowledged long ago and not ended: whoever was called last is called again, and after everybody all of them."""
    page = replace(page, state=PageState.OPEN, next_at=now, waits_since=now)
    if page.exhausted_at is not None:
        return replace(page, exhausted_at=None, round=1, next_step=0)
    return replace(page, next_step=max(page.next_step - 1, 0))
