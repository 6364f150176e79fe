"""What routes say they want of the database. Apart from it, for commands and jobs that need no FastAPI start sooner."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from backend.core.database import Connection, Database


def database_of(request: Request) -> Database:
    """The database of the running application."""
    database: Database = request.app.state.database
    return database


async def _read(request: Request) -> AsyncIterator[Connection]:
    async with database_of(request).read() as connection:
        yield connection


async def _transaction(request: Request) -> Connection:
    # The route class of backend.core.idempotency owns the transaction: it commits before the answer is sent.
    connection: Connection = await request.state.begin()
    return connection


Db = Annotated[Database, Depends(database_of)]
"""The database itself, for routes that manage their own transactions."""

Read = Annotated[Connection, Depends(_read, scope="function")]
"""A connection for reading."""

Tx = Annotated[Connection, Depends(_transaction)]
"""The transaction of a writing request."""
