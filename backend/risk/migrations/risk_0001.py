"""Values of orders, lists and snoozes in one form; the network of an IP and the mailbox of an e-mail as metrics."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from backend.migrations.script import run_beside
from backend.migrations.stored_values import connection, derive, id_forms, log, put_into_form
from models.core import normal_form
from models.risk.metrics import normal

revision = "risk_0001"
down_revision = None
branch_labels = ("risk",)
depends_on = ("shop_0001",)

_COUNTRIES = ("billing_country", "shipping_country", "ip_country", "card_country")
_TEXTS = ("customer_id", "email", "email_domain", "ip", "card", "device", "payment_method", "currency", *_COUNTRIES)
_IDS = """
with forms as (select * from unnest(%(given)s::text[], %(kept)s::text[]) as v(given, kept)),
     payloads as (update risk_payload as t set order_id = kept from forms where order_id = given),
     decisions as (update risk_decision as t set order_id = kept from forms where order_id = given),
     shadows as (update risk_shadow_decision as t set order_id = kept from forms where order_id = given),
     entries as (update risk_entry as t set order_id = kept from forms where order_id = given),
     hits as (update risk_hit as t set order_id = kept from forms where order_id = given),
     intents as (update risk_intent as t set order_id = kept from forms where order_id = given)
update risk_order as t set id = kept from forms where id = given
"""
"""One statement: keys that refer to each other are checked at its end."""


def upgrade() -> None:
    """Apply."""
    run_beside(__file__)
    values_into_form()


def values_into_form() -> None:
    """Put what is stored into the form in which it comes in now."""
    _ids()
    put_into_form("risk_outcome", "order_id", normal_form.identifier, given="orderId")
    put_into_form("risk_outcome", "customer_id", normal_form.identifier, given="customerId")
    for column in _TEXTS:
        put_into_form("risk_order", column, partial(normal, column))
    derive("risk_order", "email", "email_alias", normal_form.email_alias)
    derive("risk_order", "ip", "ip_network", lambda text: normal("ip_network", text) if _is_ip(text) else "")
    _differences()
    # The queue shows what the orders have.
    connection().execute(
        "update risk_entry as e set customer_id = o.customer_id, email = o.email, card = o.card, ip = o.ip,"
        " device = o.device, card_country = o.card_country, ip_country = o.ip_country from risk_order as o"
        " where o.id = e.order_id and (e.customer_id, e.email, e.card, e.ip, e.device, e.card_country, e.ip_country)"
        " is distinct from (o.customer_id, o.email, o.card, o.ip, o.device, o.card_country, o.ip_country)"
    )
    _lists()
    _snoozes()


def _is_ip(text: str) -> bool:
    try:
        normal_form.ip(text)
    except ValueError:
        return False
    return True


def _ids() -> None:
    forms = id_forms("risk_order", normal_form.identifier)
    if forms:
        done = connection().execute(_IDS, {"given": list(forms), "kept": list(forms.values())})
        log.info("stored values put into their form", table="risk_order", column="id", rows=done.rowcount)


def _differences() -> None:
    """*Germany* and *DE* never differed: what rules are tried on says so from now on. Decisions stay as they were."""
    pairs = [(a, b) for number, a in enumerate(_COUNTRIES) for b in _COUNTRIES[number + 1 :]]
    names = [(f"{a.removesuffix('_country')}_{b.removesuffix('_country')}_differ", a, b) for a, b in pairs]
    changes = ", ".join(f"{name} = {a} <> {b}" for name, a, b in names)
    stale = " or ".join(f"{name} is distinct from ({a} <> {b})" for name, a, b in names)
    done = connection().execute(f"update risk_order set {changes} where {stale}")  # noqa: S608
    if done.rowcount:
        log.info("stored values put into their form", table="risk_order", column="…_differ", rows=done.rowcount)


def _lists() -> None:
    """Of entries that are one now, the one that holds longest stays."""
    rows = connection().execute(
        "select e.id, l.metric, e.value, e.until, e.list_id from risk_list_entry as e join risk_list as l"
        " on l.id = e.list_id where e.removed_at is null order by e.added_at"
    )
    groups: dict[Any, list[tuple[Any, str, datetime | None]]] = {}
    for entry_id, metric, value, until, list_id in rows.fetchall():
        groups.setdefault((list_id, normal(metric, value) or value), []).append((entry_id, value, until))
    _merge(
        groups,
        "update risk_list_entry set removed_at = clock_timestamp(), removed_by = 'system:worker' where id = %s",
        "update risk_list_entry set value = %s, given = value where id = %s",
        "risk_list_entry",
    )


def _snoozes() -> None:
    rows = connection().execute(
        "select id, rule_id, subject, value, until from risk_snooze where ended_at is null order by created_at"
    )
    groups: dict[Any, list[tuple[Any, str, datetime | None]]] = {}
    for snooze_id, rule_id, subject, value, until in rows.fetchall():
        groups.setdefault((rule_id, subject, normal(subject, value) or value), []).append((snooze_id, value, until))
    _merge(
        groups,
        "update risk_snooze set ended_at = clock_timestamp(), version = version + 1 where id = %s",
        "update risk_snooze set value = %s, given = value, version = version + 1 where id = %s",
        "risk_snooze",
    )


def _merge(groups: dict[Any, list[tuple[Any, str, datetime | None]]], end: Any, change: Any, table: str) -> None:
    changed = ended = 0
    for key, members in groups.items():
        members.sort(key=lambda member: (member[2] is None, member[2] and member[2].timestamp()))
        *others, (kept, value, _) = members
        for other, _, _ in others:
            connection().execute(end, (other,))
            ended += 1
        if value != key[-1]:
            connection().execute(change, (key[-1], kept))
            changed += 1
    if changed or ended:
        log.info("stored values put into their form", table=table, column="value", rows=changed, ended=ended)
