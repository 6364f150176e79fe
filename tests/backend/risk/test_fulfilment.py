"""What follows from verdicts: the shop is asked until it has done it, people hear of escalations, snoozes end."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from backend.core.backoff import ATTEMPTS_MOST
from backend.core.database import Database
from backend.core.settings import Settings
from backend.integrations.signed_webhook import SignedWebhook, WebhookShop, notifier_of, shop_of
from backend.risk.fulfilment.jobs import carry_out
from backend.risk.ports import PortError, ShopPort
from backend.risk.queue.actions import wake
from backend.runtime.jobs import work
from backend.runtime.worker import ticks
from models.risk.queue import EscalateTo
from tests.backend.risk.fixtures import APPROVE, ESCALATE, QUEUE, REJECT, RiskShop
from tests.conftest import Api

SECRET = "s" * 32


class Outside:
    """A system at the other end of a webhook. It answers from ``answers``, the last one for ever; 0 is silence."""

    def __init__(self) -> None:
        self.answers = [200]
        self.received: list[tuple[dict[str, str], dict[str, Any]]] = []
        outside = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                mac = hmac.new(
                    SECRET.encode(), self.headers["Opsconsole-Timestamp"].encode() + b"." + body, hashlib.sha256
                )
                assert self.headers["Opsconsole-Signature"] == f"v1={mac.hexdigest()}"
                outside.received.append((dict(self.headers), json.loads(body)))
                answer = outside.answers.pop(0) if len(outside.answers) > 1 else outside.answers[0]
                if answer == 0:
                    time.sleep(0.6)
                    return
                self.send_response(answer)
                self.send_header("Content-Length", "0")
                if 300 <= answer < 400:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def keys(self) -> list[str]:
        return [headers["Idempotency-Key"] for headers, _ in self.received]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def outside() -> Iterator[Outside]:
    running = Outside()
    yield running
    running.stop()


@pytest.fixture
def shop(api: Api) -> RiskShop:
    return RiskShop(api)


def webhook(outside: Outside) -> WebhookShop:
    return WebhookShop(SignedWebhook(outside.url, SecretStr(SECRET), seconds=0.3))


def attempt(shop: RiskShop, port: ShopPort | None, *, last: bool = False) -> str:
    """One attempt for the only fulfilment request; returns what went wrong."""

    async def run() -> str:
        database = Database(shop.api.settings.database_url or "")
        await database.open()
        try:
            [(intent_id,)] = shop.sql("select id::text from risk_intent where state <> 'withdrawn'")
            await carry_out(database, port, UUID(intent_id), last=last)
        except PortError as error:
            return str(error)
        finally:
            await database.close()
        return ""

    return asyncio.run(run())


def turn(shop: RiskShop, tick: Any, settings: Settings | None = None) -> None:
    """A turn of the worker."""

    async def run() -> None:
        database = Database(shop.api.settings.database_url or "")
        await database.open()
        await tick(database, settings or shop.api.settings)
        await database.close()

    asyncio.run(run())


async def resume(database: Database, settings: Settings) -> None:
    """As the worker does with the shop these settings name."""
    (tick,) = (tick for tick in ticks(settings) if tick.name == "verdicts the shop has not heard of")
    await tick.turn(database, settings)


def decided(shop: RiskShop, decision: dict[str, str]) -> str:
    entry_id = shop.entry()
    shop.done(f"{QUEUE}/{entry_id}/decision", decision, version=1)
    return entry_id


def alerts(shop: RiskShop) -> list[tuple[Any, ...]]:
    return shop.sql(
        "select key, severity, state from alert where source = 'risk' and valid_to = 'infinity' and state <> 'cleared'"
    )


@pytest.mark.parametrize(("decision", "event"), [(APPROVE, "order.release"), (REJECT, "order.cancel")])
def test_the_shop_is_told_once_with_a_signature(
    shop: RiskShop, outside: Outside, decision: dict[str, str], event: str
) -> None:
    entry_id = decided(shop, decision)
    assert attempt(shop, webhook(outside)) == ""
    assert attempt(shop, webhook(outside)) == ""
    [(headers, body)] = outside.received
    fulfilment = shop.fulfilment(entry_id)
    assert fulfilment is not None
    assert body == {
        "event": event,
        "id": fulfilment["intentId"],
        "orderId": "CS-48001",
        "amount": 24_960,
        "currency": "EUR",
    }
    assert headers["Idempotency-Key"] == fulfilment["intentId"]
    assert (fulfilment["state"], fulfilment["attempts"], fulfilment["problem"]) == ("done", 1, None)
    assert shop.history(entry_id) == ["risk.entry.decided", "risk.intent.done"]


def test_a_settled_order_is_refunded(shop: RiskShop, outside: Outside) -> None:
    shop.sql(
        "insert into orders (id, placed_at, settled_at, currency, minor) values ('CS-48001', now(), now(), 'EUR', 5)"
    )
    decided(shop, REJECT)
    assert attempt(shop, webhook(outside)) == ""
    assert outside.received[0][1]["event"] == "order.refund"


@pytest.mark.parametrize(
    ("status", "words"),
    [(500, "answered 500"), (404, "answered 404"), (302, "answered 302"), (0, "no answer within 0.3 s")],
)
def test_a_shop_that_fails_is_asked_again_with_the_same_key(
    shop: RiskShop, outside: Outside, status: int, words: str
) -> None:
    entry_id = decided(shop, REJECT)
    outside.answers = [status, status, 200]
    port = webhook(outside)
    assert [attempt(shop, port) for _ in range(3)] == [words, words, ""]
    assert (len(outside.keys), len(set(outside.keys))) == (3, 1)
    fulfilment = shop.fulfilment(entry_id)
    assert fulfilment is not None
    assert (fulfilment["state"], fulfilment["attempts"]) == ("done", 3)
    assert alerts(shop) == []


def test_a_shop_nobody_listens_at_is_named(shop: RiskShop, outside: Outside) -> None:
    decided(shop, REJECT)
    outside.stop()
    assert attempt(shop, webhook(outside)).startswith("ConnectError")


def test_what_fails_for_good_is_alerted_and_retried_by_hand(shop: RiskShop, outside: Outside) -> None:
    entry_id = decided(shop, REJECT)
    outside.answers = [503, 200]
    assert attempt(shop, webhook(outside), last=True) == "answered 503"
    assert alerts(shop) == [("shop", "P2", "active")]
    [failed] = shop.get("/api/risk/intents").json()["items"]
    assert (failed["state"], failed["problem"], failed["entryId"]) == ("failed", "answered 503", entry_id)
    assert shop.post(f"{QUEUE}/{entry_id}/reopen", version=2).status_code == 409
    assert attempt(shop, webhook(outside)) == ""
    assert len(outside.received) == 1
    path = f"/api/risk/intents/{failed['intentId']}/retry"
    assert shop.post(path, role="viewer").status_code == 403
    assert shop.done(path)["state"] == "waiting"
    assert shop.done(path)["state"] == "waiting"
    assert len(shop.sql("select id from procrastinate_jobs")) == 2
    assert attempt(shop, webhook(outside)) == ""
    assert len(set(outside.keys)) == 1
    assert shop.history(entry_id)[-3:] == ["risk.intent.failed", "risk.intent.retried", "risk.intent.done"]
    assert shop.get("/api/risk/intents").json()["items"] == []
    assert shop.post("/api/risk/intents/0198c0de-0000-7000-8000-000000000000/retry").status_code == 404


def test_an_undone_verdict_is_not_carried_out(shop: RiskShop, outside: Outside) -> None:
    entry_id = decided(shop, REJECT)
    [(intent_id,)] = shop.sql("select id::text from risk_intent")
    shop.done(f"{QUEUE}/{entry_id}/reopen", version=2)
    shop.sql("update risk_intent set state = 'withdrawn'")

    async def run() -> None:
        database = Database(shop.api.settings.database_url or "")
        await database.open()
        await carry_out(database, webhook(outside), UUID(intent_id), last=False)
        await database.close()

    asyncio.run(run())
    assert outside.received == []
    assert shop.post(f"/api/risk/intents/{intent_id}/retry").status_code == 409


def test_without_a_shop_verdicts_wait_and_say_so_until_there_is_one(shop: RiskShop, outside: Outside) -> None:
    entry_id = decided(shop, REJECT)
    for _ in range(2):
        assert attempt(shop, None) == ""
    fulfilment = shop.fulfilment(entry_id)
    assert fulfilment is not None
    assert (fulfilment["state"], fulfilment["attempts"]) == ("waiting", 0)
    assert "OPSCONSOLE_SHOP_WEBHOOK" in fulfilment["problem"]
    assert shop.history(entry_id) == ["risk.entry.decided", "risk.intent.waiting"]
    turn(shop, resume)
    assert len(shop.sql("select id from procrastinate_jobs")) == 1
    connected = shop.api.settings.model_copy(
        update={"shop_webhook": outside.url, "shop_webhook_secret": SecretStr(SECRET)}
    )
    for _ in range(2):
        turn(shop, resume, connected)
    assert len(shop.sql("select id from procrastinate_jobs")) == 2
    assert attempt(shop, webhook(outside)) == ""


def test_what_a_dead_job_left_behind_is_taken_up_again(shop: RiskShop, outside: Outside) -> None:
    decided(shop, REJECT)
    connected = shop.api.settings.model_copy(
        update={"shop_webhook": outside.url, "shop_webhook_secret": SecretStr(SECRET)}
    )
    shop.sql("update risk_intent set created_at = now() - interval '2 hours', attempts = 4")
    turn(shop, resume, connected)
    assert len(shop.sql("select id from procrastinate_jobs")) == 1
    shop.sql("delete from procrastinate_jobs")
    turn(shop, resume, connected)
    assert len(shop.sql("select id from procrastinate_jobs")) == 1


def test_the_worker_does_the_jobs_of_decisions(shop: RiskShop, outside: Outside) -> None:
    rejected, escalated = decided(shop, REJECT), decided(shop, ESCALATE)
    outside.answers = [500, 200]
    settings = shop.api.settings.model_copy(
        update={
            f"{name}{ending}": value
            for name in ("shop_webhook", "finance_webhook")
            for ending, value in (("", outside.url), ("_secret", SecretStr(SECRET)))
        }
    )
    shop.sql("update procrastinate_jobs set scheduled_at = now()")

    async def run() -> None:
        database = Database(settings.database_url or "")
        await database.open()
        working = asyncio.create_task(work(settings.database_url or "", database, settings))
        async with asyncio.timeout(20):
            while True:
                done = shop.sql(
                    "select count(*) from audit_log where action in ('risk.intent.done', 'risk.escalation.told')"
                )
                if done == [(2,)]:
                    break
                # The second attempt of whatever was answered 500 need not be waited for.
                shop.sql("update procrastinate_jobs set scheduled_at = now() where status = 'todo' and attempts > 0")
                await asyncio.sleep(0.2)
        working.cancel()
        await asyncio.wait({working})
        await database.close()

    asyncio.run(run())
    assert shop.history(rejected)[-1] == "risk.intent.done"
    assert shop.history(escalated)[-1] == "risk.escalation.told"
    assert len(outside.received) == 3
    notification = next(body for _, body in outside.received if body["event"] == "risk.escalated")
    assert (notification["to"], notification["orderId"], notification["by"], notification["notes"]) == (
        "finance",
        "CS-48002",
        "Risk analyst",
        "please look",
    )


def test_escalations_nobody_hears_of_are_told(shop: RiskShop, outside: Outside) -> None:
    from backend.risk.fulfilment.jobs import notify_escalation

    entry_id = decided(shop, ESCALATE)
    entry = {
        "entry_id": entry_id, "order_id": "CS-48001", "score": 9, "triggered": ["a"], "minor": 5, "currency": "EUR",
        "version": 2, "by_name": "Ada",
    }  # fmt: skip
    connected = shop.api.settings.model_copy(
        update={"finance_webhook": outside.url, "finance_webhook_secret": SecretStr(SECRET)}
    )
    finance = notifier_of(connected, EscalateTo.FINANCE)
    assert notifier_of(connected, EscalateTo.SUPPORT) is None
    outside.answers = [500, 500, 200]

    async def once(*, off: bool = False, last: bool = False) -> None:
        database = Database(shop.api.settings.database_url or "")
        await database.open()
        try:
            port = None if off else finance
            await notify_escalation(
                database, port, EscalateTo.FINANCE, entry, message=f"{entry_id}:2", notes="", last=last
            )
        finally:
            await database.close()

    asyncio.run(once(off=True))
    with pytest.raises(PortError):
        asyncio.run(once())
    assert alerts(shop) == []
    with pytest.raises(PortError):
        asyncio.run(once(last=True))
    assert alerts(shop) == [("notify-finance", "P3", "active")]
    asyncio.run(once())
    assert shop.sql("select reason from audit_log where action = 'risk.escalation.untold' order by seq") == [
        ("nobody is connected there: set OPSCONSOLE_FINANCE_WEBHOOK for the worker",),
        ("answered 500",),
    ]
    assert shop.history(entry_id)[-1] == "risk.escalation.told"


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
    shop.sql("update risk_intent set state = 'failed'")
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
    assert shop_of(settings) is not None
    assert shop_of(Settings()) is None
    assert SECRET not in json.dumps(settings.as_environment())
    assert ATTEMPTS_MOST == 8
