"""Consent and requests of the sample shop: half a year of consent, requests in every state, one overdue tomorrow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from backend.core.audit_trail import SAMPLE_SHOP
from backend.core.database import Connection, array, load_queries
from backend.core.sample_shop import Order, SampleShop
from backend.privacy.keys.ring import KeyRing
from backend.privacy.keys.source import ring_of
from backend.privacy.persons.actions import register
from backend.privacy.policies.actions import publish
from backend.privacy.requests import actions, reads
from backend.privacy.requests.actions import Intake, take_in, verify
from models.privacy import Channel, Jurisdiction
from models.privacy.consent import ConsentChoice, ConsentTextRequest, ConsentType, PolicyRequest
from models.privacy.requests import (
    AccessRequest,
    RequestChange,
    RequestSource,
    RequestState,
    RequestType,
    VerificationMethod,
    VerifyRequest,
)

queries = load_queries(__package__, "sample.sql")

OFFICER: Final = "compliance-officer"
PEOPLE: Final = 160
AGO: Final = timedelta(days=150)
CHANGED: Final = timedelta(days=47)
"""So long ago the second policy came, and more people let themselves be measured."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A request, and how far it is when the shop opens."""

    type: RequestType
    law: Jurisdiction
    due_in: float
    """Days until it is due by law."""
    state: RequestState
    blocked: str = ""


_GDPR, _UK, _CCPA = Jurisdiction.GDPR, Jurisdiction.UK_GDPR, Jurisdiction.CCPA
_PLANS: Final = (
    _Plan(RequestType.DELETION, _GDPR, 1.1, RequestState.APPROVAL),
    _Plan(RequestType.DELETION, _GDPR, 2.8, RequestState.RUNNING),
    _Plan(RequestType.ACCESS, _UK, 4.9, RequestState.IDENTITY, "proof of identity failed"),
    _Plan(RequestType.ACCESS, _GDPR, 8.2, RequestState.RUNNING),
    _Plan(RequestType.ACCESS, _GDPR, 9.0, RequestState.RUNNING),
    _Plan(RequestType.ACCESS, _GDPR, 13.4, RequestState.READY),
    _Plan(RequestType.DELETION, _CCPA, 16.1, RequestState.WAITING),
    _Plan(RequestType.RECTIFICATION, _GDPR, 18.3, RequestState.RUNNING),
    _Plan(RequestType.RESTRICTION, _GDPR, 19.5, RequestState.RUNNING),
    _Plan(RequestType.ACCESS, _CCPA, 24.0, RequestState.IDENTITY),
    _Plan(RequestType.DELETION, _UK, 25.6, RequestState.IDENTITY),
    _Plan(RequestType.ACCESS, _GDPR, 29.0, RequestState.IDENTITY),
    _Plan(RequestType.ACCESS, _GDPR, -12.0, RequestState.DONE),
    _Plan(RequestType.DELETION, _GDPR, -20.0, RequestState.REFUSED),
    _Plan(RequestType.ACCESS, _GDPR, -31.0, RequestState.WITHDRAWN),
)
TWICE: Final = 11
"""By place among the plans, whose person asked again by another way: that is a duplicate."""


async def create(tx: Connection, shop: SampleShop) -> None:
    """Make all of it, where there are keys for what is personal. What is to run the worker begins at once."""
    ring = ring_of(shop.settings)
    if ring is None:
        return
    for days, title in ((AGO.days, "Privacy policy"), (CHANGED.days, "Privacy policy, clearer words")):
        await publish(tx, actor=OFFICER, request=_policy(title), at=shop.opened_at - timedelta(days=days))
    orders = list(shop.market.orders_placed(shop.opened_at - timedelta(days=9), shop.opened_at))
    people = await _consents(tx, ring, shop, orders)
    await _requests(tx, ring, shop, people)


