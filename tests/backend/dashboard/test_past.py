"""A past instant is answered as it was: a history written out minute by minute, and what each instant of it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from backend.alerts import actions
from backend.alerts.decide import Reading, Watch, acknowledge, broken_then, decide, shelve
from backend.core.clock import clock
from backend.core.database import Database
from backend.shop import upserts
from backend.shop.rollups import fold
from models.alerts import AlertRule, AlertRuleChange, AlertRuleDraft, Comparison, Severity
from models.figures import FigureName
from models.shop.ingest import DownloadIn
from tests.conftest import Api

MINUTE = timedelta(minutes=1)
ALERT = "01900000-0000-7000-8000-000000000001"
DRAFT = AlertRuleDraft(
    figure=FigureName.DOWNLOADS_FAILURE_RATE,
    title="Downloads failing over limit",
    comparison=Comparison.ABOVE,
    value=0.02,
    hysteresis=0.005,
    severity=Severity.P2,
    range_days=1,
)


class History:
    """Minutes before a whole minute of today; ``at`` is their instant."""

    def __init__(self, api: Api) -> None:
        self._api, self.settings = api, api.settings
        self.end = datetime.now(UTC).replace(second=0, microsecond=0)

    def at(self, minutes: float) -> datetime:
        return self.end - minutes * MINUTE

    async def play(self, steps: Callable[[Database], Any]) -> Any:
        database = Database(self._api.settings.database_url or "", size=2)
        await database.open()
        try:
            return await steps(database)
        finally:
            await database.close()

    def ask(self, path: str, minutes: float, **more: Any) -> Any:
        """What the API says of an instant."""
        query = {"asOf": self.at(minutes).isoformat()} | more
        url = f"{self._api.base_url}/api/operations{path}"
        return httpx.get(url, params=query, headers=self._api.headers()).raise_for_status().json()

    def follow(self, link: str) -> Any:
        """What the API lists behind a figure."""
        return httpx.get(f"{self._api.base_url}{link}", headers=self._api.headers()).raise_for_status().json()

    def downloads(self, minutes: float, count: int, failed: int) -> list[DownloadIn]:
        """So many attempts at an instant, so many of them failed."""
        return [
            DownloadIn(
                id=f"{minutes}-{n}",
                downloaded_at=self.at(minutes),
                product="Glider",
                succeeded=n >= failed,
                failure="timed out" if n < failed else None,
            )
            for n in range(count)
        ]


async def land_all(database: Database, *rows: Iterable[DownloadIn]) -> None:
    async with database.transaction() as tx:
        for some in rows:
            await upserts.downloads(tx, list(some))


async def test_alerts_and_tiles_belong_to_the_instant(api: Api) -> None:
    history = History(api)
    at = history.at

    async def play(database: Database) -> None:
        await land_all(database, history.downloads(300, 1000, 1), history.downloads(125, 410, 409))
        async with database.transaction() as tx:
            rule = await actions.create_rule(tx, actor="ada", request=DRAFT, since=at(400))
            # 120: raised at 29 %. 110: measured at 31 %. 100: acknowledged. 90: shelved to 60. 50: came back, cleared.
            watch = Watch(at(130), at(121), at(120))
            raised = decide(rule, watch, {}, Reading(0.29, at(120)), at(120), lambda: ALERT).transitions
            await actions.apply(tx, raised, actor="worker", at=at(120))
            alert = raised[-1].after
            measured = decide(rule, None, {alert.cause: alert}, Reading(0.31, at(110)), at(110), str).transitions
            await actions.apply(tx, measured, actor="worker", at=at(110))
            done = acknowledge(measured[-1].after, actor="ada", comment="On it.", now=at(100))
            await actions.apply(tx, done, actor="ada", at=at(100))
            aside = shelve(done[-1].after, actor="ada", until=at(60), reason="Retries run.")
            await actions.apply(tx, (aside,), actor="ada", at=at(90))
            back = decide(rule, None, {alert.cause: aside.after}, Reading(0.3, at(60)), at(60), str).transitions
            await actions.apply(tx, back, actor="worker", at=at(60))
            inside = Reading(0.001, at(50))
            gone = decide(rule, None, {alert.cause: back[-1].after}, inside, at(50), str).transitions
            await actions.apply(tx, gone, actor="worker", at=at(50))

    await history.play(play)

    def listed(minutes: float, *states: str) -> list[tuple[Any, ...]]:
        found = history.ask("/alerts", minutes, state=list(states))["items"]
        return [(a["state"], a["value"], a["worstValue"], a["evaluatedAt"], a["comment"]) for a in found]

    def then(minutes: float) -> str:
        return f"{at(minutes):%Y-%m-%dT%H:%M:%SZ}"

    assert listed(121) == [], "it was not there yet"
    raised = [("active", 0.29, 0.29, then(120), None)]
    assert listed(120) == listed(115) == raised, "what was measured later was not known"
    assert listed(105, "active") == [("active", 0.31, 0.31, then(110), None)]
    assert listed(100) == listed(95, "acknowledged") == [("acknowledged", 0.31, 0.31, then(110), "On it.")]
    assert listed(89, "acknowledged") == listed(60, "shelved") == []
    assert len(listed(90, "shelved")) == len(listed(61, "shelved")) == 1
    assert listed(60, "acknowledged") == [("acknowledged", 0.3, 0.31, then(60), "On it.")]
    assert listed(50) == listed(0) == [("cleared", 0.001, 0.31, then(50), "On it.")]
    one = history.ask(f"/alerts/{ALERT}", 115)
    assert (one["state"], one["value"], one["version"]) == ("active", 0.29, 1)

    def tile(minutes: float) -> tuple[float, str, int]:
        found = history.ask("/dashboard", minutes)
        name = "downloads.failureRate"
        return round(found["downloads"]["failureRate"], 3), found["states"][name], found["alertCount"]

    assert tile(126) == (0.001, "normal", 0)
    assert tile(121) == (0.291, "breached", 0), "over its limit, though the worker had not looked yet"
    assert tile(120) == (0.291, "breached", 1)
    assert tile(100) == (0.291, "acknowledged", 0)
    assert tile(50) == (0.291, "breached", 0), "the value says so, and its alert was cleared"


async def test_a_download_that_was_completed_later_had_failed_then(api: Api) -> None:
    history = History(api)
    at = history.at

    async def fail(database: Database) -> None:
        await land_all(database, history.downloads(300, 2000, 2), history.downloads(50, 500, 500))
        async with database.transaction() as tx:
            rule = await actions.create_rule(tx, actor="ada", request=DRAFT, since=at(400))
            watch = Watch(at(60), at(46), at(45))
            raised = decide(rule, watch, {}, Reading(0.2, at(45)), at(45), lambda: ALERT).transitions
            await actions.apply(tx, raised, actor="worker", at=at(45))

    async def heal(database: Database) -> None:
        await land_all(database, history.downloads(50, 500, 1))

    await history.play(fail)

    def shown(minutes: float) -> tuple[float, float, str]:
        found = history.ask("/dashboard", minutes)
        assert found["downloads"]["failureRate"] == rows(found)
        series = found["series"]
        rate = sum(series["failedDownloads"]) / sum(series["downloads"])
        return round(found["downloads"]["failureRate"], 5), round(rate, 5), found["states"]["downloads.failureRate"]

    def rows(found: dict[str, Any]) -> float:
        """The rate of the rows behind the tile."""
        failed, every = (history.follow(link) for link in found["links"]["downloads.failureRate"])
        assert {row["failure"] for row in failed["items"]} == {"timed out"}
        return float(failed["summary"]["count"] / every["summary"]["count"])

    then = (0.2008, 0.2008, "breached")
    assert shown(40) == then
    await history.play(heal)
    assert shown(40) == then, "what was seen then"
    assert [a["state"] for a in history.ask("/alerts", 40)["items"]] == ["active"]
    await history.play(lambda database: fold(database, history.settings))
    assert shown(40) == then
    assert shown((history.end - datetime.now(UTC)) / MINUTE)[:2] == (0.0012, 0.0012)


async def test_a_row_that_came_late_is_in_figure_and_tile(api: Api) -> None:
    history = History(api)

    async def play(database: Database) -> None:
        async with database.transaction() as tx:
            await actions.create_rule(tx, actor="ada", request=DRAFT, since=history.at(400))
        await land_all(database, history.downloads(50, 100, 29))

    await history.play(play)
    found = history.ask("/dashboard", 40)
    assert (found["downloads"]["failureRate"], found["states"]["downloads.failureRate"]) == (0.29, "breached")
    assert history.ask("/alerts", 40)["items"] == []


async def test_limits_are_those_of_the_instant(api: Api) -> None:
    history = History(api)
    at = history.at

    async def play(database: Database) -> datetime:
        await land_all(database, history.downloads(30, 100, 3))
        async with database.transaction() as tx:
            rule = await actions.create_rule(tx, actor="ada", request=DRAFT, since=at(20))
        async with database.transaction() as tx:
            between = await clock(tx)
            change = AlertRuleChange(value=0.1, severity=Severity.P1)
            await actions.change_rule(tx, actor="ada", rule_id=UUID(rule.id), version=1, request=change)
        async with database.transaction() as tx:
            await actions.change_rule(
                tx, actor="ada", rule_id=UUID(rule.id), version=2, request=AlertRuleChange(enabled=False)
            )
        return between - timedelta(milliseconds=50)

    between = await history.play(play)

    def limit(minutes: float) -> tuple[Any, ...]:
        found = history.ask("/dashboard", minutes)
        threshold = found["thresholds"].get("downloads.failureRate", {})
        state = found["states"]["downloads.failureRate"]
        return threshold.get("value"), threshold.get("severity"), threshold.get("rangeDays"), state

    assert limit(21) == (None, None, None, "normal"), "there was no rule yet"
    assert limit(20) == limit((history.end - between) / MINUTE) == (0.02, "P2", 1, "breached")
    assert limit((history.end - datetime.now(UTC)) / MINUTE) == (None, None, None, "normal")


@pytest.mark.parametrize(
    ("value", "held", "broken"),
    [
        (0.021, False, True),
        (0.021, True, True),
        (0.018, False, False),
        (0.018, True, True),
        (0.015, True, False),
        (None, True, True),
        (None, False, False),
    ],
)
def test_the_alert_decides_where_the_value_cannot(value: float | None, held: bool, broken: bool) -> None:
    now = datetime.now(UTC)
    rule = AlertRule(**DRAFT.model_dump(), id="r", version=1, updated_at=now, updated_by="ada")
    assert broken_then(rule, Reading(value, now), now, held=held) is broken
    assert not broken_then(rule.model_copy(update={"enabled": False}), Reading(value, now), now, held=held)
