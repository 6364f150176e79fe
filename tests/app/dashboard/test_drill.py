"""Rows behind a figure come page by page; the sum is known with the first, and an error costs no row."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app.core.http_client import OperationsClient
from app.dashboard.drill import Drill, window_of
from tests.app.answers import AS_OF
from tests.app.core.faulty_server import Asked, faulty_server, http, problem

LINK = "/api/operations/orders?from=2026-11-17T14%3A02%3A37Z&to=2026-11-24T14%3A02%3A37Z"


def _row(number: int) -> dict[str, Any]:
    return {
        "id": f"o{number}", "placedAt": AS_OF.isoformat(), "settledAt": None, "status": "pending", "customerId": None,
        "country": "DE", "currency": "EUR", "total": 100, "reportingTotal": 100,
    }  # fmt: skip


def _page(asked: Asked) -> bytes:
    cursor = int(parse_qs(urlsplit(asked.path).query).get("cursor", ["0"])[0])
    body = {
        "items": [_row(n) for n in range(cursor, cursor + 2)],
        "nextCursor": str(cursor + 2) if cursor < 4 else None,
        "asOf": AS_OF.isoformat(),
        "summary": {"count": 6, "amount": 600, "currency": "EUR"},
    }
    return http(body)


async def test_pages_follow_each_other_and_an_error_keeps_what_there_is() -> None:
    async with faulty_server() as server:
        server.answer = _page
        async with OperationsClient(server.url, "t") as client:
            drill, told = Drill(LINK, lambda: client), []
            drill.changed.connect(lambda: told.append(len(drill.rows)))
            await drill.more()
            assert drill.summary is not None
            assert (drill.summary.count, drill.summary.amount, len(drill.rows)) == (6, 600, 2)
            server.answer = lambda _: problem("internal", 500, "It broke.")
            await drill.more()
            assert str(drill.error) == "It broke."
            assert (len(drill.rows), drill.complete) == (2, False)
            assert drill.summary.amount == 600
            server.answer = _page
            await drill.more()
            await drill.more()
            assert drill.error is None
            assert [row.id for row in drill.rows] == [f"o{n}" for n in range(6)]
            assert drill.complete
            asked = len(server.asked)
            await drill.more()
            assert len(server.asked) == asked
            assert told == sorted(told)
    assert parse_qs(urlsplit(server.asked[0].path).query)["from"] == ["2026-11-17T14:02:37Z"]


async def test_a_filter_begins_anew_and_a_late_page_of_the_old_list_is_dropped() -> None:
    async with faulty_server() as server:
        server.answer = _page
        async with OperationsClient(server.url, "t") as client:
            drill = Drill(LINK, lambda: client)
            await drill.more()
            await drill.filter(country="DE", status="pending")
            assert len(drill.rows) == 2
            query = parse_qs(urlsplit(server.asked[-1].path).query)
            assert (query["country"], query["status"]) == (["DE"], ["pending"])
            assert "cursor" not in query


def test_only_lists_of_rows_can_be_drilled_into() -> None:
    assert window_of(LINK) == ("2026-11-17T14:02:37Z", "2026-11-24T14:02:37Z")
    with pytest.raises(ValueError, match="no list"):
        Drill("/api/operations/alerts", lambda: pytest.fail("not asked"))


async def test_rows_that_the_server_cannot_read_are_counted_until_a_filter_begins_anew() -> None:
    body = {"items": [_row(1)], "leftOut": 1, "nextCursor": None, "asOf": AS_OF.isoformat()}
    answers = [body | {"nextCursor": "c"}, body, body | {"leftOut": 0}]
    async with faulty_server() as server:
        server.answer = lambda _: http(answers.pop(0) | {"summary": {"count": 4}})
        async with OperationsClient(server.url, "t") as client:
            drill = Drill(LINK, lambda: client)
            await drill.more()
            await drill.more()
            assert (len(drill.rows), drill.left_out) == (2, 2)
            await drill.filter(country="DE")
            assert (len(drill.rows), drill.left_out) == (1, 0)
