"""``/api/operations/launches``. Specification: "Launch Readiness Checklist"."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import known_id, operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.rows import left_out, readable
from backend.core.versions import IfMatch, with_etag
from backend.launch.dependencies import Director, KnownCriteria, Manager, Viewer, Voter
from backend.launch.launches import reads as launches
from backend.launch.lifecycle import actions, reads
from models.core.paging import PAGE_DEFAULT, Page
from models.launch import (
    DelegateVote,
    EndDelegation,
    FinishLaunch,
    InjectFault,
    Launch,
    LaunchChange,
    LaunchDraft,
    LaunchReview,
    LaunchState,
    Lesson,
    LessonDraft,
    RehearseLaunch,
)
from models.launch.clock import ScrubLaunch

router = operations_router("/api/operations/launches", "launches")

WHAT = "launch"


@router.get("")
async def list_launches(
    _principal: Viewer,
    connection: Read,
    state: LaunchState | None = None,
    rehearsals: Annotated[bool | None, Query(description="Only rehearsals, or none of them.")] = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[Launch]:
    """List launches, the latest T-0 first."""
    found = await launches.launches(
        connection,
        state=state,
        rehearsals=rehearsals,
        before=decode_cursor(cursor, datetime, UUID),
        limit=limit + 1,
    )
    items, following, unread = cut_page(found, limit, lambda last: (last.planned_zero_at, UUID(last.launch_id)))
    return Page[Launch](items=items, next_cursor=following, left_out=unread, as_of=await clock(connection))


@router.get("/{launch_id}")
async def get_launch(launch_id: str, _principal: Viewer, connection: Read, response: Response) -> Launch:
    """One launch; its version is the ETag."""
    return with_etag(response, await launches.launch(connection, known_id(launch_id, WHAT)))


@router.post("", status_code=201)
async def begin_launch(
    request: LaunchDraft, principal: Manager, tx: Tx, known: KnownCriteria, response: Response
) -> Launch:
    """Begin a launch from a template; its clock runs from now on."""
    return with_etag(response, await actions.begin(tx, actor=principal.user_id, request=request, known=known))


@router.patch("/{launch_id}")
async def change_launch(
    launch_id: str, request: LaunchChange, principal: Manager, tx: Tx, version: IfMatch, response: Response
) -> Launch:
    """Change a launch; another T-0 sets the clock anew."""
    key = known_id(launch_id, WHAT)
    changed = await actions.change(tx, actor=principal.user_id, launch_id=key, version=version, request=request)
    return with_etag(response, changed)


@router.post("/{launch_id}/finish")
async def finish_launch(
    launch_id: str, request: FinishLaunch, principal: Director, tx: Tx, version: IfMatch, response: Response
) -> Launch:
    """Say that a launch is done."""
    key = known_id(launch_id, WHAT)
    done = await actions.finish(tx, actor=principal.user_id, launch_id=key, version=version, decision=request.decision)
    return with_etag(response, done)


@router.post("/{launch_id}/scrub")
async def scrub_launch(
    launch_id: str, request: ScrubLaunch, principal: Director, tx: Tx, version: IfMatch, response: Response
) -> Launch:
    """Give a launch up for this time."""
    key = known_id(launch_id, WHAT)
    gone = await actions.scrub(tx, actor=principal.user_id, launch_id=key, version=version, decision=request.decision)
    return with_etag(response, gone)


@router.post("/{launch_id}/delegations")
async def delegate_vote(launch_id: str, request: DelegateVote, principal: Voter, tx: Tx, response: Response) -> Launch:
    """Let somebody else vote for a role one holds."""
    key = known_id(launch_id, WHAT)
    return with_etag(response, await actions.delegate(tx, principal=principal, launch_id=key, request=request))


@router.post("/{launch_id}/delegations/end")
async def end_delegation(
    launch_id: str, request: EndDelegation, principal: Voter, tx: Tx, response: Response
) -> Launch:
    """Take a delegation back."""
    key = known_id(launch_id, WHAT)
    ended = await actions.end_delegation(tx, principal=principal, launch_id=key, role=request.role)
    return with_etag(response, ended)


@router.post("/{launch_id}/rehearsals", status_code=201)
async def rehearse_launch(
    launch_id: str, request: RehearseLaunch, principal: Manager, tx: Tx, response: Response
) -> Launch:
    """Rehearse a launch on a copy of it that cannot touch it."""
    key = known_id(launch_id, WHAT)
    return with_etag(response, await actions.rehearse(tx, actor=principal.user_id, launch_id=key, request=request))


@router.post("/{launch_id}/faults")
async def inject_fault(launch_id: str, request: InjectFault, principal: Manager, tx: Tx, response: Response) -> Launch:
    """Let a figure of a rehearsal fail, or heal it."""
    key = known_id(launch_id, WHAT)
    return with_etag(response, await actions.inject(tx, actor=principal.user_id, launch_id=key, request=request))


@router.get("/{launch_id}/review")
async def get_review(launch_id: str, _principal: Viewer, connection: Read) -> LaunchReview:
    """A launch afterwards: planned against actual, holds, polls, and what was late."""
    return await reads.review(connection, await launches.launch(connection, known_id(launch_id, WHAT)))


@router.get("/{launch_id}/lessons")
async def list_lessons(launch_id: str, _principal: Viewer, connection: Read) -> Page[Lesson]:
    """List items for the next version of the template."""
    launch = await launches.launch(connection, known_id(launch_id, WHAT))
    found = await reads.lessons(connection, launch.launch_id)
    return Page[Lesson](items=readable(found), left_out=left_out(found), as_of=await clock(connection))


@router.post("/{launch_id}/lessons", status_code=201)
async def keep_lesson(launch_id: str, request: LessonDraft, principal: Manager, tx: Tx) -> Lesson:
    """Keep an item for the next version of the template."""
    return await actions.learn(tx, actor=principal.user_id, launch_id=known_id(launch_id, WHAT), request=request)
