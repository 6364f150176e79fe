"""How people are called, and whether there are any of that id."""

from __future__ import annotations

from collections.abc import Iterable

from backend.core.database import Connection, load_queries
from backend.core.problems import invalid

queries = load_queries(__package__, "people.sql")


async def names_of(connection: Connection, people: Iterable[str]) -> dict[str, str]:
    """Names by user id."""
    wanted = {"people": sorted(set(people))}
    return dict(await (await connection.execute(queries.names, wanted)).fetchall())


async def known_people(connection: Connection, people: Iterable[str], pointer: str) -> None:
    """Raises ProblemError 422 for somebody nobody has heard of: a slip of the pen would be on call."""
    given = list(dict.fromkeys(people))
    rows = await (await connection.execute(queries.unknown_people, {"people": sorted(given)})).fetchall()
    if rows:
        # What was typed may be somebody's address, and an answer says no such thing again.
        which = "this id" if len(given) == 1 else f"number {given.index(rows[0][0]) + 1} of these ids"
        raise invalid(pointer, f"nobody is known under {which}")


def spoken(names: Iterable[str]) -> str:
    """``Ada``, ``Ada and Bob``, ``Ada, Bob and Cy``; ``nobody`` of none."""
    *most, last = [*names] or ["nobody"]
    return f"{', '.join(most)} and {last}" if most else last
