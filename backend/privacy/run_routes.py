"""The graph of each request, its steps by hand, the switch for all; approvals of erasures, and certificates."""

from __future__ import annotations

from uuid import UUID

from fastapi import Response

from backend.approvals import decide
from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import Kinds, KnownQuery, known_id, operations_router
from backend.core.problems import ProblemError
from backend.core.versions import IfMatch, with_etag
from backend.privacy.access import Manager, Officer, Ring, Viewer
from backend.privacy.erasure import actions as erasure
from backend.privacy.erasure import reads as erasures
from backend.privacy.graph import actions, reads
from backend.privacy.requests import reads as requests
from models.access import Approval, ApprovalDecision
from models.core.problems import Code
from models.privacy.graph import (
    AskErasure,
    CompleteNode,
    ErasureCertificate,
    GraphSwitch,
    NodeHistory,
    RequestGraph,
    RequestNode,
    SkipNode,
    SwitchRequest,
)

router = operations_router("/api/privacy", "privacy", dependencies=[KnownQuery])

ONE = "/access-requests/{request_id}"
NODE = f"{ONE}/nodes/{{node_id}}"


@router.get(f"{ONE}/graph")
async def get_graph(request_id: str, _principal: Viewer, connection: Read) -> RequestGraph:
    """All steps of a request; none before it runs."""
    request = await requests.find(connection, _request(request_id))
    return RequestGraph(
        request_id=request.request_id,
        nodes=await reads.nodes(connection, UUID(request.request_id)),
        progress=request.progress,
        as_of=await clock(connection),
    )


@router.get(f"{NODE}/attempts")
async def get_attempts(request_id: str, node_id: str, _principal: Viewer, connection: Read) -> NodeHistory:
    """The tries of a step, the newest first."""
    nodes = await reads.nodes(connection, _request(request_id))
    if all(node.node_id != str(_node(node_id)) for node in nodes):
        raise ProblemError(Code.NOT_FOUND, "There is no such step of this request.")
    return NodeHistory(node_id=node_id, attempts=await reads.attempts(connection, _node(node_id)))


@router.post(f"{NODE}/retry")
async def retry_node(
    request_id: str, node_id: str, principal: Manager, tx: Tx, version: IfMatch, response: Response
) -> RequestNode:
    """Try this step again at once; what is done stays done."""
    node = await actions.retry(
        tx, actor=principal.user_id, request_id=_request(request_id), node_id=_node(node_id), version=version
    )
    return with_etag(response, node)


@router.post(f"{NODE}/skip")
async def skip_node(
    request_id: str,
    node_id: str,
    request: SkipNode,
    principal: Officer,
    ring: Ring,
    tx: Tx,
    version: IfMatch,
    response: Response,
) -> RequestNode:
    """Ask to go on without this step; when somebody else has asked already, it is skipped."""
    node = await actions.skip(
        tx,
        ring,
        actor=principal.user_id,
        request_id=_request(request_id),
        node_id=_node(node_id),
        version=version,
        reason=request.reason,
    )
    return with_etag(response, node)


@router.post(f"{NODE}/complete")
async def complete_node(
    request_id: str,
    node_id: str,
    request: CompleteNode,
    principal: Manager,
    ring: Ring,
    tx: Tx,
    version: IfMatch,
    response: Response,
) -> RequestNode:
    """Say that a step by hand is done."""
    node = await actions.complete(
        tx,
        ring,
        actor=principal.user_id,
        request_id=_request(request_id),
        node_id=_node(node_id),
        version=version,
        words=request.words,
    )
    return with_etag(response, node)


@router.get("/runs")
async def get_switch(_principal: Viewer, connection: Read, response: Response) -> GraphSwitch:
    """Whether all runs stand still."""
    return with_etag(response, await reads.switch(connection))


@router.put("/runs")
async def set_switch(
    request: SwitchRequest, principal: Manager, tx: Tx, version: IfMatch, response: Response
) -> GraphSwitch:
    """Stop all runs between two steps, or let them go on."""
    switch = await actions.set_switch(
        tx, actor=principal.user_id, version=version, paused=request.paused, reason=request.reason
    )
    return with_etag(response, switch)


@router.post(f"{ONE}/ask-approval", status_code=202)
async def ask_for_approval(
    request_id: str, request: AskErasure, principal: Manager, tx: Tx, version: IfMatch
) -> Approval:
    """Have somebody else agree to an erasure."""
    return await erasure.ask_for_approval(
        tx, actor=principal.user_id, request_id=_request(request_id), version=version, reason=request.reason
    )


@router.post("/approvals/{approval_id}/decision")
async def decide_erasure(
    approval_id: str,
    request: ApprovalDecision,
    principal: Officer,
    tx: Tx,
    kinds: Kinds,
    version: IfMatch,
    response: Response,
) -> Approval:
    """Approve or deny an erasure; never one's own."""
    decided = await decide(
        tx,
        kinds,
        principal=principal,
        approval_id=known_id(approval_id, "approval"),
        version=version,
        verdict=request.decision,
        reason=request.reason,
    )
    return with_etag(response, decided)


@router.get(f"{ONE}/certificate")
async def get_certificate(request_id: str, _principal: Viewer, connection: Read) -> ErasureCertificate:
    """The signed certificate of an erasure; it names nobody."""
    return await erasures.certificate(connection, _request(request_id))


def _request(text: str) -> UUID:
    return known_id(text, "request")


def _node(text: str) -> UUID:
    return known_id(text, "step")
