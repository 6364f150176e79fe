"""Commands to the shop: one id for each, and nothing repeated where nobody knows whether it was done."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from backend.deliveries import CommandChannel, MessageKind, Secrets, Target, verify
from backend.integrations.shop import NotSaidError
from models.deliveries.connections import ConnectionKind
from tests.backend.integrations.fixtures import SECRETS, channel, message, settings, tell
from tests.backend.integrations.stand_ins import Fault, Play, StandIn, http, stand_in

SHOP = ConnectionKind.SHOP


async def look_up(vendor: StandIn) -> bool | None:
    """After an attempt whose answer was lost."""
    shop = channel(SHOP)
    assert isinstance(shop, CommandChannel)
    async with http() as client:
        target = Target("c-1", settings(SHOP, vendor.url), Secrets(SECRETS[SHOP]))
        return await shop.look_up(client, target, message(MessageKind.COMMAND, attempt=2))


async def test_a_command_is_whole_and_its_id_the_same_each_time() -> None:
    async with stand_in(SHOP, Play(500), Play(200)) as vendor:
        for attempt in (1, 2):
            await tell(vendor, SHOP, message(MessageKind.COMMAND, attempt))
    for heard in vendor.heard:
        known = verify(Secrets(SECRETS[SHOP]), heard.headers, heard.body, datetime.now(UTC))
        assert known == heard.headers["idempotency-key"] == message(MessageKind.COMMAND).id
        assert heard.json["type"] == "order.refund"
        assert heard.json["data"] == {"orderId": "CS-48001", "amount": 24_960, "currency": "EUR"}
        assert (heard.method, heard.path) == ("POST", "/shop")


@pytest.mark.parametrize(("state", "done"), [("done", True), ("unknown", False), ("perhaps", None), (7, None)])
async def test_the_shop_says_what_became_of_a_command(state: object, *, done: bool | None) -> None:
    async with stand_in(SHOP, Play(200, {"state": state})) as vendor:
        assert await look_up(vendor) is done
    [heard] = vendor.heard
    assert (heard.method, heard.path) == ("GET", f"/shop/{message(MessageKind.COMMAND).id}")
    assert verify(Secrets(SECRETS[SHOP]), heard.headers, b"", datetime.now(UTC))


@pytest.mark.parametrize("play", [Play(404), Play(405), Play(200), Play(200, [1]), Play(204), Play(401), Play(410)])
async def test_a_shop_that_cannot_say_leaves_it_to_a_person(play: Play) -> None:
    async with stand_in(SHOP, play) as vendor:
        assert await look_up(vendor) is None


@pytest.mark.parametrize(
    "play",
    [Play(500), Play(503), Play(429), Play(302), Play(200, {"state": "pending"}), Play(fault=Fault.CLOSED)],
)
async def test_a_shop_that_cannot_say_now_is_asked_later(play: Play) -> None:
    async with stand_in(SHOP, play) as vendor:
        with pytest.raises(NotSaidError, match=r"^The shop .*\.$"):
            await look_up(vendor)
    assert len(vendor.heard) == 1
