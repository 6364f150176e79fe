"""``/api/privacy/register`` and ``…/retention``: what is held of people, what for and how long."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request, Response

from backend.core.capability import Adapters, PersonalSystems, Retentions
from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import KnownQuery, operations_router
from backend.core.versions import IfMatch, with_etag
from backend.privacy.access import Officer, Viewer
from backend.privacy.retention import actions, reads
from models.privacy.retention import ProcessingRegister, RegisteredSystem, RetentionRequest, RetentionRule

router = operations_router("/api/privacy", "privacy", dependencies=[KnownQuery])


@router.get("/register")
async def get_register(http: Request, _principal: Viewer, connection: Read) -> ProcessingRegister:
    """The register of processing and the retention table, as the program declares them."""
    adapters: Adapters = http.app.state.adapters
    systems = adapters.of(PersonalSystems)
    return ProcessingRegister(
        systems=tuple(
            RegisteredSystem(
                name=name,
                title=each.title,
                holds=each.holds,
                purpose=each.purpose,
                keeps=each.keeps,
                by_hand=each.erase is None,
            )
            for name, each in sorted(systems.items())
        ),
        retention=await reads.rules(connection, adapters.of(Retentions)),
        as_of=await clock(connection),
    )


@router.put("/retention/{name}")
async def change_retention(
    name: Annotated[str, Path(max_length=100)],
    request: RetentionRequest,
    http: Request,
    principal: Officer,
    tx: Tx,
    version: IfMatch,
    response: Response,
) -> RetentionRule:
    """Switch a rule on, having seen how many rows it would remove, or off."""
    adapters: Adapters = http.app.state.adapters
    rules = adapters.of(Retentions)
    changed = await actions.change(tx, rules, actor=principal.user_id, name=name, version=version, request=request)
    return with_etag(response, changed)
