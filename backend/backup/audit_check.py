"""Whether the audit log of a restored database is whole."""

from __future__ import annotations

import psycopg
from psycopg.rows import dict_row

from backend.backup.archive import queries
from backend.backup.postgres import connected


def verify_audit(url: str) -> str | None:
    """``None`` when the audit log of the database at ``url`` is whole, else what is wrong with it.

    The one place where a restored audit log is judged: whatever seals the log is verified here as well.
    """
    try:
        with connected(url) as connection, connection.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(queries.audit_gaps).fetchone()
    except psycopg.Error as error:
        return f"the audit log cannot be read: {str(error).strip()}"
    assert found is not None  # noqa: S101 - a select without a table returns one row
    positions = found["positions"]
    if found["relayed"] is None:
        return "the audit log has lost its relay's mark"
    if positions != found["stamped"]:
        return "audit rows have more than one position"
    if (found["first"], found["last"]) != (1, positions) or positions != found["relayed"]:
        reach = f"{positions} of them reach from {found['first']} to {found['last']}"
        return f"audit positions are not dense: {reach}, the relay's mark is {found['relayed']}"
    if found["without_row"]:
        return f"{found['without_row']} audit positions have no row"
    if found["without_position"]:
        return f"{found['without_position']} audit rows have lost their position"
    return None
