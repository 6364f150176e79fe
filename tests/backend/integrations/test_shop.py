"""Commands to the shop: one id for each, and nothing repeated where nobody knows whether it was done."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from backend.deliveries import MessageKind, Outcome
from backend.integrations.standard_webhooks import verify
from models.deliveries.connections import ConnectionKind, ShopSettings
from tests.backend.integrations.fixtures import SECRETS, Told, message, tell
from tests.backend.integrations.stand_ins import Fault, Play, StandIn, stand_in

SHOP = ConnectionKind.SHOP


async def ask_again(vendor: StandIn, attempt: int = 2) -> Told:
    """A shop that does not know ids, and an earlier attempt whose answer was lost."""
    to = ShopSettings(url=f"{vendor.url}/shop", knows_ids=False)
    return await tell(vendor, SHOP, message(MessageKind.COMMAND, attempt), to=to)


async def test_a_command_is_whole_and_its_id_the_same_each_time() -> None:
    async with stand_in(SHOP, Play(500), Play(200)) as vendor:
        for attempt in (1, 2):
            await tell(vendor, SHOP, message(MessageKind.COMMAND, attempt))
    for heard in vendor.heard:
        known = verify([SECRETS[SHOP]], heard.headers, heard.body, datetime.now(UTC))
        assert known == heard.headers["idempotency-key"] == message(MessageKind.COMMAND).id
        assert heard.json["type"] == "order.refund"
        assert heard.json["data"] == {"orderId": "CS-48001", "amount": 24_960, "currency": "EUR"}
        assert (heard.method, heard.path) == ("POST", "/shop")


async def test_a_shop_that_knows_no_ids_is_asked_first_only_when_it_may_have_heard_it() -> None:
    async with stand_in(SHOP, Play(200)) as vendor:
        assert (await ask_again(vendor, attempt=1)).result.outcome is Outcome.SENT
    assert [heard.method for heard in vendor.heard] == ["POST"]


async def test_what_was_done_is_not_asked_for_again() -> None:
    async with stand_in(SHOP, Play(200, {"state": "done"})) as vendor:
        result = (await ask_again(vendor)).result
    assert result.outcome is Outcome.SENT
    [heard] = vendor.heard
    assert (heard.method, heard.path) == ("GET", f"/shop/{message(MessageKind.COMMAND).id}")
    assert verify([SECRETS[SHOP]], heard.headers, b"", datetime.now(UTC))


async def test_what_the_shop_has_not_heard_of_is_asked_for() -> None:
    async with stand_in(SHOP, Play(200, {"state": "unknown"}), Play(200)) as vendor:
        assert (await ask_again(vendor)).result.outcome is Outcome.SENT
    assert [heard.method for heard in vendor.heard] == ["GET", "POST"]


async def test_what_is_under_way_is_waited_for() -> None:
    async with stand_in(SHOP, Play(200, {"state": "pending"})) as vendor:
        assert (await ask_again(vendor)).result.outcome is Outcome.WAIT
    assert [heard.method for heard in vendor.heard] == ["GET"]


@pytest.mark.parametrize(
    "play",
    [Play(404), Play(405), Play(200), Play(200, {"state": "perhaps"}), Play(200, [1]), Play(204), Play(401), Play(410)],
)
async def test_where_the_shop_cannot_say_a_person_decides(play: Play) -> None:
    async with stand_in(SHOP, play) as vendor:
        result = (await ask_again(vendor)).result
    assert result.outcome is Outcome.UNCERTAIN
    assert "Look the order up in the shop" in result.words
    assert [heard.method for heard in vendor.heard] == ["GET"]


@pytest.mark.parametrize("play", [Play(500), Play(503), Play(429), Play(302), Play(fault=Fault.CLOSED)])
async def test_a_shop_that_cannot_say_now_is_asked_later(play: Play) -> None:
    async with stand_in(SHOP, play) as vendor:
        result = (await ask_again(vendor)).result
    assert result.outcome in {Outcome.RETRY, Outcome.WAIT}
    assert [heard.method for heard in vendor.heard] == ["GET"]
