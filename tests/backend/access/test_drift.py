"""Access in outside systems against the roles here: read, compared, shown, alerted, and gone when it agrees again."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.access import AccessReportError, ReportedAccess
from backend.access.drift.actions import compare
from backend.core.database import Database
from backend.core.settings import AccessSource, Settings
from backend.integrations.access_snapshot import AccessSnapshot
from backend.runtime.worker import ticks
from models.access import DifferenceKind
from tests.conftest import Api

ROLES = {"admin": "administrator", "owner": "administrator", "support": "support-lead"}

names = st.sampled_from(["ada", "bob", "eve"])
reports = st.frozensets(st.builds(ReportedAccess, names, st.sampled_from([*ROLES, "mystery"])))
expectations = st.frozensets(st.tuples(names, st.sampled_from(sorted(set(ROLES.values())))))


@given(reports, expectations)
def test_every_entry_and_every_expectation_is_accounted_for_once(
    reported: frozenset[ReportedAccess], expected: frozenset[tuple[str, str]]
) -> None:
    found = compare(reported, expected, ROLES)
    for entry in reported:
        agrees = (entry.user_id, ROLES.get(entry.outside_role)) in expected
        told = [d for d in found if (d.user_id, d.outside_role) == (entry.user_id, entry.outside_role)]
        assert len(told) == (0 if agrees else 1)
    there = {(entry.user_id, ROLES.get(entry.outside_role)) for entry in reported}
    missing = {(d.user_id, d.role_id) for d in found if d.kind is DifferenceKind.ONLY_HERE}
    assert missing == expected - there


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"user;role\nada;admin\n", "needs a first line with the columns user and role"),
        ("a.csv", b"user,role\nada,\n", "row 1: user and role are needed"),
        ("a.csv", b"user,role\nada\n", "row 1"),
        ("a.csv", b'user,role\n"ada,admin\n', "is not CSV"),
        ("a.csv", b"\xff\xfe\x00", "is not UTF-8"),
        ("a.json", b"{", "is not JSON"),
        ("a.json", b'{"user": "ada"}', "needs a list of rows"),
        ("a.json", b'[{"user": 5, "role": "admin"}]', "row 1"),
        ("a.json", b"[" * 100_000, "is not JSON"),
        ("missing.csv", None, "cannot be read"),
    ],
)
def test_a_bad_report_says_file_and_row(tmp_path: Path, name: str, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(AccessReportError, match=words) as refused:
        AccessSnapshot(tmp_path / name).read()
    assert name in str(refused.value)


def test_csv_and_json_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("\ufeffuser,role,since\nada , admin,2020\nada,admin,2021\n".encode())
    (tmp_path / "a.json").write_text(json.dumps([{"user": "ada", "role": "admin"}]))
    csv, plain = AccessSnapshot(tmp_path / "a.csv").read(), AccessSnapshot(tmp_path / "a.json").read()
    assert csv == plain == frozenset({ReportedAccess("ada", "admin")})


def test_differences_come_and_go_with_their_alert(api: Api, settings: Settings, tmp_path: Path) -> None:
    report = tmp_path / "medusa.csv"
    watched = settings.model_copy(update={"access_reports": {"medusa": AccessSource(file=report, roles=ROLES)}})

    def look() -> dict[str, Any]:
        async def run() -> None:
            database = Database(settings.database_url or "")
            await database.open()
            (tick,) = (tick for tick in ticks(watched) if tick.name == "access in outside systems")
            await tick.turn(database, watched)
            await database.close()

        asyncio.run(run())
        answer = httpx.get(f"{api.base_url}/api/operations/rbac/drift", headers=api.headers("administrator"))
        drift: dict[str, Any] = answer.json()
        return drift

    def alert() -> dict[str, Any]:
        items = httpx.get(f"{api.base_url}/api/operations/alerts", headers=api.headers()).json()["items"]
        (found,) = items
        assert isinstance(found, dict)
        return found

    report.write_text("user,role\nadministrator,owner\nsupport-lead,support\nmallory,admin\nbob,mystery\n")
    told = {(d["userId"], d["outsideRole"], d["kind"]) for d in look()["differences"]}
    assert told == {("mallory", "admin", "only_outside"), ("bob", "mystery", "unknown_role")}
    assert (alert()["severity"], alert()["title"]) == ("P3", "Access in medusa differs from the roles here: 2")
    first = look()["differences"]
    report.write_text("nonsense")
    broken = look()
    assert "first line" in broken["reports"][0]["problem"]
    assert broken["differences"] == first, "what was known stays"
    assert "cannot be read" in alert()["title"]
    report.write_text("user,role\nadministrator,admin\n")
    missing = {(d["userId"], d["roleName"], d["kind"]) for d in look()["differences"]}
    assert missing == {("support-lead", "Support lead", "only_here")}
    report.write_text("user,role\nadministrator,admin\nsupport-lead,support\n")
    assert look()["differences"] == []
    assert alert()["condition"] == "normal"
    with psycopg.connect(api.owner_url) as connection:
        rows = connection.execute(
            "select action, count(*) from audit_log where action like 'rbac.difference.%' group by 1 order by 1"
        ).fetchall()
    assert rows == [("rbac.difference.found", 3), ("rbac.difference.gone", 3)]
