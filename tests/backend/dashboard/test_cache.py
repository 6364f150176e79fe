"""The dashboard answers while its database is away: the last figures with their age, never a failure of ours."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path

import pytest

from backend.core.database import Database
from backend.core.problems import ProblemError
from backend.core.settings import Settings
from backend.dashboard import cache as answers
from backend.dashboard.cache import Dashboards
from backend.dashboard.compose import compose
from backend.migrations.migrate import migrate
from backend.runtime.embedded_postgres import OWNER, Embedded
from models.core.problems import Code


async def test_the_last_answer_is_repeated_while_the_database_is_away() -> None:
    with tempfile.TemporaryDirectory(prefix="opsconsole-away-") as folder:
        server = Embedded(Path(folder) / "data", durable=False)
        server.start()
        try:
            url = server.url(OWNER, "postgres")
            migrate(url)
            database = Database(url)
            await database.open()
            dashboards = Dashboards(database, Settings(database_url=url))
            body, age = await dashboards.live(7)
            assert (json.loads(body)["degraded"], age) == (None, 0)
            assert (await dashboards.live(7))[0] is body  # shared, not computed again
            server.stop()
            await asyncio.sleep(answers.SHARED_SECONDS + 0.2)
            repeated, age = await dashboards.live(7)
            assert json.loads(repeated)["degraded"]["since"] == json.loads(body)["asOf"]
            assert age >= 1
            with pytest.raises(ProblemError) as raised:
                await dashboards.live(30)
            assert raised.value.code is Code.UNAVAILABLE
            server.start()
            for _ in range(50):
                back, _ = await dashboards.live(7)
                if json.loads(back)["degraded"] is None:
                    break
                await asyncio.sleep(0.2)
            assert json.loads(back)["degraded"] is None
            await database.close()
        finally:
            server.stop()


async def test_many_requests_share_one_refresh(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(database_url)
    await database.open()
    dashboards = Dashboards(database, Settings(database_url=database_url))
    asked = 0

    async def counted(*arguments: object) -> object:
        nonlocal asked
        asked += 1
        return await compose(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(answers, "compose", counted)
    bodies = await asyncio.gather(*(dashboards.live(7) for _ in range(40)))
    await database.close()
    assert asked == 1
    assert len({body for body, _ in bodies}) == 1
