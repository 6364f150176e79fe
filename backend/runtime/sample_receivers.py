"""The outside systems of the sample shop, on loopback: three that take what they are sent, and one that fails.

They check signatures as real ones should. Their secret is known to everybody, as all of the sample shop is.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from backend.core.database import Database
from backend.core.settings import Settings
from backend.deliveries import HookError, Secrets, SecretStore, sample_port, seed_sample, verify
from backend.runtime.http_server import HttpServer, PortTakenError, bind

SAMPLE_SECRET: Final = "whsec_U0FNUExFU0hPUEhPTERTTk9USElOR1JFQUw="  # noqa: S105 - everybody may know it
REMEMBERED = 10_000
"""Commands whose ids the shop knows again."""


@dataclass(frozen=True, slots=True)
class SampleReceivers:
    """Where they are."""

    shop: str
    """Carries out each command once, and can say what became of it."""
    support: str
    """Takes everything."""
    finance: str
    """Is closed for maintenance, always."""
    mail: str
    """Takes mail as SendGrid does, and lets it be."""


@asynccontextmanager
async def sample_receivers(port: int = 0) -> AsyncIterator[SampleReceivers]:
    """Run them; ``port`` 0 takes a free one. Raises PortTakenError."""
    server = HttpServer(_app(), bind("127.0.0.1", port))
    running = asyncio.create_task(server.run(), name="sample receivers")
    try:
        await server.wait_started()
        yield SampleReceivers(*(f"{server.url}/{name}" for name in ("shop", "support", "finance", "mail")))
    finally:
        server.stop()
        await running


async def serve_sample_receivers(settings: Settings) -> None:
    """Run them for as long as the worker runs, with connections of the sample shop that lead to them."""
    assert settings.database_url is not None  # noqa: S101 - a worker has one
    database = Database(settings.database_url, size=1)
    await database.open()
    try:
        async with sample_receivers(_free(await sample_port(database))) as at:
            addresses = {"shop": at.shop, "support": at.support, "finance": at.finance, "mail": at.mail}
            await seed_sample(database, SecretStore.of(settings), addresses, SAMPLE_SECRET)
            await asyncio.Event().wait()
    finally:
        await database.close()


def _free(port: int) -> int:
    """The same port as before, so that addresses stay what they are; another one where somebody else has it."""
    try:
        bind("127.0.0.1", port).close()
    except PortTakenError:
        return 0
    return port


def _app() -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.state.ending = ()
    done: OrderedDict[str, None] = OrderedDict()

    @app.post("/shop")
    async def carry_out(request: Request) -> Response:
        """Once for each id; the answer is the same each time."""
        message_id = await _verified(request)
        done[message_id] = None
        while len(done) > REMEMBERED:
            done.popitem(last=False)
        return JSONResponse({"state": "done"})

    @app.get("/shop/{message_id}")
    async def what_became(request: Request, message_id: str) -> Response:
        """Of a command."""
        await _verified(request)
        return JSONResponse({"state": "done" if message_id in done else "unknown"})

    @app.post("/support")
    async def take(request: Request) -> Response:
        """Whatever it is."""
        await _verified(request)
        return Response(status_code=204)

    @app.post("/finance")
    async def refuse() -> Response:
        """Nothing is taken."""
        return JSONResponse({"error": "The ledger is closed for maintenance."}, status_code=503)

    @app.post("/mail/v3/mail/send")
    async def mail() -> Response:
        """Nobody reads it: what counts is that it was taken."""
        return Response(status_code=202)

    @app.exception_handler(HookError)
    async def not_signed(_request: Request, error: Any) -> Response:
        return JSONResponse({"error": str(error)}, status_code=401)

    return app


async def _verified(request: Request) -> str:
    """The id of what was sent. Raises HookError."""
    return verify(Secrets(SAMPLE_SECRET), request.headers, await request.body(), datetime.now(UTC))
