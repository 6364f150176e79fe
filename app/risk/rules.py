"""What an operator sees and does about fraud rules: sets, backtests, shadow runs, lists, snoozes, breakers, policy.

A change of a draft may be kept for later and sent when the link is back. Everything else decides about live traffic on
a picture that must not be old, and needs the link.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from app.core.errors import OperationsError
from app.core.mutation_types import MutationRequest, MutationSpec, Outcome
from app.core.signals import Signal
from models.core.permissions import Permission
from models.core.topics import Topic

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from app.core.capability import Engine
    from app.core.mutation import Mutations
    from app.core.outbox import PendingMutation
    from app.core.query import Query
    from app.risk.rule_edits import RuleWork
    from models.core.base import Record, Request
    from models.risk.backtest import Backtest, BacktestDraft, BacktestSummary, RuleMatches, ShadowRun
    from models.risk.rules import (
        FraudRule,
        ListEntry,
        ListEntryDraft,
        RiskList,
        RiskListDraft,
        RiskPolicy,
        RiskPolicyChange,
        RuleSet,
        RuleSetSummary,
    )
    from models.risk.suppression import Breaker, Snooze, SnoozeSubject

R = TypeVar("R", bound="Record")

BASE = "/api/risk"
VIEW, APPROVE = Permission.VIEW_RISK_QUEUE, Permission.APPROVE_ORDERS
MANAGE, PUBLISH = Permission.MANAGE_RISK_RULES, Permission.PUBLISH_RISK_RULES
TOPICS = frozenset({Topic.RISK_RULES})
MATCH_PAUSE = 0.3
"""Seconds after the last key before the orders are counted."""


def specs() -> tuple[MutationSpec, ...]:
    """What an operator does here."""
    alone = (
        "risk.draft_create",
        "risk.draft_discard",
        "risk.publish",
        "risk.shadow",
        "risk.backtest_start",
        "risk.backtest_cancel",
        "risk.list_create",
        "risk.list_delete",
        "risk.entry_add",
        "risk.entry_remove",
        "risk.rule_snooze",
        "risk.snooze_end",
        "risk.breaker_reset",
        "risk.policy_change",
    )
    return (
        MutationSpec("risk.draft_change", TOPICS, overlay=_changed),
        # Some of them wait for somebody else's yes.
        *(MutationSpec(name, TOPICS | {Topic.APPROVALS}, irreversible=True) for name in alone),
    )


class RiskRules:
    """Queries of one console about rules and lists."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def _page(self, key: str, path: str, kind: type[R], *, keep: bool = True) -> Query[tuple[R, ...]]:
        from app.risk import requests

        return self._engine.listing(
            f"risk:{key}",
            TOPICS,
            lambda client: requests.rules_page(client, path, kind),
            keep=(lambda: tuple[kind, ...]) if keep else None,  # type: ignore[valid-type]
        )

    def sets(self) -> Query[tuple[RuleSetSummary, ...]]:
        """Every version but discarded ones, newest first."""
        from models.risk.rules import RuleSetSummary

        return self._page("sets", f"{BASE}/rule-sets", RuleSetSummary)

    def rule_set(self, rule_set_id: str) -> Query[RuleSet]:
        """One version with its rules."""
        from models.risk.rules import RuleSet

        return self._one(f"set:{rule_set_id}", f"{BASE}/rule-sets/{rule_set_id}", RuleSet)

    def _one(self, key: str, path: str, kind: type[R], *, topics: frozenset[Topic] = TOPICS) -> Query[R]:
        return self._engine.record(f"risk:{key}", topics, lambda client: client.get(path, kind), keep=lambda: kind)

    def backtests(self) -> Query[tuple[BacktestSummary, ...]]:
        """The newest backtests."""
        from models.risk.backtest import BacktestSummary

        return self._page("backtests", f"{BASE}/backtests", BacktestSummary)

    def backtest(self, backtest_id: str) -> Query[Backtest]:
        """One backtest with its result."""
        from models.risk.backtest import Backtest

        return self._one(f"backtest:{backtest_id}", f"{BASE}/backtests/{backtest_id}", Backtest)

    def shadow(self, rule_set_id: str) -> Query[ShadowRun]:
        """What a draft would have decided beside live traffic."""
        from models.risk.backtest import ShadowRun

        return self._one(f"shadow:{rule_set_id}", f"{BASE}/rule-sets/{rule_set_id}/shadow", ShadowRun)

    def lists(self) -> Query[tuple[RiskList, ...]]:
        """The named lists."""
        from models.risk.rules import RiskList

        return self._page("lists", f"{BASE}/lists", RiskList)

    def entries(self, list_id: str) -> Query[tuple[ListEntry, ...]]:
        """The newest values of a list. Not kept: without the values, which are customers' own, nothing is left."""
        from models.risk.rules import ListEntry

        path = f"{BASE}/lists/{quote(list_id, safe='')}/entries"
        return self._page(f"entries:{list_id}", path, ListEntry, keep=False)

    def snoozes(self) -> Query[tuple[Snooze, ...]]:
        """The snoozes that hold now."""
        from models.risk.suppression import Snooze

        return self._page("snoozes", f"{BASE}/snoozes", Snooze)

    def breakers(self) -> Query[tuple[Breaker, ...]]:
        """Rules that went past their cap."""
        from models.risk.suppression import Breaker

        return self._page("breakers", f"{BASE}/breakers", Breaker)

    def policy(self) -> Query[RiskPolicy]:
        """What holds for the queue."""
        from models.risk.rules import RiskPolicy

        # What becomes of a change that waits is news of approvals alone, when it is denied.
        return self._one("policy", f"{BASE}/policy", RiskPolicy, topics=TOPICS | {Topic.APPROVALS})