def _policy(title: str) -> PolicyRequest:
    def text(locale: str, heading: str, body: str, marketing: str, tracking: str) -> ConsentTextRequest:
        choices = (
            ConsentChoice(consent_type=ConsentType.MARKETING, label=marketing),
            ConsentChoice(consent_type=ConsentType.TRACKING, label=tracking),
        )
        return ConsentTextRequest(locale=locale, title=heading, body=body, choices=choices)

    return PolicyRequest(
        title=title,
        changes="It says more clearly what is kept of you, and for how long.",
        url="https://shop.example/privacy",
        requires_acknowledgement=True,
        texts=(
            text("en", "May we?", "Choose what you want; you can change it at any time.", "News by mail", "Measuring"),
            text("de", "Dürfen wir?", "Wählen Sie; Sie können es jederzeit ändern.", "Neues per Mail", "Messen"),
        ),
    )


async def _consents(tx: Connection, ring: KeyRing, shop: SampleShop, orders: Sequence[Order]) -> list[dict[str, str]]:
    """Half a year of consent: in one statement, for each would be an entry of the log."""
    dice = Random("privacy/consent")  # noqa: S311 - invented people, nothing secret
    found: dict[str, dict[str, str]] = {}
    for order in orders:
        customer = shop.market.checkout(order)["customer"]
        if len(found) < PEOPLE and order.customer_id and customer.get("email"):
            found.setdefault(order.customer_id, {"customer_id": order.customer_id, "email": customer["email"]})
    rows: list[tuple[UUID, ConsentType, bool, datetime, int, int]] = []
    for identifiers in found.values():
        person = await register(tx, ring, identifiers)
        for kind, share in ((ConsentType.MARKETING, 0.44), (ConsentType.TRACKING, 0.58)):
            at, given, known = shop.opened_at - dice.random() * AGO, False, False
            while at < shop.opened_at:
                late = at > shop.opened_at - CHANGED
                now_given = dice.random() < share + (0.06 if late and kind is ConsentType.TRACKING else 0.0)
                rows.append((person.id, kind, now_given, at, int(now_given) - int(given), int(not known)))
                given, known = now_given, True
                at += timedelta(days=dice.uniform(20, 160))
    rows.sort(key=lambda row: row[3])
    values: dict[str, Any] = {
        "people": array(row[0] for row in rows),
        "kinds": array(row[1] for row in rows),
        "statuses": array("granted" if row[2] else "revoked" for row in rows),
        "instants": array(row[3] for row in rows),
        "granted": array(row[4] for row in rows),
        "asked": array(row[5] for row in rows),
    }
    await tx.execute(queries.consents, values | {"changed_at": shop.opened_at - CHANGED, "actor": SAMPLE_SHOP})
    return list(found.values())


async def _requests(tx: Connection, ring: KeyRing, shop: SampleShop, people: Sequence[dict[str, str]]) -> None:
    for plan, who in zip(_PLANS, people, strict=False):
        wanted = AccessRequest(
            type=plan.type,
            user_id=who["customer_id"],
            email=who["email"],
            jurisdiction=plan.law,
            channel=Channel.ACCOUNT,
            reason="Please send me what you have of me." if plan.type is RequestType.ACCESS else "",
        )
        made = await take_in(tx, ring, intake=Intake("storefront", RequestSource.SHOP), request=wanted)
        request_id = UUID(made.request_id)
        if plan.state is not RequestState.IDENTITY:
            proof = VerifyRequest(confirmed=True, method=VerificationMethod.ORDER, evidence="Knew the last order")
            made = await verify(tx, ring, actor=OFFICER, request_id=request_id, version=made.version, request=proof)
        if plan.state in {RequestState.REFUSED, RequestState.WITHDRAWN}:
            await tx.execute(queries.as_approval, {"request_id": request_id})
            why = RequestChange(status=plan.state, reason="Told so on the telephone")
            version = (await reads.find(tx, request_id)).version
            await actions.change(tx, ring, actor=OFFICER, request_id=request_id, version=version, request=why)
        values = {"request_id": request_id, "due_at": shop.opened_at + timedelta(days=plan.due_in)}
        await tx.execute(queries.as_then, values | {"state": plan.state, "blocked": plan.blocked, "actor": OFFICER})
    if len(people) > TWICE:
        again = AccessRequest(
            type=_PLANS[TWICE].type,
            email=people[TWICE]["email"],
            jurisdiction=_PLANS[TWICE].law,
            channel=Channel.EMAIL,
            reason="I wrote to you before.",
        )
        await take_in(tx, ring, intake=Intake("support-lead", RequestSource.SUPPORT), request=again)
