"""Connections the program makes: once, and what people have made of them since is kept."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import SecretStr

from backend.core.settings import Settings
from backend.deliveries import sample_port, seed_sample
from backend.deliveries.connections import actions
from backend.deliveries.secrets import SecretStore
from backend.deliveries.sending.seeds import SAMPLE, seed_connections
from models.deliveries.connections import ConnectionChange, SecretPurpose, WebhookSettings
from tests.backend.deliveries.fixtures import STORE, Post, post

ROWS = (
    "select c.seed, c.settings ->> 'url', c.removed_at is not null, s.connection_id is not null"
    " from connection as c left join connection_secret as s on s.connection_id = c.id order by c.seed"
)


async def start(it: Post, port: int) -> None:
    """As a worker's start does."""
    addresses = {name: f"http://127.0.0.1:{port}/{name}" for name in SAMPLE}
    await seed_sample(it.database, STORE, addresses, "a-secret-all-may-know")


def key_of(it: Post, seed: str) -> UUID:
    [(found,)] = it.sql("select id from connection where seed = %s", seed)
    return UUID(str(found))


async def change(it: Post, key: UUID, url: str) -> None:
    async with it.database.transaction() as tx:
        [(version,)] = it.sql("select version from connection where id = %s", key)
        request = ConnectionChange(settings=WebhookSettings(url=url))
        await actions.change(tx, actor="ada", connection_id=key, version=version, request=request)


async def test_the_sample_is_made_once_and_what_was_made_of_it_is_kept(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it:
        assert await sample_port(it.database) == 0
        await start(it, 4001)
        assert await sample_port(it.database) == 4001
        await change(it, key_of(it, "sample_support"), "https://desk.example/in")
        async with it.database.transaction() as tx:
            shop = key_of(it, "sample_shop")
            [(version,)] = it.sql("select version from connection where id = %s", shop)
            await actions.remove(tx, actor="ada", connection_id=shop, version=version)
        it.sql("update connection_health set opened_until = now() + interval '1 hour', probes = 3")
        before = it.sql(ROWS)
        for port in (4001, 4001):
            await start(it, port)
        assert it.sql(ROWS) == before
        assert it.sql("select count(*), min(probes) from connection_health where opened_until > now()") == [(4, 3)]
        await start(it, 4002)  # somebody else has taken the port
        assert it.sql(ROWS) == [
            ("sample_finance", "http://127.0.0.1:4002/finance", False, True),
            ("sample_mail", "http://127.0.0.1:4002/mail", False, True),
            ("sample_shop", "http://127.0.0.1:4001/shop", True, False),
            ("sample_support", "https://desk.example/in", False, False),
        ]


async def test_what_was_turned_off_stays_off(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it:
        await start(it, 4001)
        async with it.database.transaction() as tx:
            finance = key_of(it, "sample_finance")
            await actions.remove_secret(tx, actor="ada", connection_id=finance, purpose=SecretPurpose.SEND)
        await start(it, 4001)
        assert it.sql("select ready from connection where seed = 'sample_finance'") == [(False,)]


async def test_the_secret_of_a_setting_never_goes_to_another_address(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it:

        async def begin(url: str) -> None:
            given: dict[str, Any] = {"shop_webhook": url, "shop_webhook_secret": SecretStr("a-secret-of-the-shop")}
            settings = Settings(database_url=database_url, token_key="k" * 40, environment="Test", **given)
            await seed_connections(it.database, settings, SecretStore.of(settings))

        await begin("https://shop.example/in")
        first = it.sql(ROWS)
        assert first[0][3] is True
        await change_shop(it, "https://listener.example/in")
        await begin("https://shop.example/in")
        assert it.sql(ROWS) == [("shop_webhook", "https://listener.example/in", False, False)]
        await begin("https://shop.example/v2")  # a setting that was changed is meant
        assert it.sql(ROWS) == [("shop_webhook", "https://shop.example/v2", False, True)]


async def change_shop(it: Post, url: str) -> None:
    async with it.database.transaction() as tx:
        key = key_of(it, "shop_webhook")
        [(version,)] = it.sql("select version from connection where id = %s", key)
        request = ConnectionChange.model_validate({"settings": {"kind": "shop", "url": url}})
        await actions.change(tx, actor="ada", connection_id=key, version=version, request=request)
