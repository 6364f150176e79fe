"""Everything that changes rule sets. Exactly one is published at any time. Specification: FraudRule; AC 4."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from backend.core import audit_trail
from backend.core.database import Connection, load_queries
from backend.core.http import known_id
from backend.core.problems import ProblemError, same_version
from backend.risk.rule_sets.reads import find_rule_set, published_id
from models.core.problems import Code, FieldError
from models.risk.metrics import LISTED, Operator
from models.risk.rules import (
    AnyOf,
    Condition,
    FraudRule,
    PublishRuleSet,
    RuleSet,
    RuleSetChange,
    RuleSetDraft,
    RuleSetState,
)

queries = load_queries(__package__)


async def create_draft(tx: Connection, *, actor: str, request: RuleSetDraft) -> RuleSet:
    """A new draft, with its own rules or those of the set it is based on. Unknown lists: 422. Unknown base: 404.

    It has the writers of what is in it, besides whoever makes it: own rules cannot be published through a copy.
    """
    base = known_id(request.based_on, "rule set") if request.based_on is not None else await published_id(tx)
    found = await find_rule_set(tx, base)
    rules = found.rules if request.rules is None else request.rules
    await check_lists(tx, rules)
    values = {
        "title": request.title,
        "rules": as_json(rules),
        "based_on": base,
        "actor": actor,
        "writers": _together((actor,), await _writers_of(tx, rules, based_on=base)),
    }
    row = await (await tx.execute(queries.insert_rule_set, values)).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    after = await find_rule_set(tx, row[0])
    await _record(tx, actor, "created", after)
    return after


async def change_draft(
    tx: Connection, *, actor: str, rule_set_id: UUID, version: int, request: RuleSetChange
) -> RuleSet:
    """Change a draft. Other rules make whoever wrote them one of its writers, end its shadow run, outdate its backtest.

    Not a draft: 409. Stale: 412. Unknown lists: 422.
    """
    before = await _lock(tx, rule_set_id)
    _must_be_draft(before, "changed")
    same_version(before.version, version)
    rules = before.rules if request.rules is None else request.rules
    title = request.title or before.title
    if (title, rules) == (before.title, before.rules):
        audit_trail.nothing_changed()
        return before
    if rules != before.rules:
        await check_lists(tx, rules)
        await tx.execute(queries.forget_shadow, {"rule_set_id": rule_set_id})
        writers = _together(before.writers, (actor,), await _writers_of(tx, rules))
    else:
        writers = list(before.writers)
    values = {"rule_set_id": rule_set_id, "title": title, "rules": as_json(rules), "writers": writers}
    await tx.execute(queries.update_rule_set, values)
    after = await find_rule_set(tx, rule_set_id)
    await _record(tx, actor, "changed", after, before)
    return after


async def discard_draft(tx: Connection, *, actor: str, rule_set_id: UUID, version: int) -> RuleSet:
    """Put a draft away for good. Discarded already: stays so. Published or retired: 409. Stale: 412."""
    before = await _lock(tx, rule_set_id)
    if before.state is RuleSetState.DISCARDED:
        audit_trail.nothing_changed()
        return before
    _must_be_draft(before, "discarded")
    same_version(before.version, version)
    await tx.execute(queries.discard_rule_set, {"rule_set_id": rule_set_id})
    after = await find_rule_set(tx, rule_set_id)
    await _record(tx, actor, "discarded", after, before)
    return after


async def publish(tx: Connection, *, actor: str, rule_set_id: UUID, version: int, request: PublishRuleSet) -> RuleSet:
    """Let a draft, or a set that was published before, decide from now on; the one before it is retired.

    Never by somebody who wrote its rules (409). It needs a finished backtest of exactly these rules, and a draft also a
    shadow run that saw an order, unless ``waive_shadow`` says why not (409). Stale: 412.
    """
    await tx.execute(queries.lock_publishing)
    before = await _lock(tx, rule_set_id)
    if before.state is RuleSetState.PUBLISHED:
        if before.published_by == actor:
            audit_trail.nothing_changed()
            return before
        raise ProblemError(Code.CONFLICT, f"{before.published_by_name} has published this rule set already.")
    if before.state is RuleSetState.DISCARDED:
        raise ProblemError(Code.CONFLICT, "This draft was discarded; make a new one based on it.")
    same_version(before.version, version)
    if actor in before.writers:
        raise ProblemError(Code.CONFLICT, "You wrote some of these rules: somebody else has to publish them.")
    if before.backtest_id is None:
        raise ProblemError(Code.CONFLICT, "Run a backtest of exactly these rules first; none of them has finished.")
    waived = request.waive_shadow.strip()
    if before.state is RuleSetState.DRAFT and before.shadow_orders == 0 and not waived:
        raise ProblemError(
            Code.CONFLICT, "Run it beside live traffic until it has seen an order, or say why that is not needed."
        )
    await check_lists(tx, before.rules)
    retired = await (await tx.execute(queries.retire_published)).fetchone()
    await tx.execute(queries.publish_rule_set, {"rule_set_id": rule_set_id, "actor": actor})
    after = await find_rule_set(tx, rule_set_id)
    if retired is not None:
        await audit_trail.record(
            tx,
            actor=actor,
            action="risk.rule_set.retired",
            resource_type="risk_rule_set",
            resource_id=str(retired[0]),
            label=f"{retired[1]} {retired[2]}",
            version=retired[3],
            before={"state": RuleSetState.PUBLISHED},
            after={"state": RuleSetState.RETIRED, "replacedBy": after.rule_set_id},
            reason=request.reason,
        )
    shadow = {"shadowOrders": before.shadow_orders} | ({"waiveShadow": waived} if waived else {})
    await _record(tx, actor, "published", after, before, reason=request.reason, more=shadow)
    return after


async def switch_shadow(tx: Connection, *, actor: str, rule_set_id: UUID, version: int, on: bool) -> RuleSet:
    """Let a draft see live traffic, without effect, or no longer. Not a draft: 409. Stale: 412."""
    before = await _lock(tx, rule_set_id)
    if (before.shadow_since is not None) == on:
        audit_trail.nothing_changed()
        return before
    _must_be_draft(before, "run beside live traffic")
    same_version(before.version, version)
    await tx.execute(queries.switch_shadow, {"rule_set_id": rule_set_id, "on": on})
    after = await find_rule_set(tx, rule_set_id)
    await _record(tx, actor, "shadow_begun" if on else "shadow_ended", after, before)
    return after


async def check_lists(tx: Connection, rules: Iterable[FraudRule], at: str = "/rules") -> None:
    """Raises ProblemError 422, a pointer for each condition that names a list we have not or one of other values.

    The lists stay locked until the transaction ends. ``at`` is where in the request the rules stand.
    """
    listed = [
        (f"{at}/{number}{where}/value", condition)
        for number, rule in enumerate(rules)
        for where, condition in _places(rule)
        if condition.operator in LISTED
    ]
    if not listed:
        return
    names = sorted({str(condition.value) for _, condition in listed})
    known: dict[str, str] = dict(await (await tx.execute(queries.lock_lists, {"lists": names})).fetchall())
    errors = []
    for pointer, condition in listed:
        holds = known.get(str(condition.value))
        if holds is None:
            message = f"there is no list {condition.value}"
        elif holds != condition.metric:
            message = f"the list {condition.value} holds values of {holds}, not of {condition.metric}"
        else:
            continue
        errors.append(FieldError(pointer=pointer, code="unknown-list", message=message))
    if errors:
        raise ProblemError(Code.INVALID, "; ".join(each.message for each in errors[:3]), errors=errors[:100])


async def _writers_of(tx: Connection, rules: Iterable[FraudRule], based_on: UUID | None = None) -> Sequence[str]:
    values = {"rules": as_json(rules), "based_on": based_on}
    row = await (await tx.execute(queries.writers_of, values)).fetchone()
    return row[0] if row is not None else ()


def _together(*groups: Iterable[str]) -> list[str]:
    """Everybody once, in the order in which they came."""
    return list(dict.fromkeys(name for group in groups for name in group))


def as_json(rules: Iterable[FraudRule]) -> Jsonb:
    """Rules as they are stored: always in one form, so that equal rules are equal in the database."""
    return Jsonb([rule.model_dump(mode="json", by_alias=True) for rule in rules])


def _places(rule: FraudRule) -> Iterable[tuple[str, Condition]]:
    for number, entry in enumerate(rule.conditions):
        if isinstance(entry, AnyOf):
            for inner, condition in enumerate(entry.any):
                yield f"/conditions/{number}/any/{inner}", condition
        else:
            yield f"/conditions/{number}", entry


async def _lock(tx: Connection, rule_set_id: UUID) -> RuleSet:
    await tx.execute(queries.lock_rule_set, {"rule_set_id": rule_set_id})
    # A statement of its own: its snapshot is taken after the lock is held.
    return await find_rule_set(tx, rule_set_id)


def _must_be_draft(found: RuleSet, what: str) -> None:
    if found.state is not RuleSetState.DRAFT:
        raise ProblemError(
            Code.CONFLICT, f"Only a draft can be {what}, and this set is {found.state}: make a new draft based on it."
        )


def _audit_snapshot(found: RuleSet) -> dict[str, Any]:
    shown = found.model_dump(mode="json", by_alias=True, include={"title", "state", "shadow_since", "writers"})
    return shown | {"rules": [_without_people(rule) for rule in found.rules]}


_PERSONAL = frozenset({"email", "email_alias", "ip", "ip_network"})


def _without_people(rule: FraudRule) -> dict[str, Any]:
    """The rule as the log keeps it: for ever, so without the addresses of people."""
    snapshot: dict[str, Any] = rule.model_dump(mode="json", by_alias=True)
    for entry in snapshot["conditions"]:
        for condition in entry.get("any", [entry]):
            if condition["metric"] in _PERSONAL and Operator(condition["operator"]) not in LISTED:
                condition["value"] = "(an address)"
    return snapshot


async def _record(
    tx: Connection,
    actor: str,
    what: str,
    after: RuleSet,
    before: RuleSet | None = None,
    *,
    reason: str | None = None,
    more: dict[str, Any] | None = None,
) -> None:
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"risk.rule_set.{what}",
        resource_type="risk_rule_set",
        resource_id=after.rule_set_id,
        label=f"{after.number} {after.title}",
        version=after.version,
        before=None if before is None else _audit_snapshot(before),
        after=_audit_snapshot(after) | (more or {}),
        reason=reason,
    )
