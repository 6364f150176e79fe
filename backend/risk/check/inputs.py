"""What is read before an order is decided: its metrics, and the lists, snoozes, breakers and rules that bear on it."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, LiteralString

from pydantic import TypeAdapter

from backend.core.database import Connection, array, load_queries
from backend.risk.features import counted_sql
from models.core.money import decimals
from models.risk.metrics import METRICS, SUBJECTS
from models.risk.rules import FraudRule, ListHit
from models.risk.suppression import SnoozeSubject

queries = load_queries(__package__)

RULE_SETS_KEPT = 8
LISTED: Final = tuple(key for key, metric in METRICS.items() if metric.listed)
SNOOZED: Final = tuple(str(subject) for subject in SnoozeSubject)

_RULES: TypeAdapter[tuple[FraudRule, ...]] = TypeAdapter(tuple[FraudRule, ...])
_parsed: OrderedDict[tuple[str, int], tuple[FraudRule, ...]] = OrderedDict()

_GIVEN: LiteralString = """
select %(id)s::text as id, %(placed_at)s::timestamptz as placed_at,
       %(customer_id)s::text as customer_id, %(email)s::text as email, %(email_alias)s::text as email_alias,
       %(ip)s::text as ip, %(ip_network)s::text as ip_network, %(card)s::text as card, %(device)s::text as device,
       case when %(currency)s::text = %(reporting)s::text then %(minor)s::bigint
            else converted(%(minor)s::bigint, (select rate from currency_rate where currency = %(currency)s::text
                and day = (%(placed_at)s::timestamptz at time zone 'UTC')::date), %(shift)s::int) end as order_value,
       9223372036854775807 as below, coalesce((select seq from risk_order where id = %(id)s::text), 0) as own
offset 0
"""

_CONTEXT: LiteralString = """
select to_jsonb(f) as counted,
       (select coalesce(jsonb_agg(jsonb_build_object('list_id', l.id, 'kind', l.kind, 'metric', v.metric,
                                                     'value', v.value) order by l.id), '[]')
          from unnest(%(listed)s::text[], %(listed_values)s::text[]) as v(metric, value)
          join risk_list_entry as e on e.value = v.value and e.removed_at is null
          join risk_list as l on l.id = e.list_id and l.metric = v.metric and l.deleted_at is null
         where e.until is null or e.until > now()) as lists,
       (select coalesce(array_agg(distinct s.rule_id), '{}')
          from unnest(%(snoozed)s::text[], %(snoozed_values)s::text[]) as v(subject, value)
          join risk_snooze as s on s.value = v.value and s.subject = v.subject and s.ended_at is null
         where s.until > now()) as snoozed,
       (select coalesce(array_agg(b.rule_id), '{}') from risk_breaker as b where b.reset_at is null) as demoted,
       exists (select from risk_decision as d where d.order_id = %(id)s::text) as decided,
       exists (select from risk_order as o where o.id = %(id)s::text and o.source = 'shop') as is_backfilled,
       s.id::text, s.number, s.version, clock_timestamp()
  from risk_rule_set as s, counted as f
 where s.state = 'published'
"""

READ: LiteralString = f"with counted as ({counted_sql(_GIVEN)}) {_CONTEXT}"
"""One row: everything that is asked about a checked order."""


def examples() -> tuple[LiteralString, ...]:
    """Statements put together here, for the test that prepares them all."""
    return (READ,)


@dataclass(frozen=True, slots=True)
class CheckInputs:
    """What holds for an order at the instant it is checked."""

    values: Mapping[str, Any]
    """Columns of ``risk_order``."""
    lists: tuple[ListHit, ...]
    snoozed: frozenset[str]
    demoted: frozenset[str]
    decided: bool
    """It was checked before."""
    is_backfilled: bool
    """It came in from the shop before, without a check."""
    rule_set_id: str
    rule_set_number: int
    rules: tuple[FraudRule, ...]


def key_of(kind: str, value: str) -> int:
    """The advisory lock of a value: 64 bits of its hash."""
    digest = hashlib.blake2b(f"{kind}\0{value}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


async def lock(tx: Connection, keys: Iterable[int]) -> str | None:
    """Take the locks to the end of ``tx``; the reporting currency, if one was chosen."""
    row = await (await tx.execute(queries.lock, {"keys": array(set(keys))}, prepare=True)).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always answers
    return None if row[0] is None else str(row[0])


def subject_keys(values: Mapping[str, Any]) -> list[int]:
    """Locks of the order itself and of all it may have in common with another."""
    return [
        key_of("order", values["id"]),
        *(key_of(column, values[column]) for _, column, _ in SUBJECTS if values[column] is not None),
    ]


async def read_inputs(tx: Connection, values: dict[str, Any], reporting: str) -> CheckInputs:
    """What bears on an order with these ``order_values``."""
    given = {key: values[key] for key in ("id", "placed_at", "currency", "minor", *(c for _, c, _ in SUBJECTS))}
    listed, snoozed = _present(LISTED, values), _present(SNOOZED, values)
    given |= {
        "reporting": reporting,
        "shift": decimals(reporting) - decimals(values["currency"]),
        "listed": array(listed),
        "listed_values": array(listed.values()),
        "snoozed": array(snoozed),
        "snoozed_values": array(snoozed.values()),
    }
    row = await (await tx.execute(READ, given, prepare=True)).fetchone()
    assert row is not None  # noqa: S101 - a rule set is always published
    counted, lists, suppressed, demoted, decided, is_backfilled, rule_set_id, number, version, now = row
    return CheckInputs(
        values | counted | {"received_at": now},
        tuple(ListHit.model_validate(hit) for hit in lists),
        frozenset(suppressed),
        frozenset(demoted),
        decided,
        is_backfilled,
        rule_set_id,
        number,
        await _rules(tx, rule_set_id, version),
    )


def _present(keys: Iterable[str], values: Mapping[str, Any]) -> dict[str, str]:
    return {key: values[key] for key in keys if values[key] is not None}


async def _rules(tx: Connection, rule_set_id: str, version: int) -> tuple[FraudRule, ...]:
    """The rules of a published set, which do not change; parsed once."""
    key = rule_set_id, version
    if key not in _parsed:
        row = await (await tx.execute(queries.rules, {"rule_set_id": rule_set_id})).fetchone()
        assert row is not None  # noqa: S101 - sets are never deleted
        _parsed[key] = _RULES.validate_python(row[0])
        while len(_parsed) > RULE_SETS_KEPT:
            _parsed.popitem(last=False)
    return _parsed[key]
