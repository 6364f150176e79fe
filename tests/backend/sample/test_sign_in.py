"""What a sample shop tells whoever wants in, and that nothing of it is left where there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pyotp

from backend.accounts.second_factor.actions import seal_secret
from backend.accounts.session.accounts import SAMPLE_PASSWORD, seed_role_accounts, set_account
from backend.core.settings import Settings
from backend.sample.sign_in import SAMPLE_KEY, settle_sample_access
from tests.conftest import Api, serve_in_thread

SESSION = "/api/operations/session"
OWN_KEY = pyotp.random_base32()
Opened = Callable[[], Any]


def factors(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("select user_id from second_factor where confirmed_at is not null").fetchall()
    return {row[0] for row in rows}


async def test_what_it_tells_opens_each_of_its_accounts(open_database: Opened, settings: Settings) -> None:
    async with open_database() as db:
        async with db.transaction() as tx:
            await seed_role_accounts(tx, SAMPLE_PASSWORD)
        sample = await settle_sample_access(db, settings.model_copy(update={"sample_shop": True}))
    url, stop = serve_in_thread(settings, sample=sample)
    try:
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            told = (await client.get(f"{SESSION}/options")).json()["sample"]
            assert "operations-lead" in {account["id"] for account in told["accounts"]}
            assert not {account["id"] for account in told["accounts"]} & {"pipeline", "storefront", "prometheus"}
            for account in told["accounts"]:
                named = {"account": account["id"], "password": told["password"]}
                tokens = (await client.post(SESSION, json=named)).json()
                headers = {"Authorization": f"Bearer {tokens['accessToken']}"}
                code = {"code": pyotp.TOTP(told["authenticatorKey"]).now()}
                raised = await client.post(f"{SESSION}/step-up", json=code, headers=headers)
                assert raised.status_code == 200, raised.text
    finally:
        stop()


async def test_a_second_start_changes_nothing(open_database: Opened, settings: Settings, owner_url: str) -> None:
    shop = settings.model_copy(update={"sample_shop": True})
    async with open_database() as db:
        async with db.transaction() as tx:
            await seed_role_accounts(tx, SAMPLE_PASSWORD)
        first = await settle_sample_access(db, shop)
        with psycopg.connect(owner_url) as connection:
            connection.execute(
                "update second_factor set secret = %s where user_id = 'viewer'", [seal_secret(shop, "viewer", OWN_KEY)]
            )
            before = connection.execute("select user_id, secret from second_factor order by user_id").fetchall()
        assert await settle_sample_access(db, shop) == first
    with psycopg.connect(owner_url) as connection:
        after = connection.execute("select user_id, secret from second_factor order by user_id").fetchall()
    assert after == before, "one's own authenticator stays one's own"


async def test_an_account_with_a_password_of_its_own_is_none_of_the_samples(
    open_database: Opened, settings: Settings, owner_url: str
) -> None:
    shop = settings.model_copy(update={"sample_shop": True})
    async with open_database() as db:
        async with db.transaction() as tx:
            await seed_role_accounts(tx, SAMPLE_PASSWORD)
        await settle_sample_access(db, shop)
        async with db.transaction() as tx:
            await set_account(tx, account="administrator", name="A", role="administrator", password="of my own")
        sample = await settle_sample_access(db, shop)
    assert sample is not None
    assert "administrator" not in {account.id for account in sample.accounts}
    assert "administrator" not in factors(owner_url), "nobody has to guess a key that everybody knows"
    assert "viewer" in factors(owner_url)


async def test_a_folder_that_is_no_sample_shop_any_more_loses_the_key(
    open_database: Opened, settings: Settings, owner_url: str
) -> None:
    async with open_database() as db:
        async with db.transaction() as tx:
            await seed_role_accounts(tx, SAMPLE_PASSWORD)
        await settle_sample_access(db, settings.model_copy(update={"sample_shop": True}))
        with psycopg.connect(owner_url) as connection:
            own = seal_secret(settings, "viewer", OWN_KEY)
            connection.execute("update second_factor set secret = %s where user_id = 'viewer'", [own])
        assert await settle_sample_access(db, settings) is None
    assert factors(owner_url) == {"viewer"}


def test_no_other_server_tells_or_takes_any_of_it(api: Api) -> None:
    """Whatever its settings say: only a data folder that serves the sample shop has it to tell."""
    url, stop = serve_in_thread(api.settings.model_copy(update={"sample_shop": True}))
    try:
        for base in (api.base_url, url):
            assert httpx.get(f"{base}{SESSION}/options", timeout=10).json()["sample"] is None
            named = {"account": "operations-lead", "password": SAMPLE_PASSWORD}
            assert httpx.post(base + SESSION, json=named, timeout=10).status_code == 401
            code = {"code": pyotp.TOTP(SAMPLE_KEY).now()}
            assert (
                httpx.post(f"{base}{SESSION}/step-up", json=code, headers=api.headers(), timeout=10).status_code == 409
            )
    finally:
        stop()
    assert factors(api.owner_url) == set()