class LiveMatches:
    """How many of the newest orders the rules match that are being edited; asked a moment after the last change."""

    changed = Signal()

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._asked: tuple[FraudRule, ...] | None = None
        self._answered: tuple[FraudRule, ...] | None = None
        self._asking: asyncio.Task[None] | None = None
        self.found: RuleMatches | None = None
        self.problem = ""
        """Why they are not known, in words."""

    @property
    def current(self) -> bool:
        """Whether ``found`` is about what was asked last."""
        return self.found is not None and self._answered == self._asked

    def ask(self, rules: tuple[FraudRule, ...]) -> None:
        """Count soon, once for all changes that follow closely; again what failed, unless that is under way."""
        idle = self._asking is None or self._asking.done()
        if rules == self._asked and not (self.problem and idle):
            return
        self._asked = rules
        if idle:
            self._asking = self._engine.tasks.start(self._ask(), name="count matching orders")
        self.changed.emit()

    async def _ask(self) -> None:
        from app.risk import requests

        while True:
            rules = self._asked
            await asyncio.sleep(MATCH_PAUSE)
            if rules != self._asked or rules is None:
                continue
            try:
                self.found, self.problem = await requests.matches(self._engine.client, rules), ""
            except OperationsError as error:
                self.problem = str(error)
            self._answered = rules
            self.changed.emit()
            if rules == self._asked:
                return


def _changed(value: Any, fields: dict[str, Any], mutation: PendingMutation) -> Any:
    from models.risk.rules import FraudRule, RuleSet, RuleSetSummary

    known = mutation.resource.partition(":")[2]

    def renewed(record: Any) -> Any:
        if not isinstance(record, RuleSetSummary) or record.rule_set_id != known:
            return record
        changes: dict[str, Any] = {"title": fields["title"]} if "title" in fields else {}
        if "rules" in fields:
            changes["rule_count"] = len(fields["rules"])
            if isinstance(record, RuleSet):
                changes["rules"] = tuple(FraudRule.model_validate(rule) for rule in fields["rules"])
        return record.model_copy(update=changes)

    if isinstance(value, tuple):
        found = tuple(renewed(record) for record in value)
        return value if all(a is b for a, b in zip(found, value, strict=True)) else found
    return renewed(value)


# --- what is changed -----------------------------------------------------------------------------------------------


async def _submit(
    mutations: Mutations,
    kind: str,
    title: str,
    path: str,
    body: Request | None = None,
    *,
    method: str = "POST",
    version: int | None = None,
    resource: str = "",
    base: Record | None = None,
    record: str | None = None,
) -> Outcome:
    draft = MutationRequest(
        kind, title, method, path, body, version=version, resource=resource, record=record, base=base
    )
    return await mutations.submit(draft)


