"""What an operator sees of alerts, and does about them and their rules, as mutations."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.core.mutation_types import MutationRequest, MutationSpec, Outcome
from app.dashboard import Dashboard
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.core.capability import Engine
    from app.core.mutation import Mutations
    from app.core.outbox import PendingMutation
    from app.core.query import Query, Sample
    from models.alerts import Alert, AlertRule, AlertRuleChange, AlertRuleDraft
    from models.core.paging import Page

MANAGE = Permission.MANAGE_ALERTS
TOPICS = frozenset({Topic.ALERTS})
RULES = frozenset({Topic.ALERT_RULES})
BASE = "/api/operations"
OPEN = ("active", "acknowledged", "shelved")
CLEARED = ("cleared",)
POLL_SECONDS = 5.0
CLEARED_SHOWN = 50
CLEARED_SECONDS = 30.0
"""The list of cleared alerts is asked for at least this often, and at once when an open one is gone."""


class Alerts:
    """Queries of one console about alerts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._cleared: tuple[Alert, ...] = ()
        self._were_open: set[str] | None = None
        self._asked_mono = 0.0
        self._show_in_tiles = engine.of(Dashboard).follow(
            lambda: sample.value if (sample := self.list().sample) else ()
        )

    def list(self) -> Query[tuple[Alert, ...]]:
        """Active, acknowledged and shelved alerts and the last cleared ones, of the instant that is looked at."""
        as_of = self._engine.time.as_of
        if as_of is None:
            known = self._engine.queries.find("alerts")
            return (
                known
                if known is not None
                else self._watched(
                    self._engine.query("alerts", self._fetch, topics=TOPICS, keep=_value_type, poll=POLL_SECONDS)
                )
            )
        key = self._engine.time.key("alerts")
        known = self._engine.queries.find(key)
        # What is decided now changes nothing about the past.
        return (
            known
            if known is not None
            else self._watched(self._engine.query(key, lambda: self._fetch_past(as_of), topics=frozenset(), once=True))
        )

    def _watched(self, query: Query[tuple[Alert, ...]]) -> Query[tuple[Alert, ...]]:
        query.changed.connect(self._show_in_tiles)
        return query

    async def rules(self) -> Page[AlertRule]:
        """The rules, asked for now. Raises OperationsError."""
        from app.alerts import requests

        return await requests.alert_rules(self._engine.client)

    async def earlier(self, alert: Alert) -> Sequence[Alert]:
        """When it was raised before, the newest first, as far as the last page of cleared ones goes back.

        Raises OperationsError.
        """
        from app.alerts import requests
        from app.alerts.groups import earlier

        return earlier(alert, (await requests.alerts(self._engine.client, CLEARED)).items)

    async def _fetch(self) -> Sample[tuple[Alert, ...]]:
        from app.alerts import requests

        client = self._engine.client
        opened = await requests.alerts(client, OPEN)
        now_open, now = {alert.id for alert in opened.items}, self._engine.clock.monotonic()
        # An alert is cleared by leaving the open ones; one that came and went between two polls waits a little.
        before = self._were_open
        if before is None or before - now_open or now - self._asked_mono > CLEARED_SECONDS:
            self._cleared = tuple((await requests.alerts(client, CLEARED, limit=CLEARED_SHOWN)).items)
            before, self._asked_mono = now_open, now
        self._were_open = before | now_open
        return self._engine.sample((*opened.items, *self._cleared), opened.as_of)

    async def _fetch_past(self, as_of: datetime) -> Sample[tuple[Alert, ...]]:
        from app.alerts import requests

        opened = await requests.alerts(self._engine.client, OPEN, as_of=as_of)
        cleared = await requests.alerts(self._engine.client, CLEARED, limit=CLEARED_SHOWN, as_of=as_of)
        return self._engine.sample((*opened.items, *cleared.items), opened.as_of)


def _value_type() -> type[tuple[Alert, ...]]:
    from models.alerts import Alert

    return tuple[Alert, ...]


def specs() -> tuple[MutationSpec, ...]:
    """What an operator does here."""
    return (
        MutationSpec("alert.acknowledge", TOPICS, overlay=_acknowledged),
        MutationSpec("alert.shelve", TOPICS, overlay=_shelved, undo=_unshelve),
        MutationSpec("alert.unshelve", TOPICS, overlay=_unshelved),
        MutationSpec("alert_rule.change", RULES),
        MutationSpec("alert_rule.create", RULES),
    )


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


def _unshelve(mutation: PendingMutation, answer: dict[str, Any]) -> MutationRequest:
    path = f"{BASE}/alerts/{answer['id']}"
    title = f"“{answer['title']}” is back"
    return MutationRequest(
        "alert.unshelve",
        title,
        "POST",
        f"{path}/unshelve",
        version=answer["version"],
        resource=mutation.resource,
        record=path,
    )


def _with(value: Any, mutation: PendingMutation, **changes: Any) -> Any:
    """Alerts as they will be; incidents and their timelines, which have the topic too, stay as they are."""
    from models.alerts import Alert

    known = mutation.resource.partition(":")[2]
    if not isinstance(value, tuple) or not any(isinstance(each, Alert) and each.id == known for each in value):
        return value
    return tuple(each.model_copy(update=changes) if each.id == known else each for each in value)


def _acknowledged(value: Any, fields: dict[str, Any], mutation: PendingMutation) -> Any:
    from models.alerts import AlertState

    return _with(value, mutation, state=AlertState.ACKNOWLEDGED, comment=fields["comment"])


def _shelved(value: Any, fields: dict[str, Any], mutation: PendingMutation) -> Any:
    until = datetime.fromisoformat(fields["until"])
    return _with(value, mutation, shelved_until=until, shelve_reason=fields["reason"])


def _unshelved(value: Any, _fields: dict[str, Any], mutation: PendingMutation) -> Any:
    return _with(value, mutation, shelved_until=None, shelved_by=None, shelve_reason=None)
