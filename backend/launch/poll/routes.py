"""``/api/operations/launches/{id}/polls`` and what is asked once a second: ``…/status``."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header, Request, Response

from backend.core.clock import clock
from backend.core.dependencies import Db, Read, Tx
from backend.core.http import known_id, operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.versions import with_etag
from backend.launch.dependencies import Configured, Director, KnownCriteria, Viewer, Voter
from backend.launch.launches import reads as launches
from backend.launch.poll import actions, reads
from backend.launch.poll.actions import World
from backend.launch.poll.body import instant
from backend.launch.poll.shared_status import SharedStatus
from models.access import Approval
from models.core.paging import PAGE_DEFAULT, Page
from models.launch.poll import AskOverride, CastVote, ClosePoll, LaunchStatus, OpenPoll, Poll

router = operations_router("/api/operations/launches", "launch poll")

Known = Annotated[str | None, Header(alias="If-None-Match", max_length=200)]
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "As it was, but for its instants, which are in the headers."}
}


@router.get("/{launch_id}/status", response_model=LaunchStatus, responses=NOT_MODIFIED)
async def get_status(
    launch_id: str,
    _principal: Viewer,
    database: Db,
    settings: Configured,
    known: KnownCriteria,
    http: Request,
    if_none_match: Known = None,
) -> Response:
    """How a launch stands: clock, roll-call, figures and verdict. Ask once a second while a poll is open.

    `Opsconsole-As-Of` and `Opsconsole-Valid-Until` say when that is, and until when it holds; also with 304.
    """
    shared: SharedStatus = http.app.state.launch_statuses
    found, tag = await shared.ask(database, settings, known, known_id(launch_id, "launch"))
    headers = {"ETag": tag, "Opsconsole-As-Of": instant(found.as_of) or "", "Cache-Control": "no-cache"}
    if found.valid_until is not None:
        headers["Opsconsole-Valid-Until"] = instant(found.valid_until) or ""
    if if_none_match is not None and tag in {each.strip() for each in if_none_match.split(",")}:
        return Response(status_code=304, headers=headers)
    # Valid already: it is written as it stands.
    return Response(found.model_dump_json(by_alias=True), headers=headers, media_type="application/json")


@router.get("/{launch_id}/polls")
async def list_polls(
    launch_id: str, _principal: Viewer, connection: Read, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None
) -> Page[Poll]:
    """List polls of a launch, the last one first."""
    launch = await launches.launch(connection, known_id(launch_id, "launch"))
    (below,) = decode_cursor(cursor, int)
    found = await reads.polls(connection, launch.launch_id, below=below, limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.round,))
    return Page[Poll](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.post("/{launch_id}/polls", status_code=201)
async def open_poll(
    launch_id: str,
    request: OpenPoll,
    principal: Director,
    tx: Tx,
    settings: Configured,
    known: KnownCriteria,
    response: Response,
) -> Poll:
    """Ask all roles a question."""
    key = known_id(launch_id, "launch")
    world = World(settings, known)
    opened = await actions.open_poll(tx, world, actor=principal.user_id, launch_id=key, request=request)
    return with_etag(response, opened)


@router.post("/{launch_id}/polls/{poll_id}/votes")
async def cast_vote(
    launch_id: str,
    poll_id: str,
    request: CastVote,
    principal: Voter,
    tx: Tx,
    settings: Configured,
    known: KnownCriteria,
) -> LaunchStatus:
    """Cast a vote for a role. A GO for figures not as they were seen: 412 `evidence-changed`, with the status."""
    return await actions.vote(
        tx,
        World(settings, known),
        principal=principal,
        launch_id=known_id(launch_id, "launch"),
        poll_id=known_id(poll_id, "poll"),
        request=request,
    )


@router.post("/{launch_id}/polls/{poll_id}/close")
async def close_poll(
    launch_id: str,
    poll_id: str,
    request: ClosePoll,
    principal: Director,
    tx: Tx,
    settings: Configured,
    known: KnownCriteria,
    response: Response,
) -> Poll:
    """End a poll with its verdict. It has become another one: 412 `evidence-changed`, with the status."""
    closed = await actions.close_poll(
        tx,
        World(settings, known),
        actor=principal.user_id,
        launch_id=known_id(launch_id, "launch"),
        poll_id=known_id(poll_id, "poll"),
        request=request,
    )
    return with_etag(response, closed)


@router.post("/{launch_id}/polls/{poll_id}/overrides", status_code=202)
async def ask_override(
    launch_id: str, poll_id: str, request: AskOverride, principal: Director, tx: Tx, response: Response
) -> Approval:
    """Ask for a NO-GO not to count; somebody else approves."""
    asked = await actions.ask_override(
        tx,
        actor=principal.user_id,
        launch_id=known_id(launch_id, "launch"),
        poll_id=known_id(poll_id, "poll"),
        request=request,
    )
    return with_etag(response, asked)
