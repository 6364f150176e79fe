"""The sample shop's outside systems, spoken to by the channels that speak to real ones."""

from __future__ import annotations

from backend.deliveries import CommandChannel, MessageKind, Outcome, Secrets, Target
from backend.runtime.sample_receivers import SAMPLE_SECRET, sample_receivers
from models.deliveries.connections import ConnectionKind, ConnectionSettings, ShopSettings, WebhookSettings
from tests.backend.integrations.fixtures import channel, message, notice
from tests.backend.integrations.stand_ins import http


async def test_two_take_what_is_signed_and_one_fails() -> None:
    async def told(settings: ConnectionSettings, secret: str = SAMPLE_SECRET) -> Outcome:
        what = message(MessageKind.COMMAND) if settings.kind is ConnectionKind.SHOP else notice()
        async with http() as client:
            target = Target("c-1", settings, Secrets(secret))
            return (await channel(settings.kind).send(client, target, what)).outcome

    async def is_done(settings: ShopSettings) -> bool | None:
        shop = channel(ConnectionKind.SHOP)
        assert isinstance(shop, CommandChannel)
        async with http() as client:
            return await shop.look_up(
                client, Target("c-1", settings, Secrets(SAMPLE_SECRET)), message(MessageKind.COMMAND)
            )

    async with sample_receivers() as receivers:
        shop = ShopSettings(url=receivers.shop)
        assert await is_done(shop) is False
        assert await told(shop) is Outcome.SENT
        assert await is_done(shop) is True
        assert await told(WebhookSettings(url=receivers.support)) is Outcome.SENT
        assert await told(WebhookSettings(url=receivers.finance)) is Outcome.RETRY
        for settings in (shop, WebhookSettings(url=receivers.support)):
            assert await told(settings, secret="another secret") is Outcome.MISCONFIGURED
