"""``POST /api/ingest/events``: for whatever sends events, clients of Segment among it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Request, Response

from backend.analytics.intake import actions
from backend.analytics.landing.shapes import CALLS
from backend.core.dependencies import Tx
from backend.core.http import operations_router
from backend.core.idempotency import OperationsRoute
from backend.core.problems import ProblemError
from backend.core.security import Principal, require
from models.analytics.events import EventsResult
from models.core.permissions import Permission
from models.core.problems import Code

router = operations_router("/api/ingest/events", "ingest")

Pipeline = Annotated[Principal, require(Permission.INGEST)]
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "An event as Segment's HTTP API takes it, or {batch: […]} of up to 1 000.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


class SegmentRoute(OperationsRoute):
    """Takes a token also as the user name of Basic authentication: where clients of Segment send their write key."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, behind what reads the token."""
        handle = super().get_route_handler()

        async def handle_key(request: Request) -> Response:
            headers = [
                (name, _bearer(value) if name == b"authorization" else value) for name, value in request.headers.raw
            ]
            return await handle(Request({**request.scope, "headers": headers}, request.receive))

        return handle_key


def _bearer(value: bytes) -> bytes:
    scheme, _, rest = value.partition(b" ")
    if scheme.lower() != b"basic":
        return value
    try:
        return b"Bearer " + base64.b64decode(rest.strip(), validate=True).partition(b":")[0]
    except (ValueError, binascii.Error):
        return value


router.route_class = SegmentRoute


@router.post("", openapi_extra=_BODY)
async def ingest(http: Request, principal: Pipeline, tx: Tx) -> EventsResult:
    """Take in events: ``{type, messageId, event?, userId?, timestamp?, context?, properties?}``, or a batch of them."""
    return await actions.ingest(tx, http.app.state.intake, await http.body(), sent_by=principal.user_id)


@router.post("/v1/{call}", openapi_extra=_BODY)
async def ingest_call(http: Request, principal: Pipeline, tx: Tx, call: str) -> EventsResult:
    """The same at the addresses of Segment's HTTP API: a client of it is pointed at ``/api/ingest/events``."""
    if call not in CALLS | {"batch", "import"}:
        raise ProblemError(Code.NOT_FOUND, f"There is no such call: there are batch, {', '.join(sorted(CALLS))}.")
    kind = call if call in CALLS else None
    return await actions.ingest(tx, http.app.state.intake, await http.body(), sent_by=principal.user_id, kind=kind)
