"""Every statement is understood by the migrated schema."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import backend
from backend.core.database import array, load_queries

ROOT = Path(backend.__file__).parent


# What no one would write but in a statement; "select" and "update" are words of English too.
_SQL = re.compile(
    r"(?:^|\()\s*select\s|\bselect\s.*\bfrom\b|insert\s+into\s|delete\s+from\s|update\s.*\bset\s", re.DOTALL
)
_HOLE = re.compile(r"\{\w*\}")


def _numbered(statement: str) -> bytes:
    numbers: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        name = found[1] or f" {len(numbers)}"
        return f"${numbers.setdefault(name, len(numbers) + 1)}"

    return re.sub(r"%(?:\((\w+)\))?[sbt]", number, statement).replace("%%", "%").encode()


@dataclass(frozen=True)
class Text:
    """SQL in the source of a module."""

    where: str
    module: str
    text: str
    whole: bool
    """It is an argument of a call that runs it, and not a part of something."""


def _texts() -> Iterator[Text]:
    for file in sorted(ROOT.rglob("*.py")):
        if file.parent.name == "migrations" and file.parent.parent != ROOT:
            continue  # a revision is for the schema of its time
        tree = ast.parse(file.read_text(encoding="utf-8"))
        prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        whole = {
            id(argument)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Attribute) and node.func.attr == "SQL")
            for argument in node.args
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in prose:
                continue
            if _SQL.search(node.value):
                path = file.relative_to(ROOT.parent)
                module = ".".join(path.with_suffix("").parts)
                yield Text(f"{path.as_posix()}:{node.lineno}", module, node.value, id(node) in whole)


def _statements(texts: list[Text], connection: psycopg.Connection[Any]) -> Iterator[tuple[str, str]]:
    """Every statement of the program, and where it is from."""
    for file in sorted(file for file in ROOT.rglob("*.sql") if "migrations" not in file.parts):
        package = ".".join(("backend", *file.parent.relative_to(ROOT).parts))
        for name, statement in load_queries(package, file.name):
            yield f"{package}/{file.name}: {name}", statement
    for module in dict.fromkeys(text.module for text in texts):
        composed = getattr(import_module(module), "examples", tuple)()
        for statement in composed:
            yield module, statement if isinstance(statement, str) else statement.as_string(connection)
    for text in texts:
        if text.whole:
            yield text.where, text.text


def test_every_statement_can_be_prepared(owner_url: str) -> None:
    """Those of the files, those that stand in a call, and examples of those that modules put together."""
    wrong: dict[str, str] = {}
    texts = list(_texts())
    with psycopg.connect(owner_url, autocommit=True) as connection:
        statements = list(_statements(texts, connection))
        for where, statement in statements:
            result = connection.pgconn.prepare(b"", _numbered(statement))
            if result.status != psycopg.pq.ExecStatus.COMMAND_OK:
                wrong[f"{where}: {statement[:80]}"] = result.error_message.decode()
    assert not wrong
    everything = "\n".join(statement for _, statement in statements)
    unseen = [text.where for text in texts if not all(part in everything for part in _HOLE.split(text.text))]
    assert not unseen, "not prepared: put it into queries.sql, or what it is a part of into examples() of its module"


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
