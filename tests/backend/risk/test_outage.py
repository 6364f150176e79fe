"""The database is restarted under a load of checks: whatever was answered 200 is stored, and nothing twice."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import httpx
import psycopg

from backend.core.settings import Settings
from backend.runtime.data_folder import prepare
from backend.runtime.embedded_postgres import DATABASE, OWNER, Embedded
from tests.backend.risk.samples import CHECK, order, publish, rule
from tests.conftest import Api, _seed, serve_in_thread


def test_every_answered_check_is_stored_once(tmp_path: Path) -> None:
    server = Embedded(tmp_path / "data")
    server.start()
    try:
        prepare(server, lambda _message, _fraction: None)
        owner_url = server.url(OWNER, DATABASE)
        every = [{"metric": "order_value", "operator": "gte", "value": 0}]
        publish(owner_url, rule(conditions=every, cap={"orders": 100_000}))
        settings = Settings(database_url=server.url(), token_key="k" * 40)
        asyncio.run(_seed(settings))
        url, stop = serve_in_thread(settings)
        api = Api(url, settings, owner_url, stop)
        headers = api.headers("storefront")
        answered: dict[str, str] = {}
        refused: list[int] = []
        end = threading.Event()

        def load(client: int) -> None:
            with httpx.Client(base_url=url, headers=headers, timeout=20) as http:
                number = 0
                while not end.is_set():
                    number += 1
                    payload = order(f"{client}-{number}", customer={"id": f"C{client}"}, deviceId=f"d{number % 3}")
                    # As a shop does: the same order again until it is answered.
                    while (answer := http.post(CHECK, json=payload)).status_code != 200:
                        refused.append(answer.status_code)
                        if end.is_set():
                            return
                        time.sleep(0.05)
                    answered[payload["id"]] = answer.json()["decisionId"]

        clients = [threading.Thread(target=load, args=(client,)) for client in range(4)]
        for client in clients:
            client.start()
        for _ in range(2):
            wait_for_more(answered)
            server.stop()
            time.sleep(0.3)
            server.start()
        wait_for_more(answered)
        end.set()
        for client in clients:
            client.join(30)
        stop()
        assert set(refused) == {503}
        with psycopg.connect(owner_url) as connection:
            stored = dict(connection.execute("select order_id, id::text from risk_decision").fetchall())
            counts = connection.execute(
                "select (select count(*) from risk_order), (select count(*) from risk_decision),"
                " (select count(*) from risk_entry), (select count(*) from risk_payload),"
                " (select count(*) from risk_hit),"
                " (select count(*) from audit_log where action = 'risk.decision.made')"
            ).fetchone()
        assert {number: stored.get(number) for number in answered} == answered
        # One more each at most: stored, and its answer lost.
        assert len(stored) <= len(answered) + len(clients)
        assert counts == (len(stored),) * 6
    finally:
        server.stop()


def wait_for_more(answered: dict[str, str]) -> None:
    """Until twenty more checks are answered."""
    enough, deadline = len(answered) + 20, time.monotonic() + 60
    while len(answered) < enough:
        assert time.monotonic() < deadline
        time.sleep(0.02)
