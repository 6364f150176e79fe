"""The sample shop has consents with a trend, requests in every state, and one that is overdue tomorrow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from backend.core.settings import Settings
from backend.privacy.consent.reads import trends
from backend.privacy.requests import reads
from backend.runtime.sample_shop import create_sample_shop
from models.privacy.consent import ConsentType
from models.privacy.requests import RequestState
from tests.backend.privacy.fixtures import KEYS, rows


async def test_the_sample_shop_has_privacy_at_work(
    open_database: Callable[[], Any], settings: Settings, owner_url: str
) -> None:
    keyed = settings.model_copy(update={"privacy_key": Settings(privacy_key=KEYS).privacy_key})  # type: ignore[arg-type]
    async with open_database() as database:
        assert await create_sample_shop(database, keyed, lambda _words, _done: None)
        async with database.read() as connection:
            found = await reads.page(connection, reads.RequestFilter(open=False), (None, None), 100)
            trend = await trends(connection, datetime.now(UTC), 90)
    states = {request.status for request in found}
    assert states >= set(RequestState) - {RequestState.REVIEW}, "review comes when the worker has gathered"
    near = min(request.due_at for request in found if request.status is RequestState.APPROVAL)
    assert timedelta(hours=12) < near - datetime.now(UTC) < timedelta(days=2)
    by_type = {each.consent_type: each.days for each in trend.trends}
    for kind in ConsentType:
        assert 0 < by_type[kind][0].granted < by_type[kind][-1].asked
    assert [mark.version for mark in trend.policies] == [2]
    texts = rows(
        owner_url,
        "select (select string_agg(r::text, '') from privacy_request as r),"
        " (select string_agg(c::text, '') from consent as c)",
    )[0]
    assert all("@" not in str(text) for text in texts)
