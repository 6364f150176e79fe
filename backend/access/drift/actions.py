"""Access in outside systems against the assignments here. Specification: RBAC across Medusa, Strapi and storefront.

A system is one more ``AccessSystem``; nothing is changed there, differences are shown and alerted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from psycopg.rows import dict_row

from backend.access.ports import AccessReportError, AccessSystem, ReportedAccess
from backend.alerts import clear_condition, raise_alert
from backend.core import audit_trail
from backend.core.background import SetAside
from backend.core.database import Connection, Database, load_queries
from backend.core.settings import Settings
from models.access import DifferenceKind
from models.alerts import Severity

queries = load_queries(__package__)

SOURCE = "access.drift"


@dataclass(frozen=True, slots=True, order=True)
class AccessMismatch:
    """One way in which outside and here differ."""

    user_id: str
    outside_role: str
    role_id: str | None
    kind: DifferenceKind


def compare(
    reported: frozenset[ReportedAccess], expected: frozenset[tuple[str, str]], roles: Mapping[str, str]
) -> frozenset[AccessMismatch]:
    """What differs. ``expected`` are pairs of user and role here, ``roles`` map the outside's names to roles here.

    Several outside roles may stand for one role here: any of them will do.
    """
    found = set()
    for entry in reported:
        role = roles.get(entry.outside_role)
        if role is None:
            found.add(AccessMismatch(entry.user_id, entry.outside_role, None, DifferenceKind.UNKNOWN_ROLE))
        elif (entry.user_id, role) not in expected:
            found.add(AccessMismatch(entry.user_id, entry.outside_role, role, DifferenceKind.ONLY_OUTSIDE))
    there = {(entry.user_id, roles.get(entry.outside_role)) for entry in reported}
    for user, role in expected:
        if (user, role) not in there:
            outside = min(name for name, known in roles.items() if known == role)
            found.add(AccessMismatch(user, outside, role, DifferenceKind.ONLY_HERE))
    return frozenset(found)


_aside = SetAside("access in outside systems")


async def check(database: Database, settings: Settings, systems: Mapping[str, AccessSystem]) -> None:
    """Read every system's report and note what differs; a report that cannot be read leaves the differences known."""
    for name, system in systems.items():
        try:
            reported = await asyncio.to_thread(system.read)
        except AccessReportError as error:
            async with database.transaction() as tx:
                await tx.execute(queries.report, {"system": name, "entries": 0, "problem": str(error)})
                await raise_alert(
                    tx,
                    source=SOURCE,
                    key=name,
                    title=f"Access report of {name} cannot be read",
                    severity=Severity.P3,
                    guidance=f"{error}. The differences known before are still shown.",
                )
            continue
        except Exception as error:  # noqa: BLE001 - an adapter may fail at anything, and the other systems go on
            _aside.put(name, error)
            continue
        async with database.transaction() as tx:
            roles = settings.access_reports[name].roles
            await _aside.each(tx, [(name, reported)], partial(_note, tx, roles), key=lambda each: each[0])


async def _note(tx: Connection, roles: Mapping[str, str], read: tuple[str, frozenset[ReportedAccess]]) -> None:
    system, reported = read
    await tx.execute(queries.report, {"system": system, "entries": len(reported), "problem": None})
    cursor = await tx.execute(queries.expected, {"roles": sorted(set(roles.values()))})
    expected = frozenset((user, role) for user, role in await cursor.fetchall())
    wanted = compare(reported, expected, roles)
    async with tx.cursor(row_factory=dict_row) as rows:
        await rows.execute(queries.open_differences, {"system": system})
        known = {
            AccessMismatch(row["user_id"], row["outside_role"], row["role_id"], DifferenceKind(row["kind"])): row["id"]
            for row in await rows.fetchall()
        }
    await tx.execute(queries.still_different, {"ids": [known[each] for each in known.keys() & wanted]})
    await tx.execute(queries.gone, {"ids": [known[each] for each in known.keys() - wanted]})
    for each in sorted(wanted - known.keys()):
        row = await (
            await tx.execute(
                queries.new_difference,
                {
                    "system": system,
                    "user_id": each.user_id,
                    "outside_role": each.outside_role,
                    "role_id": each.role_id,
                    "kind": each.kind,
                },
            )
        ).fetchone()
        assert row is not None  # noqa: S101 - an insert of one row returns one row
        await _record(tx, system, each, str(row[0]), "found")
    for each in sorted(known.keys() - wanted):
        await _record(tx, system, each, str(known[each]), "gone")
    if wanted:
        await raise_alert(
            tx,
            source=SOURCE,
            key=system,
            title=f"Access in {system} differs from the roles here: {len(wanted)}",
            severity=Severity.P3,
            guidance="See Differences in the Access workspace; change it there or grant the role here.",
        )
    else:
        await clear_condition(tx, source=SOURCE, key=system)


async def _record(tx: Connection, system: str, each: AccessMismatch, difference_id: str, what: str) -> None:
    await audit_trail.record(
        tx,
        actor=audit_trail.WORKER,
        action=f"rbac.difference.{what}",
        resource_type="access_difference",
        resource_id=difference_id,
        label=f"{each.outside_role} of {each.user_id} in {system}",
        after={"system": system, "userId": each.user_id, "outsideRole": each.outside_role, "kind": each.kind},
    )
