"""Bring a database to the newest revisions. Safe to run from several places at once, and again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, LiteralString

import psycopg

from backend.migrations.revisions import as_text, newest, paths, unknown, version_locations

LOCK = 4_711_018_001
"""Advisory lock that lets one migration run at a time."""

AUDIT_RESUME: Final = """
with l as (select a.*, row_number() over w + r.position as position, greatest(max(a.at) over w, r.newest_at) as high
             from audit_log as a cross join audit_relay as r
            where not exists (select from audit_position as p where p.seq = a.seq)
           window w as (order by a.seq)),
     s as (insert into audit_position (position, seq, id, at, actor, action, resource_type, resource_id, correlation_id)
           select position, seq, id, at, actor, action, resource_type, resource_id, correlation_id from l)
update audit_relay set xid = '0', seq = 0, system_id = (select system_identifier from pg_control_system()),
       seq_floor = coalesce((select max(seq) from audit_log), 0),
       position = position + (select count(*) from l),
       newest_at = greatest(newest_at, (select max(high) from l)),
       disorder = greatest(disorder, (select max(high - at) from l))
"""
"""Transaction ids start anew when a dump is restored on another server, and no row would ever be stamped again."""


def current(connection: psycopg.Connection[Any]) -> frozenset[str]:
    """The newest revision of each branch a database is at, as its table says; empty for an empty one."""
    row = connection.execute("select to_regclass('alembic_version') is not null").fetchone()
    if row is None or not row[0]:
        return frozenset()
    return frozenset(str(version) for (version,) in connection.execute("select version_num from alembic_version"))


def migrate(url: str, say: Callable[[str], None] = lambda _words: None, locations: Sequence[str] | None = None) -> bool:
    """Migrate the database at ``url``, as its owner; returns whether anything was done.

    ``locations`` are the folders of migrations, all that this program has when none are given.
    Raises psycopg.OperationalError when the database cannot be reached or holds a lock for more than 4 s; then
    nothing of the failed revision is applied. Raises RuntimeError for a database that is newer than this program.
    """
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        if connection.info.server_version < 180_000:
            raise RuntimeError(f"PostgreSQL 18 is needed; this is {connection.info.server_version // 10_000}")
        locations = locations or version_locations()
        known, wanted = current(connection), newest(locations)
        changed = known != wanted
        if changed:
            if strange := unknown(known, locations):
                raise RuntimeError(
                    f"the database is at revision {as_text(strange)}, newer than this program ({as_text(wanted)}); "
                    "install a newer one"
                )
            connection.execute("select pg_advisory_lock(%s)", (LOCK,))
            say(f"migrating the database from {as_text(known) if known else 'nothing'} to {as_text(wanted)}")
            upgrade(connection, locations)
        _seed_roles(connection)
        moved = connection.execute(
            "select 1 from audit_relay where system_id <> (select system_identifier from pg_control_system())"
        ).fetchone()
        if moved:
            say("this database came from another server: the audit relay goes on from its newest row")
            with connection.transaction():
                # Waits for writers: a row they have not committed yet would be below the floor for ever.
                connection.execute("lock table audit_log in share row exclusive mode")
                connection.execute(AUDIT_RESUME)
        return changed


def upgrade(connection: psycopg.Connection[Any], locations: Sequence[str], to: str = "heads") -> None:
    """Apply what is missing of every branch; or what one revision needs, or ``label@head``, the end of one branch."""
    # Imported here: a second is a long time for the usual case that there is nothing to do.
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine
    from sqlalchemy.pool import StaticPool

    connection.execute("set lock_timeout = '4s'; set statement_timeout = '5s'")
    connection.execute(
        "create table if not exists alembic_version (version_num varchar(32) primary key)",
    )
    config = Config()
    config.set_main_option("script_location", "backend:migrations")
    # A newline: a folder may hold a space, and a colon stands in every ``package:folder`` and behind a drive's letter.
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(map(str, paths(locations))).replace("%", "%%"))
    engine = create_engine("postgresql+psycopg://", creator=lambda: connection, poolclass=StaticPool)
    connection.autocommit = False
    with engine.connect() as bound:
        config.attributes["connection"] = bound
        command.upgrade(config, to)
    connection.rollback()
    connection.autocommit = True


SEED_ROLES: Final = """
insert into role_definition as r
       (id, name, description, permissions, sensitive, approvers, service, built_in, updated_by)
select id, name, description, permissions, sensitive, sensitive::int, service, true, 'system:migrate'
  from (values (%s, %s, %s, %s::text[], %s::boolean, %s::boolean))
           as v (id, name, description, permissions, sensitive, service)
on conflict (id) do update
   set name = excluded.name, description = excluded.description, permissions = excluded.permissions,
       sensitive = excluded.sensitive, approvers = excluded.approvers, service = excluded.service,
       version = r.version + 1, updated_at = now(), updated_by = excluded.updated_by
 -- What an administrator changed is theirs.
 where r.built_in and r.updated_by = excluded.updated_by
   and (r.name, r.description, r.permissions, r.sensitive, r.service)
       is distinct from
       (excluded.name, excluded.description, excluded.permissions, excluded.sensitive, excluded.service)
"""


def examples() -> tuple[LiteralString, ...]:
    """Statements that stand here, for the test that prepares them all."""
    return AUDIT_RESUME, SEED_ROLES


def _seed_roles(connection: psycopg.Connection[Any]) -> None:
    """Write the built-in roles as this program defines them; what administrators added stays."""
    from models.core.permissions import BUILT_IN_ROLES

    rows = [
        (role.id, role.name, role.description, sorted(role.permissions), role.sensitive, role.service)
        for role in BUILT_IN_ROLES
    ]
    with connection.cursor() as cursor:
        cursor.executemany(SEED_ROLES, rows)
