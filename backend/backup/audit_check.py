"""Whether the audit log of a restored database is whole."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from psycopg.rows import dict_row

from backend.audit import CheckpointStoreError, configured_store, known_verifiers, origin_of, verify_log
from backend.backup.archive import queries
from backend.backup.postgres import connect
from backend.core.settings import Settings


def verify_audit(url: str) -> str | None:
    """``None`` when the positions of the audit log at ``url`` are whole, else what is wrong with them."""
    try:
        with connect(url) as connection, connection.cursor(row_factory=dict_row) as cursor:
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


def sealed_audit_check(settings: Settings) -> Callable[[str], str | None]:
    """What judges a restored audit log: its positions, and where there is a key every entry, seal and checkpoint."""

    def check(url: str) -> str | None:
        wrong = verify_audit(url)
        if wrong is not None:
            return wrong
        try:
            known = known_verifiers(settings, origin_of(url))
            if not known:
                return None
            outside = configured_store(settings)
            newest = verify_log(url, known)
            if newest.finding is None and outside is not None:
                # Checkpoints that came after the backup are none of its business.
                notes = [(size, note) for size, note in outside.notes() if size <= newest.verified]
                newest = verify_log(url, known, notes)
        except (psycopg.Error, CheckpointStoreError, ValueError, OSError) as error:
            return f"the audit log cannot be verified: {str(error).strip()}"
        return None if newest.finding is None else f"the audit log is not what was sealed: {newest.finding}"

    return check


def sealed_by(settings: Settings) -> Callable[[str], str | None]:
    """As ``sealed_audit_check``, and a log that was sealed needs the key that sealed it: nothing goes on without."""
    whole = sealed_audit_check(settings)

    def check(url: str) -> str | None:
        try:
            with connect(url) as connection:
                newest = connection.execute(queries.newest_seal).fetchone()
            if newest is None:
                return whole(url)
            known = [str(each) for each in known_verifiers(settings, origin_of(url))]
        except (psycopg.Error, ValueError) as error:
            return f"the audit log cannot be verified: {str(error).strip()}"
        if newest[0] in known:
            return whole(url)
        given = "no key was given" if not known else "the key that was given is another one"
        return (
            f"its audit log was sealed by the key {newest[0]}, and {given}: give the copy of that audit.key with "
            "--audit-key FILE"
        )

    return check
