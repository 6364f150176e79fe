"""Reading what proves an erasure."""

from __future__ import annotations

from uuid import UUID

from backend.core.database import Connection
from backend.core.problems import ProblemError
from backend.privacy.erasure import queries
from models.core.problems import Code
from models.privacy.graph import ErasureCertificate


async def certificate(connection: Connection, request_id: UUID) -> ErasureCertificate:
    """The certificate of a request. Raises ProblemError 404 while there is none."""
    row = await (await connection.execute(queries.certificate, {"request_id": request_id})).fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "There is no certificate of this request yet.")
    return ErasureCertificate(request_id=str(request_id), certificate=row[0], vkey=row[1], issued_at=row[2])