def set_words(one: RuleSetSummary) -> str:
    """A version as people call it: *rules 7 “Tighter cards”*."""
    return f"rules {one.number} “{one.title}”"


async def _of_set(mutations: Mutations, kind: str, title: str, one: RuleSetSummary, verb: str, body: Any) -> Outcome:
    path = f"{BASE}/rule-sets/{one.rule_set_id}"
    return await _submit(
        mutations,
        kind,
        title,
        f"{path}/{verb}",
        body,
        version=one.version,
        resource=f"rule_set:{one.rule_set_id}",
        record=path,
        base=one,
    )


async def create_draft(mutations: Mutations, title: str, based_on: RuleSetSummary | None) -> Outcome:
    """A new draft, a copy of a version. Raises OperationsError."""
    from models.risk.rules import RuleSetDraft

    given: dict[str, Any] = {"title": title} | ({"based_on": based_on.rule_set_id} if based_on is not None else {})
    return await _submit(
        mutations, "risk.draft_create", f"New draft of rules “{title}”", f"{BASE}/rule-sets", RuleSetDraft(**given)
    )


async def change_draft(mutations: Mutations, work: RuleWork) -> Outcome:
    """Save what was worked on; only what differs is sent. Raises OperationsError."""
    from models.risk.rules import FraudRule, RuleSetChange

    base, changes = work.base, dict[str, Any]()
    if work.title != base.title:
        changes["title"] = work.title
    if tuple(work.rules) != base.rules:
        # Every field is said, so that what was sent can be recognised in the answer.
        changes["rules"] = tuple(FraudRule.model_validate(rule.model_dump()) for rule in work.rules)
    path = f"{BASE}/rule-sets/{base.rule_set_id}"
    return await _submit(
        mutations,
        "risk.draft_change",
        f"Change of {set_words(base)}",
        path,
        RuleSetChange(**changes),
        method="PATCH",
        version=base.version,
        resource=f"rule_set:{base.rule_set_id}",
        record=path,
        base=base,
    )


async def discard_draft(mutations: Mutations, one: RuleSetSummary) -> Outcome:
    """Throw a draft away. Raises OperationsError."""
    return await _of_set(mutations, "risk.draft_discard", f"Discarded {set_words(one)}", one, "discard", None)


async def publish(mutations: Mutations, one: RuleSetSummary, reason: str, waive_shadow: str = "") -> Outcome:
    """Let a version decide from now on. Raises OperationsError."""
    from models.risk.rules import PublishRuleSet

    given = {"reason": reason} | ({"waive_shadow": waive_shadow} if waive_shadow else {})
    words = f"Published {set_words(one)}"
    return await _of_set(mutations, "risk.publish", words, one, "publish", PublishRuleSet(**given))


async def shadow(mutations: Mutations, one: RuleSetSummary, *, on: bool) -> Outcome:
    """Begin or end a run beside live traffic. Raises OperationsError."""
    from models.risk.backtest import ShadowSwitch

    words = f"Shadow run of {set_words(one)} {'begun' if on else 'ended'}"
    return await _of_set(mutations, "risk.shadow", words, one, "shadow", ShadowSwitch(on=on))


async def start_backtest(mutations: Mutations, words: str, asked: BacktestDraft) -> Outcome:
    """Replay rules over a period. Raises OperationsError."""
    return await _submit(mutations, "risk.backtest_start", f"Backtest of {words}", f"{BASE}/backtests", asked)


async def cancel_backtest(mutations: Mutations, one: BacktestSummary) -> Outcome:
    """End one that waits or runs. Raises OperationsError."""
    path = f"{BASE}/backtests/{one.backtest_id}/cancel"
    return await _submit(mutations, "risk.backtest_cancel", "Backtest cancelled", path)


async def create_list(mutations: Mutations, draft: RiskListDraft) -> Outcome:
    """A new list. Raises OperationsError."""
    return await _submit(mutations, "risk.list_create", f"New list “{draft.title}”", f"{BASE}/lists", draft)


async def delete_list(mutations: Mutations, one: RiskList) -> Outcome:
    """Take a list away that no rule asks. Raises OperationsError."""
    path = f"{BASE}/lists/{quote(one.list_id, safe='')}"
    words = f"List “{one.title}” deleted"
    return await _submit(mutations, "risk.list_delete", words, path, method="DELETE", version=one.version)


