"""Reading letters. An id says what it is: a delivery by lane and position, a command, or a job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from backend.core.database import Connection
from backend.core.problems import ProblemError
from backend.core.rows import Unreadable, lenient_row
from backend.deliveries.letters import queries
from models.core.problems import Code
from models.deliveries.letters import Letter, LetterDetail, LetterSource, LetterState

_HIGHEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class LetterId:
    """What an id names: exactly one of these."""

    delivery: tuple[int, int] | None = None
    command: UUID | None = None
    job: int | None = None

    @staticmethod
    def read(text: str) -> LetterId | None:
        """``None`` for what is no id of ours."""
        kind, _, rest = text.partition("-")
        try:
            match kind:
                case "delivery":
                    lane, _, position = rest.partition("-")
                    found = LetterId(delivery=(int(lane), int(position)))
                case "command":
                    return LetterId(command=UUID(rest))
                case "job":
                    found = LetterId(job=int(rest))
                case _:
                    return None
        except ValueError:
            return None
        numbers = found.delivery or (found.job or 0,)
        return found if all(0 <= number <= _HIGHEST for number in numbers) else None


async def letters(
    connection: Connection,
    *,
    state: LetterState,
    connection_id: UUID | None,
    source: LetterSource | None,
    after: tuple[datetime | None, str | None],
    limit: int,
) -> list[Letter | Unreadable]:
    """Letters of a state, the newest first, after the one given."""
    values = {
        "state": state,
        "connection_id": connection_id,
        "source": source,
        "at": after[0],
        "after": after[1],
        "limit": limit,
    }
    async with connection.cursor(row_factory=lenient_row(Letter)) as cursor:
        await cursor.execute(queries.page, values)
        return await cursor.fetchall()


async def letter(connection: Connection, text: str) -> LetterDetail:
    """One with its last request and answer; raises ProblemError 404."""
    known = LetterId.read(text)
    row = None
    if known is not None:
        values: dict[str, Any]
        if known.delivery is not None:
            statement, values = queries.delivery, {"lane_id": known.delivery[0], "position": known.delivery[1]}
        elif known.command is not None:
            statement, values = queries.command, {"command_id": known.command}
        else:
            statement, values = queries.job, {"job_id": known.job}
        async with connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(statement, values)
            row = await cursor.fetchone()
            if row is not None and row["state"] == LetterState.DISCARDED:
                await cursor.execute(queries.given_up, {"letter_id": row["id"]})
                row |= await cursor.fetchone() or {}
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such letter.")
    return LetterDetail.model_validate(_NO_EXCHANGE | row | (row["exchange"] or {}))


_NO_EXCHANGE: dict[str, Any] = {
    "requestLine": "",
    "requestHeaders": {},
    "requestBody": "",
    "answerHeaders": {},
    "answerBody": "",
}
