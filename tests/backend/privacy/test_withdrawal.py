"""A withdrawal reaches the shop by the sender, with who it is on the wire alone, and not once they are erased."""

from __future__ import annotations

from dataclasses import replace

from backend.core.settings import Settings
from backend.integrations.people import RegisteredPeople
from backend.privacy.consent.actions import record_consent
from backend.privacy.persons.actions import forget
from backend.privacy.persons.reads import find_person
from models.deliveries.connections import ShopSettings
from models.privacy.consent import ConsentRequest, ConsentStatus, ConsentType
from tests.backend.deliveries.fixtures import Post, ports, post, receiving, until
from tests.backend.privacy.fixtures import JANE, KEYS, RING

KEYED = Settings(privacy_key=KEYS)  # type: ignore[arg-type]
NO = ConsentRequest(
    user_id=JANE["customer_id"],
    email=JANE["email"],
    consent_type=ConsentType.MARKETING,
    status=ConsentStatus.REVOKED,
)


async def withdraw(it: Post) -> None:
    async with it.database.transaction() as tx:
        await record_consent(tx, RING, actor="storefront", request=NO)


async def test_the_shop_hears_who_it_is_and_nothing_is_kept_of_that(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as shop:
        await it.connect(shop.url(), name="Shop", settings=ShopSettings(url=shop.url()), subscriptions=())
        async with it.sending(replace(ports(), people=RegisteredPeople(KEYED))):
            await withdraw(it)
            await until(lambda: it.sql("select 1 from shop_command where state = 'done'"))
        [heard] = shop.got
        assert heard.body["type"] == "consent.withdrawn"
        assert (heard.body["data"]["userId"], heard.body["data"]["email"]) == ("c-17", "jane@example.com")
        [(kept,)] = it.sql("select row_to_json(c)::text from shop_command as c")
        assert "jane" not in kept.lower()
        assert "c-17" not in kept


async def test_nobody_is_asked_about_who_was_erased(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as shop:
        await withdraw(it)
        async with it.database.transaction() as tx:
            person = await find_person(tx, RING, JANE)
            assert person is not None
            await forget(tx, person)
        await it.connect(shop.url(), name="Shop", settings=ShopSettings(url=shop.url()), subscriptions=())
        async with it.sending(replace(ports(), people=RegisteredPeople(KEYED))):
            await until(lambda: it.sql("select 1 from shop_command where state = 'dead'"))
        assert shop.got == []
        assert "erased" in it.sql("select words from shop_command")[0][0]


async def test_a_worker_without_keys_waits_and_says_why(database_url: str, owner_url: str) -> None:
    async with post(database_url, owner_url) as it, receiving() as shop:
        await it.connect(shop.url(), name="Shop", settings=ShopSettings(url=shop.url()), subscriptions=())
        async with it.sending(replace(ports(), people=RegisteredPeople(Settings()))):
            await withdraw(it)
            await until(lambda: it.sql("select 1 from shop_command where words <> ''"))
        assert shop.got == []
        [(state, words)] = it.sql("select state, words from shop_command")
        assert state == "waiting"
        assert "OPSCONSOLE_PRIVACY_KEY_FILE" in words
