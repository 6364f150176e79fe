"""Put values that are stored already into the form in which new ones come in, and count what that changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, LiteralString

import psycopg
from alembic import op
from psycopg import sql

from backend.core.logs import logger

log = logger(__name__)

AT_ONCE = 10_000
Form = Callable[[str], str]


def connection() -> psycopg.Connection[Any]:
    """The connection the migration runs on, as psycopg has it."""
    found: psycopg.Connection[Any] = op.get_bind().connection.dbapi_connection  # type: ignore[assignment]
    return found


def put_into_form(
    table: LiteralString,
    column: LiteralString,
    form: Form,
    *,
    given: LiteralString | None = None,
    unless: LiteralString = "false",
) -> int:
    """Put every value of a column into its form; an empty form becomes null. Returns how many rows that changed.

    Args:
        table: Where.
        column: Which.
        form: What a value becomes.
        given: Under which name the table's column ``given`` keeps the value as it was, if it keeps it.
        unless: Of ``v.given`` and ``v.kept``, a condition under which a value stays as it is.
    """
    return _write(table, column, _changes(column, given), _forms(table, column, form, changed=True), column, unless)


def id_forms(table: LiteralString, form: Form) -> dict[str, str]:
    """The ids of a table that have another form, and that form. Ids that would then be one stay, and are logged."""
    forms = dict(_forms(table, "id", form, changed=True))
    times = Counter(forms.values())
    taken = {row[0] for row in connection().execute(_TAKEN.format(sql.Identifier(table)), (list(times),))}
    alike = {kept for kept, count in times.items() if not kept or kept in taken or count > 1}
    if alike:
        log.warning("ids that differ in what nobody sees stay as they are", table=table, like=sorted(alike)[:20])
    return {given: kept for given, kept in forms.items() if kept not in alike}


def put_ids_into_form(table: LiteralString, form: Form) -> int:
    """As ``put_into_form`` for the key of a table, with ``id_forms``; what it was is kept in ``given``."""
    forms = id_forms(table, form)
    return put_into_form(table, "id", lambda text: forms.get(text, text), given="id") if forms else 0


def derive(table: LiteralString, source: LiteralString, target: LiteralString, form: Form) -> int:
    """Fill a column from another one; returns how many rows have it now."""
    return _write(table, source, _changes(target, None), _forms(table, source, form, changed=False), target, "false")


_TAKEN = sql.SQL("select id from {} where id = any(%s)")


def _changes(column: str, given: str | None) -> sql.Composed:
    name = sql.Identifier(column)
    change = sql.SQL("{} = nullif(v.kept, '')").format(name)
    if given is None:
        return change
    keep = sql.SQL("given = coalesce(t.given, '{{}}') || jsonb_build_object({}, t.{})").format(sql.Literal(given), name)
    return sql.SQL(", ").join([change, keep])


def _update(table: str, column: str, changes: sql.Composable, unless: LiteralString) -> sql.Composed:
    return sql.SQL(
        "update {table} as t set {changes} from unnest(%s::text[], %s::text[]) as v(given, kept)"
        " where t.{column} = v.given and not ({unless})"
    ).format(table=sql.Identifier(table), changes=changes, column=sql.Identifier(column), unless=sql.SQL(unless))


def _select(table: str, column: str) -> sql.Composed:
    return sql.SQL("select distinct {column} from {table} where {column} is not null").format(
        column=sql.Identifier(column), table=sql.Identifier(table)
    )


def _write(
    table: LiteralString,
    column: LiteralString,
    changes: sql.Composable,
    forms: Iterable[tuple[str, str]],
    target: str,
    unless: LiteralString,
) -> int:
    statement = _update(table, column, changes, unless)
    rows = 0
    forms = iter(forms)
    while some := list(islice(forms, AT_ONCE)):
        given, kept = zip(*some, strict=True)
        rows += connection().execute(statement, (list(given), list(kept))).rowcount
    if rows:
        log.info("stored values put into their form", table=table, column=target, rows=rows)
    return rows


def _forms(table: LiteralString, column: LiteralString, form: Form, *, changed: bool) -> Iterator[tuple[str, str]]:
    """Every value of a column once, with its form; only those that change, or all."""
    # On the server's side: a long history has millions of ids, of which few change.
    with connection().cursor(name="values_in_form") as cursor:
        cursor.itersize = AT_ONCE
        cursor.execute(_select(table, column))
        for (value,) in cursor:
            if (kept := form(value)) != value or not changed:
                yield value, kept


def examples() -> tuple[sql.Composable, ...]:
    """Statements put together here, for the test that prepares them all."""
    return (
        _update("orders", "country", _changes("country", "country"), "false"),
        _select("orders", "id"),
        _TAKEN.format(sql.Identifier("orders")),
    )
