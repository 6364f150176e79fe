"""What an access request hands out: looked through, redacted, released; fetched by the person behind a link."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Path, Response

from backend.core.dependencies import Db, Read, Tx
from backend.core.http import KnownQuery, Secret, known_id, operations_router
from backend.core.problems import ProblemError
from backend.core.versions import IfMatch, with_etag
from backend.privacy.access import Confidant, Officer, Ring, Viewer
from backend.privacy.looks import record_look
from backend.privacy.packages import actions, reads
from backend.privacy.requests import reads as requests
from models.core.problems import Code
from models.privacy.packages import PackagePart, PackagePreview, PackageRelease, PreviewRequest, RedactRequest
from models.privacy.requests import PrivacyRequest

router = operations_router("/api/privacy", "privacy", dependencies=[KnownQuery])

PACKAGE = "/access-requests/{request_id}/package"
AGE = "application/age-encryption"


@router.post(f"{PACKAGE}/preview", dependencies=[Secret])
async def preview_package(
    request_id: str, request: PreviewRequest, principal: Confidant, ring: Ring, tx: Tx
) -> PackagePreview:
    """All that would be handed out. The look is audited with its purpose."""
    found = await requests.find(tx, _id(request_id))
    parts, redacted = await reads.gathered(tx, ring, UUID(found.request_id))
    _, person_id = await requests.person_of(tx, ring, UUID(found.request_id))
    await record_look(
        tx, actor=principal.user_id, what=f"package {found.reference}", person_id=person_id, purpose=request.purpose
    )
    return PackagePreview(
        request_id=found.request_id,
        parts=tuple(
            PackagePart(node_id=str(part.node_id), name=part.name, title=part.title, rows=tuple(part.rows))
            for part in parts
        ),
        redacted=redacted,
        version=found.version,
    )


@router.post(f"{PACKAGE}/redact")
async def redact_package(
    request_id: str,
    request: RedactRequest,
    principal: Officer,
    ring: Ring,
    tx: Tx,
    version: IfMatch,
    response: Response,
) -> PrivacyRequest:
    """Take out what is about somebody else."""
    found = await actions.redact(
        tx, ring, actor=principal.user_id, request_id=_id(request_id), version=version, request=request
    )
    return with_etag(response, found)


@router.post(f"{PACKAGE}/release")
async def release_package(request_id: str, principal: Officer, ring: Ring, tx: Tx, version: IfMatch) -> PackageRelease:
    """Pack it and have the person told where it is, for 24 hours."""
    return await actions.release(tx, ring, actor=principal.user_id, request_id=_id(request_id), version=version)


@router.get(PACKAGE)
async def get_release(request_id: str, _principal: Viewer, connection: Read) -> PackageRelease:
    """What was released, until when, and each download."""
    return await reads.release(connection, _id(request_id))


@router.get(
    "/packages/{secret}",
    dependencies=[Secret],
    response_class=Response,
    responses={200: {"content": {AGE: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def fetch_package(secret: Annotated[str, Path(min_length=20, max_length=100)], database: Db) -> Response:
    """The file behind a link: for whoever has it, and the passphrase that came another way. Each try is logged."""
    async with database.transaction() as tx:
        content = await actions.fetch(tx, secret)
    if content is None:
        raise ProblemError(Code.NOT_FOUND, "This link has ended: ask the shop for a new one.")
    disposition = 'attachment; filename="your-data.zip.age"'
    return Response(content, media_type=AGE, headers={"Content-Disposition": disposition, "Cache-Control": "no-store"})


def _id(text: str) -> UUID:
    return known_id(text, "request")
