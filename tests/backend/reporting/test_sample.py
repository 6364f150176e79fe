"""The sample shop has filed four quarters, one with a correction; one report waits for approval, one is blocked."""

from __future__ import annotations

from typing import Any

from backend.core.settings import Settings
from backend.reporting.calendar.actions import Calendar
from backend.reporting.facts.actions import Folder
from backend.reporting.returns.actions import generate
from backend.runtime.sample_shop import create_sample_shop
from tests.backend.reporting.fixtures import books


async def test_returns_of_the_sample_shop(owner_url: str, database_url: str, settings: Settings) -> None:
    async with books(owner_url, database_url) as shop:
        await create_sample_shop(shop.database, settings, lambda _message, _fraction: None)
        filed = await shop.rows(
            "select r.state, r.payable > 0,"
            " (select count(*)::int from tax_line l where l.report_id = r.id and part <> 'own') from tax_report r"
            " where region = 'EU-OSS' order by period_start"
        )
        assert [row[:2] for row in filed] == [("acknowledged", True)] * 4
        assert [row[2] for row in filed] == [0, 0, 0, 1]
        folder, calendar = Folder(), Calendar()
        await folder.fold_facts(shop.database, settings)
        await calendar.turn(shop.database, settings)
        begun = await shop.rows("select id from tax_report where state = 'generating'")
        assert len(begun) == 2
        for (report_id,) in begun:
            await generate(shop.database, report_id)
        waiting: dict[str, Any] = dict(
            await shop.rows("select region, state from tax_report where state in ('draft', 'reconciled')")
        )
        blocking = await shop.rows("select what from tax_finding where blocking")
        assert waiting == {"EU-OSS": "reconciled", "GB": "draft"}, blocking
        assert blocking == [("not_attributable",)] * 2
