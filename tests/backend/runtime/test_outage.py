"""The database goes and comes back: clear answers meanwhile, and recovery by itself."""

from __future__ import annotations

import time
from pathlib import Path

import httpx

from backend.core.settings import Settings
from backend.runtime.data_folder import prepare
from backend.runtime.embedded_postgres import Embedded
from tests.conftest import Api, _seed, serve_in_thread


def test_the_api_says_so_and_recovers_by_itself(tmp_path: Path) -> None:
    import asyncio

    server = Embedded(tmp_path / "data", durable=False)
    server.start()
    try:
        prepare(server, lambda _message, _fraction: None)
        settings = Settings(database_url=server.url(), token_key="k" * 40)
        asyncio.run(_seed(settings))
        url, stop = serve_in_thread(settings)
        api = Api(url, settings, "", stop)
        me = f"{url}/api/operations/rbac/me"
        delete = f"{url}/api/operations/session"
        assert httpx.get(me, headers=api.headers(), timeout=10).status_code == 200

        server.stop()
        ready = httpx.get(f"{url}/readyz", timeout=10)
        assert (ready.status_code, ready.json()["ready"]) == (503, False)
        assert ready.headers["Retry-After"]
        assert httpx.get(f"{url}/healthz", timeout=10).status_code == 200
        # Known a moment ago: reading goes on with those permissions; somebody new, or a change, must wait.
        assert httpx.get(me, headers=api.headers(), timeout=10).status_code == 200
        refused = httpx.get(me, headers=api.headers("viewer"), timeout=10)
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        assert refused.headers["Retry-After"]
        assert "socket" not in refused.text
        change = httpx.request("DELETE", delete, json={"refreshToken": "x"}, headers=api.headers(), timeout=10)
        assert change.status_code == 503
        assert "opsconsole_database_up 0.0" in httpx.get(f"{url}/metrics", timeout=10).text

        server.start()
        deadline = time.monotonic() + 15
        while httpx.get(me, headers=api.headers("viewer"), timeout=10).status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        stop()
    finally:
        server.stop()
