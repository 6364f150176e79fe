"""What routes share: their router, the problems the OpenAPI document tells of, ids, addresses, and what is secret."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from fastapi.routing import APIRoute, iter_route_contexts

from backend.core.capability import ApprovalKinds
from backend.core.idempotency import NO_STORE, WRITING, OperationsRoute, key_documented
from backend.core.problem_responses import MEDIA_TYPE
from backend.core.problems import ProblemError, invalid
from models.core.base import Instant
from models.core.problems import REGISTRY, Code


def problems(*codes: Code) -> dict[int | str, dict[str, Any]]:
    """Problems as ``responses`` of a route tells them; those that follow from what it is made of are there already."""
    return {
        status: {
            "description": "; ".join(dict.fromkeys(m.title for m in REGISTRY.values() if m.status == status)) + ".",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({REGISTRY[code].status for code in codes})
    }


_UNTOLD = "default"
"""Keeps FastAPI from telling its own 422; ``tell_problems`` puts the statuses of the route in its place."""
WRITING_PROBLEMS = (Code.NOT_FOUND, Code.CONFLICT, Code.TOO_LARGE, Code.INVALID)


def tell_problems(app: FastAPI, document: dict[str, Any]) -> None:
    """Tell each route's problems in the OpenAPI document: they follow from its dependencies, parameters and method."""
    for context in iter_route_contexts(app.routes):
        for method in context.methods or ():
            path = str(context.path).replace(":path}", "}")
            operation = document["paths"].get(path, {}).get(method.lower(), {})
            if operation.get("responses", {}).pop(_UNTOLD, None) is not None:
                answers = {
                    str(s): {"$ref": f"#/components/responses/{s}"}
                    for s in problems(*_codes(context, method, operation))
                }
                operation["responses"] = dict(sorted((answers | operation["responses"]).items()))
    document["components"]["responses"] = {str(status): answer for status, answer in problems(*Code).items()}


def _codes(context: Any, method: str, operation: dict[str, Any]) -> set[Code]:
    codes = {Code.UNAVAILABLE, Code.INTERNAL}
    waiting = list(context.dependant.dependencies)
    while waiting:
        dependant = waiting.pop()
        codes.update(getattr(dependant.call, "raises", ()))
        waiting += dependant.dependencies
    parameters = operation.get("parameters", [])
    if parameters:
        codes.add(Code.INVALID)
    if any(parameter["in"] == "path" or parameter["name"] == "cursor" for parameter in parameters):
        codes.add(Code.NOT_FOUND)
    if method in WRITING:
        codes.update(WRITING_PROBLEMS)
    return codes


class OperationsRouter(APIRouter):
    """An APIRouter that documents the idempotency key on every POST."""

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Add a route."""
        if "POST" in (options.get("methods") or ()):
            options["dependencies"] = [*(options.get("dependencies") or ()), Depends(key_documented)]
        super().add_api_route(path, endpoint, **options)


def operations_router(prefix: str, *tags: str, dependencies: Sequence[Any] = ()) -> APIRouter:
    """A router whose writing routes are one transaction each and honour ``Idempotency-Key``."""
    return OperationsRouter(
        prefix=prefix,
        tags=list(tags),
        route_class=OperationsRoute,
        responses={_UNTOLD: {}},
        dependencies=list(dependencies),
    )


async def _refuse_unknown_parameters(request: Request) -> None:
    given = request.query_params.keys()
    known = _query_parameters(request.scope["route"]) if given else frozenset()
    for name in given:
        if name not in known:
            may = f"it knows {', '.join(sorted(known))}" if known else "it knows none"
            raise invalid(f"query:{name}", f"there is no such parameter here: {may}")


def _query_parameters(route: APIRoute) -> frozenset[str]:
    found: set[str] = set()
    waiting = [route.dependant]
    while waiting:
        dependant = waiting.pop()
        found.update(field.alias for field in dependant.query_params)
        waiting += dependant.dependencies
    return frozenset(found)


KnownQuery = Depends(_refuse_unknown_parameters)
"""Dependency of routers whose routes refuse a query parameter they do not know: misspelled, it would be lost."""


AsOf = Annotated[Instant | None, Query(alias="asOf", description="Answer the state at this instant.")]
"""Use as ``as_of: AsOf = None``."""


def _approval_kinds(request: Request) -> ApprovalKinds:
    kinds: ApprovalKinds = request.app.state.approval_kinds
    return kinds


Kinds = Annotated[ApprovalKinds, Depends(_approval_kinds)]
"""Every kind of approval, for routes that decide one or say who may."""


def address_of(request: Request) -> str:
    """Where a request comes from, as far as is known; behind a proxy that is trusted, what it says."""
    return request.client.host if request.client is not None else "unknown"


def known_id(text: str, what: str) -> UUID:
    """Ids of ours are UUIDs; anything else names nothing we have: 404."""
    try:
        return UUID(text)
    except ValueError:
        raise ProblemError(Code.NOT_FOUND, f"There is no such {what}.") from None


def _no_store(response: Response) -> None:
    response.headers["Cache-Control"] = NO_STORE


Secret = Depends(_no_store)
"""Dependency of routes whose answer carries a token, a code or a secret: nobody on the way keeps it, nor do we."""
