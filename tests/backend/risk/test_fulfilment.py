"""What follows from verdicts: the shop is asked until it has done it, people hear of escalations, snoozes end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from backend.core.database import Database
from backend.core.keys import Key
from backend.core.settings import Settings
from backend.deliveries import EgressGuard
from backend.deliveries.secrets import SecretStore
from backend.deliveries.sending.seeds import seed_connections, seed_sample
from backend.deliveries.sending.sender import Sender
from backend.risk.fulfilment.actions import note_end
from backend.risk.queue.actions import wake
from tests.backend.deliveries.fixtures import Receiver, ports, receiving, until
from tests.backend.risk.fixtures import APPROVE, ESCALATE, QUEUE, REJECT, RiskShop
from tests.conftest import Api

SECRET = "s" * 32
Scene = Callable[[Receiver], Awaitable[None]]


@pytest.fixture
def shop(api: Api) -> RiskShop:
    return RiskShop(api)


def turn(shop: RiskShop, tick: Any, settings: Settings | None = None) -> None:
    """A turn of the worker."""

    async def run() -> None:
        database = Database(shop.api.settings.database_url or "")
        await database.open()
        await tick(database, settings or shop.api.settings)
        await database.close()

    asyncio.run(run())


def decided(shop: RiskShop, decision: dict[str, str]) -> str:
    entry_id = shop.entry()
    shop.done(f"{QUEUE}/{entry_id}/decision", decision, version=1)
    return entry_id


def alerts(shop: RiskShop) -> list[tuple[Any, ...]]:
    return shop.sql(
        "select key, severity, state from alert where source = 'risk' and valid_to = 'infinity' and state <> 'cleared'"
    )


def play(shop: RiskShop, scene: Scene, *, names: tuple[str, ...] = ("shop_webhook",)) -> Receiver:
    """A worker that sends, with systems these settings name, while ``scene`` lasts."""

    async def run() -> Receiver:
        database = Database(shop.api.settings.database_url or "")
        await database.open()
        async with receiving() as receiver:
            update = {
                f"{name}{ending}": value
                for name in names
                for ending, value in (("", receiver.url(f"/{name}")), ("_secret", SecretStr(SECRET)))
            }
            settings = shop.api.settings.model_copy(update=update)
            for _ in range(2):  # another start changes nothing
                await seed_connections(database, settings, SecretStore.of(settings))
            shop.sql("update connection_health set canary_due_at = now() + interval '1 h'")
            shop.sql("update shop_command set due_at = now()")
            guard = EgressGuard.of(settings)
            sender = Sender(database, ports(), SecretStore.of(settings), guard, within=1.0)
            working = asyncio.create_task(sender.run())
            try:
                await scene(receiver)
            finally:
                working.cancel()
                await asyncio.wait({working})
                await database.close()
            return receiver

    return asyncio.run(run())


def heard(shop: RiskShop) -> None:
    """The jobs that hear of ends, as the worker runs them."""

    async def run(database: Database, _settings: Settings) -> None:
        jobs = "delete from procrastinate_jobs where task_name = 'opsconsole:risk.command_ended' returning args"
        for (arguments,) in shop.sql(jobs):
            async with database.transaction() as tx:
                await note_end(tx, UUID(arguments["command_id"]))

    turn(shop, run)


def states(shop: RiskShop) -> list[str]:
    return [state for (state,) in shop.sql("select state from shop_command order by id")]


@pytest.mark.parametrize(("decision", "name"), [(APPROVE, "order.release"), (REJECT, "order.cancel")])
def test_the_shop_is_asked_once_and_the_case_says_so(shop: RiskShop, decision: dict[str, str], name: str) -> None:
    entry_id = decided(shop, decision)

    async def scene(_receiver: Receiver) -> None:
        await until(lambda: states(shop) == ["done"])

    [request] = play(shop, scene).got
    heard(shop)
    fulfilment = shop.fulfilment(entry_id)
    assert fulfilment is not None
    assert request.id == fulfilment["intentId"]
    assert request.body["type"] == name
    assert request.body["data"] == {"orderId": "CS-48001", "amount": 24_960, "currency": "EUR"}
    assert (fulfilment["state"], fulfilment["attempts"], fulfilment["problem"]) == ("done", 1, None)
    assert shop.history(entry_id) == ["risk.entry.decided", "risk.intent.done"]


def test_a_shop_that_fails_is_asked_again_with_the_same_id(shop: RiskShop) -> None:
    entry_id = decided(shop, REJECT)

    async def scene(receiver: Receiver) -> None:
        receiver.plan["/shop_webhook"] = 503
        await until(lambda: receiver.got and states(shop) == ["waiting"])
        assert shop.post(f"{QUEUE}/{entry_id}/reopen", version=2).status_code == 409  # it has heard of it
        receiver.plan["/shop_webhook"] = 200
        shop.sql("update shop_command set due_at = now()")
        await until(lambda: states(shop) == ["done"])

    got = play(shop, scene).got
    assert (len(got), len({each.id for each in got})) == (2, 1)
    assert alerts(shop) == []


def test_what_fails_for_good_is_alerted_and_retried_by_hand(shop: RiskShop) -> None:
    entry_id = decided(shop, REJECT)

    async def refused(receiver: Receiver) -> None:
        receiver.plan["/shop_webhook"] = 422
        await until(lambda: states(shop) == ["dead"])

    play(shop, refused)
    heard(shop)
    assert alerts(shop) == [("shop", "P2", "active")]
    [failed] = shop.get("/api/risk/intents").json()["items"]
    assert (failed["state"], failed["problem"], failed["entryId"]) == ("failed", "answered 422", entry_id)
    assert shop.post(f"{QUEUE}/{entry_id}/reopen", version=2).status_code == 409
    path = f"/api/risk/intents/{failed['intentId']}/retry"
    assert shop.post(path, role="viewer").status_code == 403
    assert shop.done(path)["state"] == "waiting"
    assert shop.done(path)["state"] == "waiting"

    async def taken(_receiver: Receiver) -> None:
        await until(lambda: states(shop) == ["done"])

    assert len(play(shop, taken).got) == 1
    heard(shop)
    assert shop.history(entry_id)[-3:] == ["risk.intent.failed", "risk.intent.retried", "risk.intent.done"]
    assert shop.get("/api/risk/intents").json()["items"] == []
    assert shop.post("/api/risk/intents/0198c0de-0000-7000-8000-000000000000/retry").status_code == 404


def test_an_undone_verdict_is_not_carried_out(shop: RiskShop) -> None:
    entry_id = decided(shop, REJECT)
    [(intent_id,)] = shop.sql("select id::text from risk_intent")
    shop.done(f"{QUEUE}/{entry_id}/reopen", version=2)
    shop.done(f"{QUEUE}/{entry_id}/decision", APPROVE, version=3)

    async def scene(_receiver: Receiver) -> None:
        await until(lambda: "done" in states(shop))

    assert [each.body["type"] for each in play(shop, scene).got] == ["order.release"]
    assert shop.post(f"/api/risk/intents/{intent_id}/retry").status_code == 409


def test_without_a_shop_verdicts_wait_and_say_so_until_there_is_one(shop: RiskShop) -> None:
    entry_id = decided(shop, REJECT)
    fulfilment = shop.fulfilment(entry_id)
    assert fulfilment is not None
    assert (fulfilment["state"], fulfilment["attempts"]) == ("waiting", 0)
    assert "no shop is connected" in fulfilment["problem"]

    async def scene(_receiver: Receiver) -> None:
        await until(lambda: states(shop) == ["done"])

    assert len(play(shop, scene).got) == 1


def test_escalations_are_told_to_whom_they_are_routed(shop: RiskShop) -> None:
    alone = decided(shop, ESCALATE)
    assert shop.history(alone)[-1] == "risk.escalation.untold"

    async def scene(receiver: Receiver) -> None:
        decided(shop, ESCALATE)
        with_position(shop)
        await until(lambda: receiver.got)

    [told] = play(shop, scene, names=("finance_webhook",)).got
    assert "Risk analyst asks finance to look at order CS-48002 of 249.60 EUR" in told.body["text"]
    assert "please look" in told.body["text"]
    # What was said can be erased; the log never held it.
    assert shop.sql("select 1 from audit_log where after::text like '%%please look%%' and action like 'deliv%%'") == []


def with_position(shop: RiskShop) -> None:
    """As the relay does."""
    from backend.audit.relay import queries

    while shop.sql(queries.lag) != [(0.0,)]:
        shop.sql(queries.stamp)


def test_the_sample_shop_has_its_outside_systems_at_the_addresses_of_each_run(shop: RiskShop) -> None:
    store = SecretStore(Key.read(Key.make(), "test"), None)

    async def start(database: Database, _settings: Settings, port: int = 1) -> None:
        addresses = {name: f"http://127.0.0.1:{port}/{name}" for name in ("shop", "support", "finance", "mail")}
        await seed_sample(database, store, addresses, "a-secret-all-may-know")

    turn(shop, start)
    turn(shop, lambda database, settings: start(database, settings, 2))
    assert shop.sql("select name, ready, settings ->> 'url' from connection order by name") == [
        ("Finance ledger", True, "http://127.0.0.1:2/finance"),
        ("Mail", True, "http://127.0.0.1:2/mail"),
        ("Sample shop", True, "http://127.0.0.1:2/shop"),
        ("Support desk", True, "http://127.0.0.1:2/support"),
    ]
    assert shop.sql("select count(*) from route") == [(16,)]


def test_a_setting_that_is_gone_turns_its_connection_off(shop: RiskShop) -> None:
    async def scene(_receiver: Receiver) -> None:
        assert shop.sql("select name, ready from connection") == [("Shop webhook", True)]

    play(shop, scene)

    async def start(database: Database, settings: Settings) -> None:
        await seed_connections(database, settings, SecretStore.of(settings))

    turn(shop, start)
    assert shop.sql("select name, ready from connection") == [("Shop webhook", False)]
    assert shop.sql("select count(*) from connection") == [(1,)]


def test_snoozes_end_and_the_log_says_so(shop: RiskShop) -> None:
    due, later = shop.entry(), shop.entry()
    shop.sql("update risk_entry set snoozed_until = now() - interval '1 s' where id = %s", [due])
    shop.sql("update risk_entry set snoozed_until = now() + interval '1 h' where id = %s", [later])
    turn(shop, wake)
    turn(shop, wake)
    assert (shop.history(due), shop.history(later)) == (["risk.entry.woken"], [])
    assert shop.sql("select version from risk_entry where id = %s", [due]) == [(2,)]


def test_the_figures_of_the_queue_are_exposed(shop: RiskShop) -> None:
    decided(shop, REJECT)
    shop.entry()
    shop.sql("update risk_entry set due_at = now() - interval '1 s' where status = 'open'")
    shop.sql("update shop_command set state = 'dead'")
    text = httpx.get(f"{shop.api.base_url}/metrics", timeout=10).text
    for line in (
        'opsconsole_risk_entries_open{status="open"} 1.0',
        "opsconsole_risk_entries_overdue 1.0",
        "opsconsole_risk_intents_failed 1.0",
        'opsconsole_risk_decisions_total{outcome="decided",verdict="rejected"}',
    ):
        assert line in text


def test_a_webhook_needs_its_secret() -> None:
    with pytest.raises(ValidationError, match="OPSCONSOLE_SHOP_WEBHOOK and OPSCONSOLE_SHOP_WEBHOOK_SECRET, or neither"):
        Settings(shop_webhook="https://shop.example/hook")
    with pytest.raises(ValidationError, match="shop_webhook"):
        Settings(shop_webhook="ftp://shop.example", shop_webhook_secret=SECRET)
    settings = Settings(shop_webhook="https://shop.example/hook", shop_webhook_secret=SECRET)
    assert SECRET not in json.dumps(settings.as_environment())
