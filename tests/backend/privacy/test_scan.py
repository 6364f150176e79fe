"""The search after an erasure finds what was planted, in whatever form and place, and tells edges and holds apart."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.privacy.erasure.needles import Needles
from tests.backend.privacy.fixtures import Desk, rows
from tests.backend.privacy.test_graph import (  # noqa: F401 - fixtures
    approved_erasure,
    finish_by_hand,
    nodes,
    press,
    settings,
    shop,
    work,
)
from tests.backend.privacy.test_requests import shown

JANE = "jane@example.com"
PLANTS = {
    "upper case in JSON": (
        "insert into quarantine (kind, source_row, errors, sent_by) values ('x', %s, '[]', 'test')",
        '{"a": ["JANE@EXAMPLE.COM"]}',
        "quarantine",
    ),
    "a hash": (
        "insert into audit_log (actor, action, resource_type, resource_id) values ('t', 'test.x', 'x', %s)",
        hashlib.sha256(JANE.encode()).hexdigest(),
        "",
    ),
    "URL-encoded in a job": (
        "insert into procrastinate_jobs (queue_name, task_name, args) values ('core', 'x', %s)",
        '{"url": "https://x.example/?m=jane%40example.com"}',
        "procrastinate_jobs",
    ),
    "bytes of an answer": (
        (
            "insert into idempotency (principal, method, path, key, fingerprint, status, headers, body)"
            " values ('p', 'POST', '/', 'k', '', 200, '{}', convert_to(%s, 'UTF8'))"
        ),
        '{"email": "jane@example.com"}',
        "idempotency",
    ),
    "base64 in a note": (
        (
            "insert into alert_rule (figure, title, comparison, value, range_days, severity, updated_by)"
            " values ('orders.total', %s, 'above', 1, 7, 'P1', 'test')"
        ),
        base64.b64encode(JANE.encode()).decode(),
        "alert_rule",
    ),
}


@pytest.mark.parametrize("name", PLANTS)
def test_what_was_planted_is_found_and_named(shop: Desk, name: str) -> None:  # noqa: F811 - a fixture
    statement, value, table = PLANTS[name]
    made = approved_erasure(shop)
    work(shop)
    rows(shop.api.owner_url, statement, value)
    finish_by_hand(shop, made)
    found = nodes(shop, made)["scan"]
    if not table:
        assert found["state"] == "done"
        assert any("audit log" in reason for reason in found["kept"])
        return
    assert found["problem"] == f"something that names the person is still in: {table} (1)"
    assert shown(shop, made)["blocked"] == "Search for what is left: failed, try 1"
    assert (
        rows(
            shop.api.owner_url,
            "select count(*) from person_index where person_id = (select person_id from privacy_request limit 1)",
        )[0][0]
        > 0
    )  # the key is not destroyed before nothing is left
    rows(shop.api.owner_url, f"delete from {table}")
    assert press(shop, made, "scan", "retry").is_success
    work(shop)
    assert shown(shop, made)["status"] == "done"


def test_the_planner_remembers_nobody(shop: Desk) -> None:  # noqa: F811 - a fixture
    rows(shop.api.owner_url, "analyze risk_order")
    in_statistics = "select count(*) from pg_stats where concat(most_common_vals, histogram_bounds) like '%%jane%%'"
    assert rows(shop.api.owner_url, in_statistics)[0][0] > 0
    made = approved_erasure(shop)
    work(shop)
    finish_by_hand(shop, made)
    assert shown(shop, made)["status"] == "done"
    assert rows(shop.api.owner_url, in_statistics) == [(0,)]


def test_a_block_against_fraud_stays_and_is_named(shop: Desk) -> None:  # noqa: F811 - a fixture
    rows(
        shop.api.owner_url,
        "with l as (insert into risk_list (id, title, kind, metric) values ('b', 'Blocked', 'block', 'email')"
        " returning id) insert into risk_list_entry (list_id, value, reason, added_by) select id, %s, 'r', 't' from l",
        JANE,
    )
    made = approved_erasure(shop)
    work(shop)
    finish_by_hand(shop, made)
    assert nodes(shop, made)["scan"]["kept"] == {
        "On a list against fraud: stays until its end (risk_list_entry)": 1,
        "Identifiers shorter than six characters cannot be searched for: 1": 0,
    }


def test_log_files_are_searched(shop: Desk, tmp_path: Path) -> None:  # noqa: F811 - a fixture
    shop.api.settings = shop.api.settings.model_copy(update={"data_dir": tmp_path})
    (tmp_path / "postgres.log").write_text("ERROR: duplicate key\nDETAIL: Failing row contains (Jane@Example.com)\n")
    made = approved_erasure(shop)
    work(shop)
    finish_by_hand(shop, made)
    assert nodes(shop, made)["scan"]["problem"].endswith("log files (1)")


@given(st.from_regex(r"[a-z]{4,8}@[a-z]{4,8}\.example", fullmatch=True), st.sampled_from(["a", "7", "Z"]))
def test_edges_are_looked_at(value: str, edge: str) -> None:
    needles = Needles.of([value])
    assert needles.are_in(f"<{value.upper()}>")
    assert not needles.are_in(f"{edge}{value}{edge}")
    assert Needles.of(["c-17"]).forms == frozenset()
