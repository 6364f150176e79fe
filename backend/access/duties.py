"""What one person must not come to hold together, by a grant or by what is put into a role they hold."""

from __future__ import annotations

from backend.core.database import Connection, load_queries
from backend.core.problems import ProblemError
from models.access import RoleDefinition
from models.core.permissions import both_words, together
from models.core.problems import Code

queries = load_queries(__package__)


async def keep_duties_apart(tx: Connection, user_id: str, role: RoleDefinition) -> None:
    """Raises ProblemError 409 when somebody would come to hold what one person must not."""
    await tx.execute(queries.duties_one_at_a_time)
    held = {row[0] for row in await (await tx.execute(queries.permissions_of, {"user_id": user_id})).fetchall()}
    if (pair := together(held | set(role.permissions))) is not None and together(held) is None:
        raise ProblemError(
            Code.CONFLICT,
            f"With {role.name} one person could {both_words(pair)}: take the other role away first.",
        )


async def keep_holders_duties_apart(tx: Connection, before: RoleDefinition, wanted: RoleDefinition) -> None:
    """What a role gets, all who hold it get, beside what they hold by others. Raises ProblemError 409."""
    await tx.execute(queries.duties_one_at_a_time)
    rows = await (await tx.execute(queries.held_by_holders, {"role_id": before.role_id})).fetchall()
    for name, others in rows:
        pair = together({*others, *wanted.permissions})
        if pair is not None and together({*others, *before.permissions}) is None:
            raise ProblemError(
                Code.CONFLICT,
                f"{name} holds {before.name} and could then {both_words(pair)}: take one of their roles away first.",
            )
