"""Reading which permissions nobody uses."""

from __future__ import annotations

from backend.core.database import Connection, load_queries
from backend.core.rows import Unreadable, lenient_row
from models.access import UnusedPermissions
from models.core.permissions import Permission

queries = load_queries(__package__)


async def unused(connection: Connection) -> list[UnusedPermissions | Unreadable]:
    """Permissions that assignments give and nobody used for 90 days, 200 assignments at most."""
    async with connection.cursor(row_factory=lenient_row(UnusedPermissions)) as cursor:
        await cursor.execute(queries.unused, {"checked": [str(permission) for permission in Permission]})
        return await cursor.fetchall()
