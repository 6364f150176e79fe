"""``/api/hooks``: what outside systems send. They show no token of ours: each message proves itself."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from backend.core.dependencies import Tx
from backend.core.http import known_id, operations_router
from backend.deliveries.hooks import actions
from backend.deliveries.ports import DeliveryPorts

router = operations_router("/api/hooks", "hooks")


@router.post("/{connection}", status_code=202)
async def receive_hook(connection: str, http: Request, tx: Tx) -> Response:
    """Take a message: verified over its raw bytes, kept once by the sender's own id, worked on later."""
    message = await actions.receive(
        tx,
        ports=http.app.state.adapters.of(DeliveryPorts),
        store=http.app.state.secrets,
        connection_id=known_id(connection, "hook"),
        headers={name.lower(): value for name, value in http.headers.items()},
        body=await http.body(),
    )
    if message.answer is not None:
        return JSONResponse(dict(message.answer))
    return Response(status_code=202)
