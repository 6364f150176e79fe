"""What people hear: alerts by their routes, texts that were changed, gaps, letters replayed, hooks, alerts about us."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from backend.alerts import clear_condition, raise_alert
from backend.core.problems import ProblemError
from backend.core.settings import Settings
from backend.deliveries import HookError, HookMessage, NoticeAudience, Secrets, erase_notice, notify
from backend.deliveries.commands.actions import ask_shop
from backend.deliveries.connections import actions as connections
from backend.deliveries.hooks import actions as hooks
from backend.deliveries.letters import actions as letters
from backend.deliveries.letters import reads
from backend.deliveries.ports import DeliveryPorts
from backend.deliveries.routing import actions as routing
from backend.deliveries.routing.reads import route_map
from backend.deliveries.watching.actions import watch
from backend.integrations.alarms import AlertAlarms
from models.alerts import Severity
from models.core.problems import Code
from models.deliveries.connections import (
    ConnectionKind,
    SecretPurpose,
    SecretRequest,
    ShopSettings,
    SmtpSecurity,
    SmtpSettings,
)
from models.deliveries.letters import LetterState, ReplayRequest
from models.deliveries.routing import ContactRequest, RouteMapRequest, RouteMode, RouteRequest, Team, TemplateChange
from tests.backend.deliveries.fixtures import SECRET, STORE, PlainShop, Post, post, receiving, until


async def route(it: Post, connection_id: UUID, *severities: Severity, mode: RouteMode = RouteMode.AT_ONCE) -> None:
    async with it.database.transaction() as tx:
        now = await route_map(tx)
        wanted = [RouteRequest.model_validate(each.model_dump()) for each in now.routes]
        wanted += [
            RouteRequest(team=Team.OPERATIONS, severity=each, connection_id=str(connection_id), mode=mode)
            for each in severities
        ]
        request = RouteMapRequest(routes=tuple(wanted), reason="a test")
        await routing.change_map(tx, actor="test", version=now.version, request=request)


async def raise_one(it: Post, severity: Severity = Severity.P1, title: str = "Downloads fail") -> str:
    async with it.database.transaction() as tx:
        alert = await raise_alert(tx, source="test", key=title, title=title, severity=severity, guidance="Look.")
    it.stamp()
    return alert.id


async def test_an_alert_is_told_by_its_routes_and_nowhere_else(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        loud = await it.connect(receiver.url("/loud"), subscriptions=())
        await it.connect(receiver.url("/quiet"), subscriptions=())
        await route(it, loud, Severity.P1)
        async with it.sending():
            await raise_one(it, Severity.P3, "Small")
            alert_id = await raise_one(it)
            await until(lambda: receiver.of("/loud"))
            async with it.database.transaction() as tx:
                await clear_condition(tx, source="test", key="Downloads fail")
            it.stamp()
        [told] = receiver.got
        assert "Look." in told.body["text"]
        assert told.body["data"]["thread"] == f"alert:{alert_id}"
        assert receiver.of("/quiet") == []


async def test_one_dead_channel_does_not_silence_the_other_and_is_said_to_be_dead(
    database_url: str, owner_url: str
) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        receiver.plan["/dead"] = 503
        alive, dead = await it.connect(receiver.url("/alive")), await it.connect(receiver.url("/dead"), ordered=True)
        await route(it, alive, Severity.P1, Severity.P2)
        await route(it, dead, Severity.P1, Severity.P2)
        async with it.sending():
            begun = asyncio.get_running_loop().time()
            await raise_one(it)
            await until(lambda: receiver.of("/alive"))
            assert asyncio.get_running_loop().time() - begun < 2.0
            await until(lambda: receiver.of("/dead"))
            it.sql("update lane set due_at = now()")
            it.sql("update delivery set due_at = now() where state = 'waiting'")
            await until(lambda: it.sql("select 1 from connection_health where opened_until is not null"))
            for _ in range(2):  # said once
                await watch(it.database, Settings(), AlertAlarms())
            it.stamp()
            await until(lambda: len(receiver.of("/alive")) == 2)
        assert f"Nothing reaches {receiver.url('/dead')}" in str(
            it.sql("select title from alert where source = 'deliveries' and valid_to = 'infinity'")
        )
        async with it.database.read() as connection:
            gaps = (await route_map(connection)).gaps
        assert not [gap for gap in gaps if gap.team is Team.OPERATIONS]  # the other one hears of it


async def test_gaps_are_said_and_texts_have_versions(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        only = await it.connect(receiver.url(), name="Desk")
        await route(it, only, Severity.P1)
        async with it.database.transaction() as tx:
            request = TemplateChange(subject="{title}", text="{title}: {guidance} Now!")
            changed = await routing.change_template(
                tx, actor="test", name="alert.raised", kind=None, version=1, request=request
            )
            assert changed.version == 2
            found = {gap.words for gap in (await route_map(tx)).gaps}
        assert "Operations P2 reaches nobody" in found
        async with it.sending():
            await raise_one(it)
            await until(lambda: receiver.got)
        assert receiver.got[0].body["text"] == "Downloads fail: Look. Now!"


async def test_daily_routes_are_told_in_one_message(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        await route(it, await it.connect(receiver.url()), Severity.P4, mode=RouteMode.DAILY)
        for title in ("One", "Two"):
            await raise_one(it, Severity.P4, title)
        it.sql("update route_map set digested_at = now() - interval '2 days'")
        for _ in range(2):
            await routing.write_digests(it.database, Settings())
        it.stamp()
        async with it.sending():
            await until(lambda: receiver.got)
        [digest] = receiver.got
        assert "One" in digest.body["text"]
        assert "Two" in digest.body["text"]


async def test_what_a_notice_said_can_be_erased(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        await route(it, await it.connect(receiver.url()), Severity.P3)
        async with it.database.transaction() as tx:
            audience = NoticeAudience(Team.OPERATIONS, Severity.P3)
            notice = await notify(tx, audience, "report.ready", {"title": "Secret name"}, thread="report:1")
            assert notice is not None
            await erase_notice(tx, actor="test", notice_id=notice)
        it.stamp()
        async with it.sending():
            await until(lambda: receiver.got)
        assert "Secret name" not in str(receiver.got)
        assert "Secret name" not in str(it.sql("select * from audit_log")) + str(it.sql("select * from notice"))


async def test_dead_letters_are_counted_replayed_in_order_and_left_out_with_the_reason(
    database_url: str, owner_url: str
) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        key = await it.connect(receiver.url(), ordered=True)
        receiver.plan["/in"] = lambda request: 422 if int(request.body["data"]["id"]) <= 4 else 200
        it.record(6)
        async with it.sending():
            await until(lambda: it.states() == {"dead": 4, "sent": 2})
            old = [each.id for each in receiver.got[:4]]
            receiver.plan.clear()
            async with it.database.transaction() as tx:
                dry = await letters.replay(tx, actor="t", request=ReplayRequest(connection_id=str(key), dry_run=True))
                dead = await reads.letters(
                    tx, state=LetterState.DEAD, connection_id=key, source=None, after=(None, None), limit=10
                )
                sent = await reads.letters(
                    tx, state=LetterState.SENT, connection_id=key, source=None, after=(None, None), limit=10
                )
                detail = await reads.letter(tx, dead[0].id)
            assert (dry.count, len(dead), len(sent), it.states()["dead"]) == (4, 4, 2, 4)
            assert (detail.status, detail.attempts, len(detail.history)) == (422, 1, 1)
            assert detail.request_line.startswith("POST")
            assert SECRET not in detail.model_dump_json()
            async with it.database.transaction() as tx:
                some = ReplayRequest(ids=(*(each.id for each in dead), sent[0].id, "delivery-1-999", "nonsense"))
                done = await letters.replay(tx, actor="t", request=some)
            assert {each.words for each in done.left_out} == {"it was sent meanwhile", "there is no such letter"}
            await until(lambda: it.states() == {"sent": 6})
        assert [each.id for each in receiver.got[6:]] == old  # in order, under their old ids


@pytest.mark.parametrize(("said", "asked", "state"), [(True, 1, "done"), (False, 2, "done"), (None, 1, "uncertain")])
async def test_a_shop_that_knows_no_ids_is_asked_before_anything_is_repeated(
    database_url: str, owner_url: str, said: bool | None, asked: int, state: str
) -> None:
    async with post(database_url, owner_url) as it, receiving() as receiver:
        settings = ShopSettings(url=receiver.url("/shop"), knows_ids=False)
        await it.connect("", name="Shop", settings=settings, subscriptions=())
        async with it.database.transaction() as tx:
            command = await ask_shop(tx, name="order.refund", about="CS-1", data={"orderId": "CS-1"})
        receiver.hang.add("/shop")
        given = DeliveryPorts({ConnectionKind.SHOP: PlainShop(done={str(command): said})})
        async with it.sending(given, within=0.3):
            await until(lambda: it.sql("select lost from shop_command") == [(True,)])
            receiver.hang.clear()
            it.sql("update shop_command set due_at = now()")
            await until(lambda: it.sql("select state from shop_command") == [(state,)])
        assert len(receiver.got) == asked
        assert {each.id for each in receiver.got} == {str(command)}


class Reader:
    """Takes what says the secret; ``acknowledges`` is in the body."""

    def read(self, secrets: Secrets, headers: Mapping[str, str], body: bytes, now: datetime) -> HookMessage:
        assert now.tzinfo is not None
        if headers.get("x-secret") != secrets.current:
            raise HookError("the signature is missing")
        return HookMessage("id-1", "pressed", {"thread": ""}, acknowledges=body.decode(), by="ada")


async def test_what_comes_in_is_kept_once_and_acknowledges(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it:
        key = await it.connect("https://hooks.example/in")
        given = DeliveryPorts(hooks={ConnectionKind.WEBHOOK: Reader()})
        async with it.database.transaction() as tx:
            request = SecretRequest(value="hook-secret", purpose=SecretPurpose.RECEIVE)
            await connections.set_secret(tx, actor="t", connection_id=key, store=STORE, request=request)
        alert_id = await raise_one(it)
        for _ in range(2):
            async with it.database.transaction() as tx:
                headers = {"x-secret": "hook-secret"}
                body = f"alert:{alert_id}".encode()
                await hooks.receive(tx, ports=given, store=STORE, connection_id=key, headers=headers, body=body)
        [(hook_id,)] = it.sql("select id from hook_delivery")
        assert it.sql("select count(*) from procrastinate_jobs") == [(1,)]
        for _ in range(2):
            async with it.database.transaction() as tx:
                await hooks.work(tx, AlertAlarms(), hook_id)
        assert it.sql("select state, acknowledged_by from alert where valid_to = 'infinity'") == [
            ("acknowledged", "ada in https://hooks.example/in")
        ]
        assert it.sql("select words from hook_delivery") == [("acknowledged",)]


@pytest.mark.expects_errors("a hook has a secret that cannot be read")
async def test_a_secret_that_cannot_be_read_is_nobodys_business_outside(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it:
        key = await it.connect("https://hooks.example/in")
        given = DeliveryPorts(hooks={ConnectionKind.WEBHOOK: Reader()})

        async def receive() -> None:
            async with it.database.transaction() as tx:
                headers = {"x-secret": "hook-secret"}
                await hooks.receive(tx, ports=given, store=STORE, connection_id=key, headers=headers, body=b"alert:x")

        for more in ({"reference": "env:OPSCONSOLE_SECRET_GONE"}, {"value": "hook-secret"}):
            async with it.database.transaction() as tx:
                request = SecretRequest.model_validate({"purpose": "receive", **more})
                await connections.set_secret(tx, actor="t", connection_id=key, store=STORE, request=request)
            if "reference" in more:
                with pytest.raises(ProblemError, match="cannot be verified at the moment") as refused:
                    await receive()
                assert "GONE" not in str(refused.value)
        await receive()  # though the one before is good for a day, and cannot be read
        assert it.sql("select count(*) from hook_delivery") == [(1,)]


def test_a_hook_that_is_not_genuine_or_not_there_is_refused(api: Any) -> None:
    for path in ("0198c0de-0000-7000-8000-000000000000", "nonsense"):
        answer = httpx.post(f"{api.base_url}/api/hooks/{path}", content=b"{}", timeout=10)
        assert answer.status_code == 404


async def test_codes_of_addresses_fill_no_mailbox(database_url: str, owner_url: str) -> None:
    async def ask(it: Post, person: str, address: str) -> None:
        async with it.database.transaction() as tx:
            key = await routing.add_contact(tx, user_id=person, name=person, request=ContactRequest(address=address))
        async with it.database.transaction() as tx:
            await routing.remove_contact(tx, user_id=person, contact_id=key)

    async with post(database_url, owner_url) as it:
        mail = SmtpSettings(
            host="127.0.0.1",
            security=SmtpSecurity.NONE,
            sender="console@shop.example",
            recipients=("all@shop.example",),
        )
        await it.connect("Mail", settings=mail, subscriptions=())
        for number, address in enumerate(("victim@shop.example", "Victim@Shop.Example", "victim+1@shop.example")):
            await ask(it, f"person{number}", address)
        with pytest.raises(ProblemError) as refused:
            await ask(it, "another", "victim+2@shop.example")
        assert (refused.value.code, "wait an hour" in refused.value.detail) == (Code.TOO_MANY_REQUESTS, True)
        await ask(it, "another", "else@shop.example")
        # Nor does one person fill many.
        for number in range(9):
            await ask(it, "another", f"x{number}@shop.example")
        with pytest.raises(ProblemError) as refused:
            await ask(it, "another", "one@shop.example")
        assert refused.value.code is Code.TOO_MANY_REQUESTS
