"""``/api/reporting/tax/…/files``, ``…/deliver`` and links that end after a day."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Path, Request, Response

from backend.core.capability import Adapters
from backend.core.dependencies import Db, Read, Tx
from backend.core.http import KnownQuery, Secret, known_id, operations_router
from backend.core.problems import ProblemError
from backend.core.security import Principal, require
from backend.core.versions import IfMatch, with_etag
from backend.reporting.delivery import actions, reads
from backend.reporting.formats import FORMATS
from backend.reporting.ports import ReportingPorts
from models.core.permissions import Permission
from models.core.problems import Code
from models.reporting import TaxReport
from models.reporting.files import LinkTaxFile, TaxFile, TaxFiles, TaxLink

router = operations_router("/api/reporting/tax", "reporting", dependencies=[KnownQuery])

Viewer = Annotated[Principal, require(Permission.VIEW_REPORTS)]
Preparer = Annotated[Principal, require(Permission.GENERATE_REPORTS)]
Approver = Annotated[Principal, require(Permission.GENERATE_REPORTS, step_up=300)]


@router.get("/links/{secret}", dependencies=[Secret], response_class=Response)
async def fetch_tax_file(
    secret: Annotated[str, Path(min_length=20, max_length=100)], database: Db, http: Request
) -> Response:
    """The file behind a link, for whoever has it, for a day. Each try is logged."""
    async with database.transaction() as tx:
        found = await actions.fetch(tx, http.app.state.settings, secret)
    if found is None:
        raise ProblemError(Code.NOT_FOUND, "This link has ended: ask finance for a new one.")
    return _file(*found)


@router.get("/{report_id}/files")
async def list_files(report_id: str, _principal: Viewer, connection: Read) -> TaxFiles:
    """Files of a report, how they were delivered, and who took them."""
    return await reads.everything(connection, _id(report_id))


@router.get("/{report_id}/files/{name}", response_class=Response)
async def download_file(
    report_id: str,
    name: Annotated[str, Path(max_length=20)],
    principal: Viewer,
    database: Db,
    http: Request,
) -> Response:
    """A file; who took it is logged."""
    async with database.transaction() as tx:
        found = await actions.download(
            tx, http.app.state.settings, by=principal.user_id, report_id=_id(report_id), name=name
        )
    assert found is not None  # noqa: S101 - nothing was refused
    return _file(*found)


@router.post("/{report_id}/links", dependencies=[Secret], status_code=201)
async def link_file(report_id: str, request: LinkTaxFile, principal: Approver, tx: Tx) -> TaxLink:
    """Make a link to a file, which ends after a day."""
    return await actions.make_link(tx, actor=principal.user_id, report_id=_id(report_id), name=request.format)


@router.post("/{report_id}/deliver", status_code=202)
async def deliver_report(
    report_id: str, principal: Preparer, tx: Tx, version: IfMatch, http: Request, response: Response
) -> TaxReport:
    """Have the files left with finance."""
    adapters: Adapters = http.app.state.adapters
    dropbox = adapters.of(ReportingPorts).dropbox
    found = await actions.deliver(tx, dropbox, actor=principal.user_id, report_id=_id(report_id), version=version)
    return with_etag(response, found)


def _file(found: TaxFile, content: bytes) -> Response:
    disposition = f'attachment; filename="{found.name}"'
    headers = {
        "Content-Disposition": disposition,
        "Cache-Control": "no-store",
        "Repr-Digest": f"sha-256={found.sha256}",
    }
    return Response(content, media_type=FORMATS[found.format].media_type, headers=headers)


def _id(text: str) -> UUID:
    return known_id(text, "tax report")
