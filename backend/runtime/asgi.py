"""The operations API as an ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from backend.access.routes import router as rbac
from backend.access.usage.actions import Usage
from backend.accounts.session.routes import router as session
from backend.alerts.routes import router as alerts
from backend.audit.routes import router as audit
from backend.backup.routes import router as backups
from backend.core import problem_responses
from backend.core.database import Database
from backend.core.http import tell_problems
from backend.core.rate_limits import Limits
from backend.core.request_middleware import Observe
from backend.core.security import TokenReader
from backend.core.settings import Settings
from backend.dashboard.cache import Dashboards
from backend.dashboard.routes import router as dashboard
from backend.live.broadcast import Broadcast, running
from backend.live.routes import router as live
from backend.risk.routes import routers as risk
from backend.runtime import health
from backend.shop.ingest.routes import router as ingest
from models.accounts import SampleAccess
from models.core.problems import Problem


def create_app(settings: Settings, database: Database, sample: SampleAccess | None = None) -> FastAPI:
    """The application. It opens ``database`` when it starts and closes it when it ends.

    ``sample`` is told to everybody who wants to sign in: that of a sample shop, and of nothing else.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await database.open()
        usage = asyncio.create_task(app.state.usage.keep_writing(database), name="usage")
        try:
            async with running(app.state.live):
                yield
        finally:
            usage.cancel()
            await asyncio.wait({usage})
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
    )
    app.state.settings = settings
    app.state.sample = sample
    app.state.database = database
    app.state.tokens = TokenReader(settings)
    app.state.usage = Usage()
    app.state.limits = Limits()
    app.state.live = Broadcast(database)
    problem_responses.install(app)
    app.state.dashboards = Dashboards(database, settings)
    for router in (session, rbac, dashboard, alerts, audit, backups, ingest, live, *risk, health.router):
        app.include_router(router)
    app.add_middleware(Observe, most_bytes=settings.request_bytes)
    app.openapi = lambda: openapi(app)  # type: ignore[method-assign]
    return app


def openapi(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the problem record the routers' default answers refer to."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        _, definitions = models_json_schema([(Problem, "serialization")], ref_template="#/components/schemas/{model}")
        document["components"].setdefault("schemas", {}).update(definitions["$defs"])
        tell_problems(app, document)
        app.openapi_schema = document
    return app.openapi_schema
