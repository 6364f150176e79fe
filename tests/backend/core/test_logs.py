"""What the log says of an error of the database: everything but the row."""

from __future__ import annotations

import traceback

import psycopg
import pytest

from backend.core.logs import _without_rows

ROW = """
insert into orders (id, placed_at, currency, minor, customer_id)
values ('o1', now(), null, 1, E'jane@x.example\\nDoe')
"""


def test_a_row_that_was_refused_is_not_in_the_log(owner_url: str) -> None:
    with psycopg.connect(owner_url) as connection, pytest.raises(psycopg.errors.NotNullViolation) as found:
        connection.execute(ROW)
    wrapped = RuntimeError("wrapped")
    wrapped.__cause__ = found.value
    text = "".join(traceback.format_exception(wrapped))
    assert "jane@x.example" in text
    event = _without_rows(None, "error", {"event": "it failed", "exception": text, "reason": str(found.value), "n": 1})
    for name in ("exception", "reason"):
        assert "jane" not in event[name]
        assert "Doe" not in event[name]
        assert 'null value in column "currency"' in event[name]
    assert "RuntimeError: wrapped" in event["exception"]
    assert event["n"] == 1
