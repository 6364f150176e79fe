"""The operations API as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import Any, TypeVar

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from backend.capabilities import CAPABILITIES
from backend.core import problem_responses
from backend.core.background import Background
from backend.core.capability import Audiences, Server
from backend.core.database import Database
from backend.core.http import tell_problems
from backend.core.rate_limits import Limits
from backend.core.request_middleware import Observe
from backend.core.security import TokenReader
from backend.core.settings import Settings
from backend.runtime import counts, health
from backend.runtime.actions import Writes
from backend.runtime.outside import outside
from models.accounts import SampleAccess
from models.core.problems import Problem


def create_app(settings: Settings, database: Database, sample: SampleAccess | None = None) -> FastAPI:
    """The application. It opens ``database`` when it starts and closes it when it ends.

    ``sample`` is told to everybody who wants to sign in: that of a sample shop, and of nothing else.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await database.open()
        try:
            async with AsyncExitStack() as stack:
                for running in (each.running for each in CAPABILITIES if each.running is not None):
                    await stack.enter_async_context(running(app))
                yield
        finally:
            await database.close()

    app = FastAPI(
        title="opsconsole operations API",
        version=version("opsconsole"),
        description=(
            "Errors are RFC 9457 problem documents. Money is in minor units, instants are RFC 3339 with a zone."
        ),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        # They would name whatever Host was sent.
        redirect_slashes=False,
    )
    server = compose(settings, database)
    app.state.settings = settings
    app.state.sample = sample
    app.state.database = database
    app.state.adapters = server.adapters
    app.state.approval_kinds = server.approval_kinds
    app.state.tokens = TokenReader(settings)
    app.state.background = Background()
    app.state.limits = Limits()
    app.state.writes = Writes()
    app.state.counts = tuple(spec for each in CAPABILITIES for spec in each.counts(server))
    app.state.ending = tuple(each.ending for each in CAPABILITIES if each.ending is not None)
    for name, value in merged(each.state(server) for each in CAPABILITIES).items():
        setattr(app.state, name, value)
    problem_responses.install(app)
    for router in (*(router for each in CAPABILITIES for router in each.routers()), counts.router, health.router):
        # As they stand: `include_router` would analyse every endpoint anew for each application, at its first request.
        app.router.routes.extend(router.routes)
    app.add_middleware(Observe, most_bytes=settings.request_bytes)
    app.openapi = lambda: openapi(app)  # type: ignore[method-assign]
    return app


def compose(settings: Settings, database: Database) -> Server:
    """What all capabilities together bring. Raises ValueError for what two of them claim."""
    return Server(
        database=database,
        settings=settings,
        adapters=outside(settings),
        audiences=Audiences(
            merged(each.audiences for each in CAPABILITIES),
            frozenset().union(*(each.changes_access for each in CAPABILITIES)),
        ),
        approval_kinds=merged({kind.name: kind} for each in CAPABILITIES for kind in each.approval_kinds()),
    )


T = TypeVar("T")


def merged(parts: Iterable[Mapping[str, T]]) -> dict[str, T]:
    """All parts as one. Raises ValueError for a name that two of them have."""
    found: dict[str, T] = {}
    for part in parts:
        if twice := found.keys() & part.keys():
            raise ValueError(f"two capabilities claim {', '.join(sorted(twice))}")
        found |= part
    return found


def openapi(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the problem record the routers' default answers refer to."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        _, definitions = models_json_schema([(Problem, "serialization")], ref_template="#/components/schemas/{model}")
        document["components"].setdefault("schemas", {}).update(definitions["$defs"])
        tell_problems(app, document)
        app.openapi_schema = document
    return app.openapi_schema
