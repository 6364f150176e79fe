"""What an operator does about alerts and their rules, as mutations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.core.mutation_types import MutationRequest, MutationSpec, Outcome

if TYPE_CHECKING:
    from app.console import Console
    from app.core.mutation import Mutations
    from app.core.outbox import PendingMutation
    from app.core.query import Sample
    from models.alerts import Alert, AlertRule, AlertRuleChange, AlertRuleDraft

TOPICS = frozenset({"alerts"})
RULES = frozenset({"alert_rules"})
BASE = "/api/operations"


CLEARED_SHOWN = 50
CLEARED_SECONDS = 30.0
"""The list of cleared alerts is asked for at least this often, and at once when an open one is gone."""


def fetching(console: Console, as_of: datetime | None) -> Callable[[], Awaitable[Sample[tuple[Alert, ...]]]]:
    """How a console asks for active, acknowledged and shelved alerts and the last cleared ones, of now or then."""
    cleared: tuple[Alert, ...] = ()
    was_open: set[str] | None = None
    asked_at = 0.0

    async def fetch() -> Sample[tuple[Alert, ...]]:
        nonlocal cleared, was_open, asked_at
        opened = await console.client.alerts(("active", "acknowledged", "shelved"), as_of=as_of)
        now_open, now = {alert.id for alert in opened.items}, console.clock.monotonic()
        # An alert is cleared by leaving the open ones; one that came and went between two polls waits a little.
        if was_open is None or was_open - now_open or now - asked_at > CLEARED_SECONDS:
            cleared = tuple((await console.client.alerts(("cleared",), limit=CLEARED_SHOWN, as_of=as_of)).items)
            was_open, asked_at = now_open, now
        was_open |= now_open
        return console.sample((*opened.items, *cleared), opened.as_of)

    return fetch


def declare(mutations: Mutations) -> None:
    """Make the kinds known."""
    mutations.declare(MutationSpec("alert.acknowledge", TOPICS, overlay=_acknowledged))
    mutations.declare(MutationSpec("alert.shelve", TOPICS, overlay=_shelved, undo=_unshelve))
    mutations.declare(MutationSpec("alert.unshelve", TOPICS, overlay=_unshelved))
    mutations.declare(MutationSpec("alert_rule.change", RULES))
    mutations.declare(MutationSpec("alert_rule.create", RULES))


async def acknowledge(mutations: Mutations, alert: Alert, comment: str) -> Outcome:
    """Acknowledge an alert. Raises OperationsError."""
    from models.alerts import AcknowledgeAlert

    words = f"Acknowledged “{alert.title}”"
    return await mutations.submit(_draft("alert.acknowledge", words, alert, AcknowledgeAlert(comment=comment)))


async def shelve(mutations: Mutations, alert: Alert, until: datetime, reason: str) -> Outcome:
    """Put an alert aside until an instant. Raises OperationsError."""
    from models.alerts import ShelveAlert

    words = f"Shelved “{alert.title}” until {until:%Y-%m-%d %H:%M} UTC"
    return await mutations.submit(_draft("alert.shelve", words, alert, ShelveAlert(until=until, reason=reason)))


async def unshelve(mutations: Mutations, alert: Alert) -> Outcome:
    """Bring a shelved alert back. Raises OperationsError."""
    return await mutations.submit(_draft("alert.unshelve", f"“{alert.title}” is back", alert, None))


async def create_rule(mutations: Mutations, draft: AlertRuleDraft) -> Outcome:
    """Store a new rule. Raises OperationsError."""
    return await mutations.submit(
        MutationRequest("alert_rule.create", f"Saved the rule “{draft.title}”", "POST", f"{BASE}/alert-rules", draft)
    )


async def change_rule(mutations: Mutations, rule: AlertRule, change: AlertRuleChange) -> Outcome:
    """Change a rule, based on what the operator saw. Raises OperationsError."""
    path = f"{BASE}/alert-rules/{rule.id}"
    return await mutations.submit(
        MutationRequest(
            "alert_rule.change",
            f"Saved the rule “{rule.title}”",
            "PATCH",
            path,
            change,
            version=rule.version,
            resource=f"alert_rule:{rule.id}",
            record=path,
            base=rule,
        )
    )


def _draft(kind: str, title: str, alert: Alert, body: Any) -> MutationRequest:
    path = f"{BASE}/alerts/{alert.id}"
    verb = kind.partition(".")[2]
    return MutationRequest(
        kind,
        title,
        "POST",
        f"{path}/{verb}",
        body,
        version=alert.version,
        resource=f"alert:{alert.id}",
        record=path,
        base=alert,
    )


def _unshelve(intent: PendingMutation, answer: dict[str, Any]) -> MutationRequest:
    path = f"{BASE}/alerts/{answer['id']}"
    title = f"“{answer['title']}” is back"
    return MutationRequest(
        "alert.unshelve",
        title,
        "POST",
        f"{path}/unshelve",
        version=answer["version"],
        resource=intent.resource,
        record=path,
    )


def _with(alerts: tuple[Alert, ...], intent: PendingMutation, **changes: Any) -> tuple[Alert, ...]:
    known = intent.resource.partition(":")[2]
    return tuple(alert.model_copy(update=changes) if alert.id == known else alert for alert in alerts)


def _acknowledged(alerts: tuple[Alert, ...], fields: dict[str, Any], intent: PendingMutation) -> tuple[Alert, ...]:
    from models.alerts import AlertState

    return _with(alerts, intent, state=AlertState.ACKNOWLEDGED, comment=fields["comment"])


def _shelved(alerts: tuple[Alert, ...], fields: dict[str, Any], intent: PendingMutation) -> tuple[Alert, ...]:
    until = datetime.fromisoformat(fields["until"])
    return _with(alerts, intent, shelved_until=until, shelve_reason=fields["reason"])


def _unshelved(alerts: tuple[Alert, ...], _fields: dict[str, Any], intent: PendingMutation) -> tuple[Alert, ...]:
    return _with(alerts, intent, shelved_until=None, shelved_by=None, shelve_reason=None)
