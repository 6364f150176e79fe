"""The sample shop's outside systems, spoken to by the channels that speak to real ones."""

from __future__ import annotations

from backend.deliveries import MessageKind, Outcome, Secrets, Target
from backend.runtime.sample_receivers import SAMPLE_SECRET, sample_receivers
from models.deliveries.connections import ConnectionKind, ConnectionSettings, ShopSettings, WebhookSettings
from tests.backend.integrations.fixtures import channel, message, notice
from tests.backend.integrations.stand_ins import http


async def test_two_take_what_is_signed_and_one_fails() -> None:
    async def told(settings: ConnectionSettings, attempt: int = 1, secret: str = SAMPLE_SECRET) -> Outcome:
        what = message(MessageKind.COMMAND, attempt) if settings.kind is ConnectionKind.SHOP else notice()
        async with http() as client:
            target = Target("c-1", settings, Secrets(secret))
            return (await channel(settings.kind).send(client, target, what)).outcome

    async with sample_receivers() as receivers:
        forgetful = ShopSettings(url=receivers.shop, knows_ids=False)
        assert await told(forgetful, attempt=2) is Outcome.SENT
        assert await told(forgetful, attempt=2) is Outcome.SENT
        assert await told(WebhookSettings(url=receivers.support)) is Outcome.SENT
        assert await told(WebhookSettings(url=receivers.finance)) is Outcome.RETRY
        for settings in (forgetful, WebhookSettings(url=receivers.support)):
            assert await told(settings, secret="another secret") is Outcome.MISCONFIGURED
