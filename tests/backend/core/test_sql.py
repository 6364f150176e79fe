"""Every named statement is understood by the migrated schema."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import backend
from backend.core.database import array, load_queries

ROOT = Path(backend.__file__).parent


def _numbered(statement: str) -> bytes:
    numbers: dict[str, int] = {}
    text = re.sub(r"%\((\w+)\)[sbt]", lambda found: f"${numbers.setdefault(found[1], len(numbers) + 1)}", statement)
    return text.replace("%%", "%").encode()


def test_every_statement_can_be_prepared(owner_url: str) -> None:
    wrong = {}
    files = sorted(file for file in ROOT.rglob("*.sql") if "migrations" not in file.parts)
    with psycopg.connect(owner_url, autocommit=True) as connection:
        for file in files:
            package = ".".join(("backend", *file.parent.relative_to(ROOT).parts))
            for name, statement in load_queries(package, file.name):
                result = connection.pgconn.prepare(b"", _numbered(statement))
                if result.status != psycopg.pq.ExecStatus.COMMAND_OK:
                    wrong[f"{package}/{file.name}: {name}"] = result.error_message.decode()
    assert files
    assert not wrong


_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
_ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45)), timezone(-timedelta(hours=9))])
_FIRST, _LAST = datetime(1000, 1, 1), datetime(9000, 1, 1)  # noqa: DTZ001 - the zone is drawn beside it
_INSTANT = st.datetimes(_FIRST, _LAST, timezones=_ZONES)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    st.lists(_TEXT | st.none() | st.sampled_from(["null", "NULL", "", " ", "{}", 'a"b\\', ","])),
    st.lists(st.integers(-(2**63), 2**63 - 1) | st.none()),
    st.lists(_INSTANT | st.none()),
    st.lists(st.booleans() | st.none()),
)
def test_arrays_arrive_as_they_were(
    owner_url: str,
    texts: list[str | None],
    numbers: list[int | None],
    instants: list[datetime | None],
    flags: list[bool | None],
) -> None:
    given = (texts, numbers, instants, flags)
    with psycopg.connect(owner_url) as connection:
        cursor = connection.execute(
            "select %s::text[], %s::bigint[], %s::timestamptz[], %s::boolean[]", [array(values) for values in given]
        )
        assert cursor.fetchone() == given
