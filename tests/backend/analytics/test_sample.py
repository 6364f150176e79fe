"""The sample shop has a plan of 28 events, one draft that breaks, and the mistakes of an old app."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backend.analytics.compatibility.compare import compare
from backend.analytics.inbox import reads as inbox
from backend.analytics.intake.actions import Intake
from backend.analytics.own.actions import make_events
from backend.analytics.plan import reads as plan
from backend.analytics.quarantine import reads as quarantine
from backend.analytics.quarantine.actions import trial as try_replay
from backend.analytics.radius import reads as radius
from backend.analytics.sample import LIVE, keep_sending
from backend.analytics.validation.compiled import PlanCache
from backend.core.capability import OwnEvents
from backend.core.rows import readable
from backend.core.settings import Settings
from backend.runtime.outside import outside
from backend.runtime.sample_shop import create_sample_shop
from models.analytics.events import QuarantineRequest


async def test_the_shop_has_a_plan_and_what_does_not_fit_it(
    open_database: Callable[[], Any], settings: Settings
) -> None:
    async with open_database() as db:
        await create_sample_shop(db, settings, lambda _message, _fraction: None)
        await make_events(db, settings, outside(settings).of(OwnEvents))
        async with db.read() as connection:
            items = (await plan.plan(connection, None, event_days=90)).items
            assert len({each.event_name for each in items}) == 28
            listed = await plan.planned(
                connection, environment=settings.environment, owner=None, text=None, after=None, limit=100
            )
            rows = {each.event_name: each for each in readable(listed)}
            order = rows["Order Completed"]
            assert (order.version, order.draft_version, order.violations > 0) == (1, 2, True)
            assert all(order.daily[:-1])
            new = await plan.version(connection, "Order Completed", 2)
            comparison = await compare(connection, await plan.version(connection, "Order Completed", 1), new)
            assert comparison.breaking
            assert comparison.described.violations
            found = readable(
                await inbox.violations(connection, inbox.ViolationFilter(), last_seen=None, last_id=None, limit=100)
            )
            mistakes = {(each.event_name, each.pointer, each.app_version) for each in found}
            assert mistakes == {
                ("Order Completed", "/properties/total", "3.18.2"),
                ("Payment Failed", "/properties/provider_code", "3.18.1"),
                ("Add-on Updated", "/properties/from_version", "1.9.2"),
                ("Download Failed", "/properties/reason", "1.9.2"),
                ("Product Viewed", "/properties/price", "5.11.4"),
                ("Checkout Started", "/properties/*", "5.11.4"),
                ("product_viewed", "/event", "5.11.4"),
            }
            assert {each.assigned_to_name for each in found if each.event_name == "Download Failed"} == {"Rui Barros"}
            held = readable(
                await quarantine.groups(connection, event_name=None, after=(None, None, None, None), limit=100)
            )
            assert {each.event_name for each in held} == {"Order Completed", "Payment Failed", "Checkout Started"}
            [asked] = readable(
                await radius.radii(connection, event_name="Order Completed", asked_at=None, last_id=None, limit=9)
            )
            assert (asked.schema_version, asked.state) == (2, "waiting")
            [group] = [each for each in held if each.event_name == "Checkout Started"]
            cause = QuarantineRequest.model_validate(
                group.model_dump(by_alias=True, include=set(QuarantineRequest.model_fields))
            )
            trial = await try_replay(connection, Intake.of(settings, PlanCache()), cause)
            assert (trial.passing, trial.looked_at) == (group.held, group.held), "the plan was corrected since"
            assert [each.nearest for each in found if each.event_name == "product_viewed"] == ["Product Viewed"]


async def test_events_come_in_while_the_shop_is_open_and_nowhere_else(
    open_database: Callable[[], Any], settings: Settings
) -> None:
    async with open_database() as db:
        await keep_sending(db, settings)

        async def counted() -> int:
            async with db.read() as connection:
                row = await (await connection.execute("select coalesce(sum(count), 0) from event_count")).fetchone()
                return int(row[0])

        assert await counted() == 0, "there is no shop"
        await create_sample_shop(db, settings, lambda _message, _fraction: None)
        before = await counted()
        await keep_sending(db, settings)
        assert await counted() == before + LIVE
