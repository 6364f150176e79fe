"""``/api/operations/launch-templates`` and what launches can be bound to."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Response

from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import known_id, operations_router
from backend.core.rows import left_out, readable
from backend.core.versions import with_etag
from backend.launch import evidence
from backend.launch.dependencies import KnownCriteria, Manager, Viewer
from backend.launch.templates import actions, files, reads
from models.core.paging import Page
from models.launch.checklist import ChecklistExport, ChecklistFormat
from models.launch.criteria import CriterionCatalogue
from models.launch.templates import ImportTemplate, LaunchTemplate, TakeLessons, TemplateDraft, TemplateSummary

router = operations_router("/api/operations", "launch templates")

TemplateKey = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9._-]{0,59}$")]
TemplateVersion = Annotated[int | None, Query(ge=1, le=1_000_000, description="Left out: the newest.")]


@router.get("/launch-templates")
async def list_templates(_principal: Viewer, connection: Read) -> Page[TemplateSummary]:
    """List templates by their newest version."""
    found = await reads.templates(connection)
    return Page[TemplateSummary](items=readable(found), left_out=left_out(found), as_of=await clock(connection))


@router.get("/launch-criteria")
async def list_criteria(_principal: Viewer, known: KnownCriteria) -> CriterionCatalogue:
    """List what launches can be bound to, as the parts of the system declare it."""
    return CriterionCatalogue(criteria=evidence.specs(known))


@router.get("/launch-templates/{key}")
async def get_template(
    key: TemplateKey, _principal: Viewer, connection: Read, response: Response, version: TemplateVersion = None
) -> LaunchTemplate:
    """One version of a template; it is never changed."""
    return with_etag(response, await reads.template(connection, key, version))


@router.get("/launch-templates/{key}/export")
async def export_template(
    key: TemplateKey,
    _principal: Viewer,
    connection: Read,
    form: Annotated[ChecklistFormat, Query(alias="format")] = ChecklistFormat.YAML,
    version: TemplateVersion = None,
) -> ChecklistExport:
    """A template as a file. CSV has its items only."""
    found = await reads.template(connection, key, version)
    return ChecklistExport(
        format=form,
        name=f"{key}-{found.version}.{form}",
        text=files.template_text(found.content, form),
        kind="template",
    )


@router.post("/launch-templates/{key}", status_code=201)
async def write_template(
    key: TemplateKey, request: TemplateDraft, principal: Manager, tx: Tx, known: KnownCriteria, response: Response
) -> LaunchTemplate:
    """Write a template, or the next version of one."""
    written = await actions.write_template(tx, actor=principal.user_id, key=key, request=request, known=known)
    return with_etag(response, written)


@router.post("/launch-templates/{key}/import", status_code=201)
async def import_template(
    key: TemplateKey, request: ImportTemplate, principal: Manager, tx: Tx, known: KnownCriteria, response: Response
) -> LaunchTemplate:
    """Take a file as the next version of a template, or as a new one."""
    written = await actions.import_template(tx, actor=principal.user_id, key=key, request=request, known=known)
    return with_etag(response, written)


@router.post("/launch-templates/{key}/lessons", status_code=201)
async def take_lessons(
    key: TemplateKey, request: TakeLessons, principal: Manager, tx: Tx, response: Response
) -> LaunchTemplate:
    """Put what a launch taught into the next version of its template."""
    launch_id = known_id(request.launch_id, "launch")
    written = await actions.take_lessons(tx, actor=principal.user_id, key=key, launch_id=launch_id, request=request)
    return with_etag(response, written)
