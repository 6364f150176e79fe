"""New versions of templates."""

from __future__ import annotations

from uuid import UUID

from psycopg.types.json import Jsonb

from backend.core import audit_trail
from backend.core.capability import Criteria
from backend.core.database import Connection
from backend.core.problems import ProblemError, invalid, same_version
from backend.launch.evidence import criterion_problem
from backend.launch.templates import files, queries, reads
from models.core.permissions import Permission
from models.core.problems import Code
from models.launch.checklist import ItemDraft
from models.launch.templates import ImportTemplate, LaunchTemplate, TakeLessons, TemplateContent, TemplateDraft


async def write_template(
    tx: Connection, *, actor: str, key: str, request: TemplateDraft, known: Criteria
) -> LaunchTemplate:
    """Keep the next version of a template. It says the same: nothing happens. Another came between: 412."""
    await _check(tx, request.content, known)
    words, based = request.summary, request.based_on
    return await _follow(tx, actor=actor, key=key, content=request.content, summary=words, based=based)


async def import_template(
    tx: Connection, *, actor: str, key: str, request: ImportTemplate, known: Criteria
) -> LaunchTemplate:
    """Keep a file as the next version of a template. Raises ProblemError 422 with the line or field."""
    content = files.read_template(request.text, request.format, await reads.content(tx, key))
    await _check(tx, content, known)
    return await _follow(tx, actor=actor, key=key, content=content, summary=request.summary, based=request.based_on)


async def take_lessons(
    tx: Connection, *, actor: str, key: str, launch_id: UUID, request: TakeLessons
) -> LaunchTemplate:
    """Put what a launch taught into the next version: items that are there by their key take the new words."""
    rows = await (await tx.execute(queries.lessons, {"launch_id": launch_id})).fetchall()
    if not rows:
        raise ProblemError(Code.CONFLICT, "There is nothing of this launch that its template does not have already.")
    before = await reads.template(tx, key)
    items = {item.key: item for item in before.content.items}
    items |= {item.key: item for item in (ItemDraft.model_validate(item) for _, item in rows)}
    try:
        plain = [item.model_dump(by_alias=True) for item in items.values()]
        content = TemplateContent.model_validate(before.content.model_dump(by_alias=True) | {"items": plain})
    except ValueError as error:
        raise ProblemError(Code.CONFLICT, f"They do not fit the template any more: {error}") from None
    summary = f"{len(rows)} items learned from a launch"
    after = await _follow(tx, actor=actor, key=key, content=content, summary=summary, based=request.based_on)
    await tx.execute(queries.take_lessons, {"ids": [row[0] for row in rows], "version": after.version})
    return after


async def _check(tx: Connection, content: TemplateContent, known: Criteria) -> None:
    for number, each in enumerate(content.criteria):
        if words := criterion_problem(each, known):
            raise invalid(f"/content/criteria/{number}", f"{each.key} {words}")
    for pointer, roles, permission in (
        ("/content/roll", {each.role for each in content.roll}, Permission.LAUNCH_VOTE),
        ("/content/items", {item.owner_role for item in content.items}, Permission.COMPLETE_CHECKLIST),
    ):
        if words := await reads.roles_problem(tx, roles, permission):
            raise invalid(pointer, words)


async def _follow(
    tx: Connection, *, actor: str, key: str, content: TemplateContent, summary: str, based: int
) -> LaunchTemplate:
    await tx.execute(queries.lock_key, {"key": key})
    row = await (await tx.execute(queries.newest_version, {"key": key})).fetchone()
    newest = int(row[0]) if row else 0
    before = await reads.template(tx, key) if newest else None
    if before is not None and before.content == content:
        audit_trail.nothing_changed()
        return before
    same_version(newest, based)
    plain = content.model_dump(mode="json", by_alias=True)
    await tx.execute(
        queries.insert, {"key": key, "version": newest + 1, "content": Jsonb(plain), "summary": summary, "actor": actor}
    )
    await audit_trail.record(
        tx,
        actor=actor,
        action="launch.template.written",
        resource_type="launch_template",
        resource_id=key,
        label=content.title,
        version=newest + 1,
        before=None if before is None else before.content.model_dump(mode="json", by_alias=True),
        after=plain,
        reason=summary or None,
    )
    return await reads.template(tx, key, newest + 1)