async def add_entry(mutations: Mutations, one: RiskList, draft: ListEntryDraft) -> Outcome:
    """Put a value on a list. Raises OperationsError."""
    path = f"{BASE}/lists/{quote(one.list_id, safe='')}/entries"
    return await _submit(mutations, "risk.entry_add", f"{draft.value} on the list “{one.title}”", path, draft)


async def remove_entry(mutations: Mutations, one: RiskList, entry: ListEntry) -> Outcome:
    """Take a value off a list. Raises OperationsError."""
    path = f"{BASE}/lists/{quote(one.list_id, safe='')}/entries/{entry.entry_id}"
    words = f"{entry.value} off the list “{one.title}”"
    return await _submit(mutations, "risk.entry_remove", words, path, method="DELETE")


async def snooze_rule(
    mutations: Mutations, rule_id: str, subject: SnoozeSubject, entry_id: str, until: datetime, reason: str
) -> Outcome:
    """Keep a rule quiet for the customer, card or e-mail of an entry's order. Raises OperationsError."""
    from uuid import UUID

    from models.risk.suppression import SnoozeDraft

    draft = SnoozeDraft(rule_id=rule_id, subject=subject, entry_id=UUID(entry_id), until=until, reason=reason)
    return await _submit(mutations, "risk.rule_snooze", f"Snooze of {rule_id}", f"{BASE}/snoozes", draft)


async def end_snooze(mutations: Mutations, one: Snooze, reason: str) -> Outcome:
    """Let a rule speak again. Raises OperationsError."""
    from models.risk.suppression import EndSnooze

    path = f"{BASE}/snoozes/{one.snooze_id}/end"
    words = f"Snooze of {one.rule_id} ended"
    return await _submit(
        mutations,
        "risk.snooze_end",
        words,
        path,
        EndSnooze(reason=reason),
        version=one.version,
        resource=f"snooze:{one.snooze_id}",
    )


async def reset_breaker(mutations: Mutations, one: Breaker, reason: str) -> Outcome:
    """Let a rule do again what it was published to do. Raises OperationsError."""
    from models.risk.suppression import ResetBreaker

    path = f"{BASE}/breakers/{quote(one.rule_id, safe='')}/reset"
    words = f"Breaker of {one.rule_id} reset"
    body, resource = ResetBreaker(reason=reason), f"breaker:{one.rule_id}"
    return await _submit(mutations, "risk.breaker_reset", words, path, body, version=one.version, resource=resource)


async def change_policy(mutations: Mutations, policy: RiskPolicy, change: RiskPolicyChange) -> Outcome:
    """Change what holds for the queue. Raises OperationsError."""
    path = f"{BASE}/policy"
    return await _submit(
        mutations,
        "risk.policy_change",
        "Change of the risk policy",
        path,
        change,
        method="PATCH",
        version=policy.version,
        resource="risk_policy:queue",
        record=path,
        base=policy,
    )


# --- why something cannot be done ----------------------------------------------------------------------------------


def publish_reason(engine: Engine, one: RuleSetSummary, *, dirty: bool = False) -> str | None:
    """Why a version cannot be published now, in words; ``None`` when it can."""
    from models.risk.rules import RuleSetState

    reason = engine.write_blocker(PUBLISH, irreversible=True)
    if reason is not None:
        return reason
    me = engine.session.me
    if one.state is RuleSetState.PUBLISHED:
        return "it is the published one"
    if one.state is RuleSetState.DISCARDED:
        return "it was discarded"
    if me is not None and me.user_id in {one.author, *one.writers}:
        return "you wrote some of these rules; someone else must publish"
    if dirty:
        return "save or throw away your changes first"
    if one.rule_count == 0:
        return "it has no rules"
    if one.backtest_id is None:
        return "needs a finished backtest of exactly these rules"
    return None


def times(until: datetime, now: datetime) -> str:
    """An instant as a list shows it, UTC; the day left out when it is today."""
    return f"{until:%H:%M}" if until.date() == now.date() else f"{until.day} {until:%b %H:%M}"


def titles(lists: tuple[RiskList, ...]) -> Mapping[str, str]:
    """Titles of lists by id, for sentences."""
    return {each.list_id: each.title for each in lists}
