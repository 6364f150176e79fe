"""Who orders in the sample shop, honest people and a few who are not: what its checkout sends about an order."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from random import Random
from typing import Any

from backend.core.sample_shop import Order, sample_resource

ATTACK_SHARE = 0.2
"""Of the hours, in which somebody tries stolen cards."""
ATTACK_ORDERS = 7
HONEST_BETWEEN = 4
"""While cards are tested in earnest every so many-th order is an honest one."""


def payload(order: Order, *, card_testing: bool = False) -> dict[str, Any]:
    """What the shop's checkout sends about an order: a pure function of it, and of whether cards are tested then."""
    words = sample_resource("fraud")
    dice = _dice("order", order.id)
    who = order.customer_id
    person = _dice("person", who)
    age = timedelta(days=person.uniform(20, 2_000)) if dice.random() > 0.06 else timedelta(hours=dice.uniform(0.1, 20))
    card, country = f"card-{person.randrange(16**10):010x}", order.country
    ip, ip_country = f"198.{person.randrange(256)}.{person.randrange(256)}.{person.randrange(1, 255)}", country
    device, mail = f"device-{person.randrange(16**8):08x}", person.choice(words["mail"])
    last4, card_country = f"{person.randrange(10_000):04d}", country
    if (chance := dice.random()) < 0.06:
        ip, ip_country = f"203.0.{dice.randrange(256)}.{dice.randrange(1, 255)}", dice.choice(["ES", "IT", "VN", "TR"])
    elif chance < 0.075:
        card_country = dice.choice(["US", "GB", "DE"])
    elif chance < 0.125:
        mail = dice.choice(words["list"]["values"])
    if (attack := _attack(order, card_testing=card_testing)) is not None:
        age, mail = timedelta(minutes=attack.uniform(5, 90)), attack.choice(words["list"]["values"])
        card, last4 = f"card-{attack.randrange(16**10):010x}", f"{attack.randrange(10_000):04d}"
        ip, ip_country = f"102.{attack.randrange(256)}.{attack.randrange(256)}.7", attack.choice(words["attackers"])
        device, card_country = f"device-{attack.randrange(16**8):08x}", attack.choice(["DE", "FR", "US"])
    return {
        "id": order.id,
        "placedAt": order.placed_at.isoformat(),
        "currency": order.currency,
        "total": order.total,
        "items": [{"title": dice.choice(_products()), "quantity": 1} for _ in range(1 + (person.random() < 0.2))],
        "customer": {
            "id": who,
            "email": f"{who.lower()}@{mail}",
            "createdAt": (order.placed_at - age).isoformat(),
        },
        "payment": {"method": "card", "cardFingerprint": card, "cardLast4": last4, "cardCountry": card_country},
        "billingCountry": country,
        "shippingCountry": country,
        "ip": ip,
        "ipCountry": ip_country,
        "deviceId": device,
    }


@cache
def _products() -> tuple[str, ...]:
    return tuple(product["name"] for product in sample_resource("catalogue")["products"])


def _dice(what: str, which: object) -> Random:
    return Random(f"fraud/{what}/{which}")  # noqa: S311 - invented trade, nothing secret


def _attack(order: Order, *, card_testing: bool) -> Random | None:
    """The dice of the attack an order belongs to: some orders of an hour, one after the other, or card upon card."""
    hour, number = order.id[3:11], int(order.id[11:])
    if card_testing:
        return _dice("card", f"{hour}/{number // ATTACK_ORDERS}") if number % HONEST_BETWEEN else None
    first = _dice("attack", hour)
    if first.random() > ATTACK_SHARE or not (begin := first.randrange(12)) <= number < begin + ATTACK_ORDERS:
        return None
    return _dice("attacker", hour)
