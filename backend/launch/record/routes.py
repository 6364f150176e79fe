"""What proves a poll: ``/api/operations/launches/{id}/polls/{id}/record``."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import Response

from backend.core.dependencies import Read
from backend.core.http import known_id, operations_router
from backend.launch.dependencies import Viewer
from backend.launch.poll import reads as polls
from backend.launch.record import reads
from models.launch.poll import PollRecord

router = operations_router("/api/operations/launches", "launch record")

BINARY = {"schema": {"type": "string", "format": "binary"}}
FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {media.partition(";")[0]: BINARY for media in reads.MEDIA.values()}}
}


@router.get("/{launch_id}/polls/{poll_id}/record")
async def get_record(launch_id: str, poll_id: str, _principal: Viewer, connection: Read) -> PollRecord:
    """What is kept of a closed poll. Its seal is not there yet: 409, for some seconds."""
    poll = await polls.poll(connection, known_id(launch_id, "launch"), known_id(poll_id, "poll"))
    return await reads.poll_record(connection, poll)


@router.get("/{launch_id}/polls/{poll_id}/record/{form}", response_class=Response, responses=FILE)
async def get_record_file(
    launch_id: str, poll_id: str, form: Literal["json", "html", "pdf"], _principal: Viewer, connection: Read
) -> Response:
    """A file of the record. The JSON is what proves; HTML and PDF are pictures of it, sealed by their hashes."""
    poll = await polls.poll(connection, known_id(launch_id, "launch"), known_id(poll_id, "poll"))
    content = (await reads.files(connection, poll))[form]
    name = reads.file_name(poll.poll_id, form)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type=reads.MEDIA[form], headers=headers)
