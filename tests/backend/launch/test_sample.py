"""The sample shop has a launch tomorrow and one that is done, whose record proves itself."""

from __future__ import annotations

from typing import Any, cast

from backend.core.database import Database
from backend.core.sample_shop import SampleShop
from backend.launch.sample import create
from resources.launch import verify_record
from tests.backend.launch.fixtures import CHECKLIST, LAUNCHES, Pad


def test_a_launch_comes_and_one_is_done_with_its_record(pad: Pad) -> None:
    async def work(database: Database) -> None:
        async with database.transaction() as tx:
            await create(tx, cast("SampleShop", None))

    pad.within(work)
    done, coming = sorted(pad.read(LAUNCHES)["items"], key=lambda launch: str(launch["plannedZeroAt"]))
    clock = pad.status(coming)["clock"]
    assert (clock["state"], round(clock["reading"] / 3_600)) == ("running", -18)
    items = {item["key"]: item for item in pad.read(CHECKLIST)["items"]}
    assert (len(items), items["load-test"]["status"]) == (14, "approved")
    assert not [key for key, item in items.items() if item["lateSeconds"] is not None]
    assert done["state"] == "launched"
    review: dict[str, Any] = pad.read(f"{LAUNCHES}/{done['launchId']}/review")
    assert (review["slipSeconds"], [hold["actualSeconds"] for hold in review["holds"]]) == (240, [1_140, 300])
    assert [item["key"] for item in review["itemsLate"]] == ["chat-cover"]
    assert review["lessons"][0]["item"]["key"] == "roster-early"
    pad.publish()
    poll = pad.read(f"{LAUNCHES}/{done['launchId']}/polls")["items"][0]
    assert (poll["verdict"], poll["recordReady"]) == ("GO", True)
    address = f"{LAUNCHES}/{done['launchId']}/polls/{poll['pollId']}/record"
    key = verify_record.Verifier.parse(pad.read(address)["vkey"])
    report = verify_record.verify(pad.get(f"{address}/json").content, [key])
    assert (report.title, report.verdict) == ("Autumn release: Glider 7, poll 1", "GO")


def test_the_launch_to_come_is_bound_to_incidents_on_call_and_runbooks(pad: Pad) -> None:
    async def work(database: Database) -> None:
        async with database.transaction() as tx:
            await create(tx, cast("SampleShop", None))

    pad.within(work)
    [coming] = [each for each in pad.read(LAUNCHES)["items"] if each["state"] == "open"]
    found = {each["key"]: each for each in pad.read(f"{LAUNCHES}/{coming['launchId']}/status")["evidence"]}
    assert found["no-incident"]["verdict"] == "inside"
    assert found["on-call"]["detail"] == "no schedule says that anybody must be on call"
    assert {"runbooks", "no-incident", "on-call"} <= found.keys()
