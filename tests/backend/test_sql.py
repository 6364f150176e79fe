"""Every named statement is understood by the migrated schema."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg

import backend
from backend.database import load_queries

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
