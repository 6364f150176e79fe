"""A launch is bound to the incidents that are open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backend.core.clock import clock
from backend.core.settings import Settings
from backend.incidents.criteria import OPEN
from tests.backend.incidents.fixtures import Response
from tests.conftest import Api

Opened = Callable[[], Any]
WANTED = [{"severity": "SEV1"}, {"severity": "SEV2"}, {"severity": "SEV4"}]


async def test_open_incidents_count_from_a_severity_up(open_database: Opened, api: Api, settings: Settings) -> None:
    response = Response(api)

    async def counted() -> list[tuple[float | None, str]]:
        async with open_database() as database, database.read() as connection:
            now = await clock(connection)
            found = await OPEN.measure(connection, settings, now, WANTED)
        assert {each.data_through for each in found} == {now}
        return [(each.value, each.detail) for each in found]

    assert await counted() == [(0, ""), (0, ""), (0, "")]
    second = response.open(description="Downloads fail", severity="SEV2")
    fourth = response.open(description="A typo", severity="SEV4")
    severe = f"SEV2 {second['reference']} Downloads fail"
    assert await counted() == [(0, ""), (1, severe), (2, f"{severe}; SEV4 {fourth['reference']} A typo")]
    response.to(second, "acknowledged")
    response.to(second, "mitigated")
    assert (await counted())[1] == (1, severe)
    response.to(second, "resolved", by="operations-lead")
    assert [value for value, _ in await counted()] == [0, 0, 1]
