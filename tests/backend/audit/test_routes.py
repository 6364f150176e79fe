"""The audit log over HTTP: pages, filters, proofs a stranger can check, checkpoints and bundles."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from backend.audit import bundle
from backend.audit import reads as reading
from backend.audit.merkle import leaf_hash
from backend.audit.seal import seal
from backend.audit.signed_notes import Verifier, read_note, verify_note
from backend.core import audit_trail
from backend.core.database import Database
from backend.core.keys import new_signing_key
from backend.core.settings import Settings
from tests.backend.audit.fixtures import all_stamped, is_consistent, is_included
from tests.conftest import Api

BASE = "/api/operations/audit"


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    key = tmp_path / "audit.key"
    key.write_text(new_signing_key())
    return Settings(
        database_url=database_url,
        token_key="k" * 40,
        environment="Test",
        audit_key_file=key,
        audit_checkpoint_folder=tmp_path / "checkpoints",
    )


class Books:
    """Reads and fills the log of an API."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def get(self, path: str = "", role: str = "operations-lead", **parameters: Any) -> httpx.Response:
        return httpx.get(
            f"{self.api.base_url}{BASE}{path}", params=parameters, headers=self.api.headers(role), timeout=20
        )

    def ids(self, **parameters: Any) -> list[str]:
        """Resource ids of all pages."""
        found: list[str] = []
        for _ in range(200):
            answer = self.get(**parameters)
            assert answer.status_code == 200, answer.text
            found += [item["resourceId"] for item in answer.json()["items"]]
            cursor = answer.json()["nextCursor"]
            if cursor is None:
                return found
            parameters["cursor"] = cursor
            parameters.pop("at", None)
            parameters.pop("before", None)
        raise AssertionError("the pages never end")

    def write(self, *entries: dict[str, Any], sealed: bool = True) -> None:
        async def run() -> None:
            database = Database(self.api.settings.database_url or "")
            await database.open()
            for entry in entries:
                async with database.transaction() as tx:
                    await audit_trail.record(tx, **entry)
            await all_stamped(database, self.api.settings)
            if sealed:
                await seal(database, self.api.settings)
            await database.close()

        asyncio.run(run())


@pytest.fixture
def books(api: Api) -> Books:
    made = Books(api)
    made.write(*(entry(n) for n in range(1, 13)))
    return made


def entry(number: int, **more: Any) -> dict[str, Any]:
    kinds = (("risk.entry.decided", "risk_entry"), ("risk.rule.changed", "risk_rule"), ("riskier.done", "risk_entry"))
    action, kind = kinds[number % 3]
    return {
        "actor": "ada" if number % 2 else "bob",
        "action": action,
        "resource_type": kind,
        "resource_id": f"r{number}",
        "label": f"Thing {number}",
        "after": {"n": number, "note": "Größe" if number == 5 else "x"},
        "reason": "100 %_" if number == 6 else None,
    } | more


def test_entries_come_newest_first_in_pages(books: Books) -> None:
    everything = books.ids(limit=500)
    assert everything[:12] == [f"r{n}" for n in range(12, 0, -1)]
    assert books.ids(limit=5) == everything
    answer = books.get(limit=5).json()
    assert answer["total"] == len(everything)
    positions = [item["position"] for item in answer["items"]]
    assert positions == list(range(answer["total"], answer["total"] - 5, -1))
    first = answer["items"][0]
    assert (first["actor"], first["actorLabel"], first["resourceLabel"]) == ("bob", "bob", "Thing 12")
    assert books.get(f"/{first['id']}").json() == first
    assert books.get("/0198c0de-0000-7000-8000-000000000000").status_code == 404
    assert books.get("/nothing").status_code == 404


def test_a_scroll_bar_can_jump(books: Books) -> None:
    everything = books.ids(limit=500)
    total = len(everything)
    for position in (1, 7, total - 3, total, total + 50):
        expected = everything[max(0, total - position) :]
        assert books.ids(at=position, limit=4) == expected
        assert books.ids(before=position + 1, limit=4) == expected
    assert books.ids(at=0) == []
    answer = books.get(at=3, before=2)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "query:at")
    assert books.get(cursor="nonsense").status_code == 422


def numbers(*given: int) -> list[str]:
    return [f"r{n}" for n in sorted(given, reverse=True)]


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_filters(books: Books, limit: int) -> None:
    every = range(1, 13)
    odd = [n for n in every if n % 2]
    assert books.ids(actor="ada", limit=limit) == numbers(*odd)
    assert books.ids(actor="ad", limit=limit) == []
    assert books.ids(action="risk", limit=limit) == numbers(*(n for n in every if n % 3 != 2))
    assert books.ids(action="risk.entry", limit=limit) == numbers(*(n for n in every if n % 3 == 0))
    assert books.ids(action="risk.entry.decided", actor="ada", limit=limit) == numbers(3, 9)
    assert books.ids(action="risk.ent", limit=limit) == []
    assert books.ids(resourceType="risk_entry", action="riskier", limit=limit) == numbers(2, 5, 8, 11)
    assert books.ids(resourceType="risk_entry", actor="bob", limit=limit) == numbers(2, 6, 8, 12)
    assert books.ids(resourceId="r4", limit=limit) == ["r4"]
    assert books.ids(resourceId="r4", actor="ada", limit=limit) == []
    assert books.ids(resourceId="r4", resourceType="risk_rule", action="risk", limit=limit) == ["r4"]
    assert books.ids(text="GRÖSSE", limit=limit) == []
    assert books.ids(text="größe", limit=limit) == ["r5"]
    assert books.ids(text="100 %_", limit=limit) == ["r6"]
    assert books.ids(text="thing 1", limit=limit) == numbers(1, 10, 11, 12)
    assert books.ids(text="thing 1", actor="ada", limit=limit) == numbers(1, 11)


def test_a_text_is_looked_for_piece_by_piece(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LOOKED_AT", 2)
    assert books.ids(text="größe") == ["r5"]
    assert books.ids(text="thing 1", limit=1) == numbers(1, 10, 11, 12)
    answer = books.get(text="größe").json()
    assert answer["items"] == []
    assert answer["nextCursor"] is not None


def test_instants_find_all_although_positions_are_not_in_their_order(api: Api, books: Books) -> None:
    """An entry that was written early and committed late has a position after newer ones."""

    async def run() -> None:
        database = Database(api.settings.database_url or "")
        await database.open()
        async with database.transaction() as slow:
            await audit_trail.record(slow, **entry(100, actor="slow"))
            for number in range(101, 109):
                async with database.transaction() as tx:
                    await audit_trail.record(tx, **entry(number, actor="quick"))
            await asyncio.sleep(0.05)
        await all_stamped(database, api.settings)
        await database.close()

    asyncio.run(run())
    with psycopg.connect(api.owner_url) as connection:
        connection.execute("set timezone = 'UTC'")
        rows = connection.execute(
            "select l.resource_id, l.at from audit_position join audit_log l using (seq) order by position desc"
        ).fetchall()
    instants = sorted(at for _, at in rows)
    for since in instants[::3]:
        for until in instants[::4]:
            expected = [name for name, at in rows if since <= at < until]
            assert books.ids(**{"from": since.isoformat(), "to": until.isoformat(), "limit": 7}) == expected
        expected = [name for name, at in rows if at >= since]
        assert books.ids(**{"from": since.isoformat()}) == expected


def test_what_ties_requests_together_is_kept(api: Api) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    given = [
        ({"X-Correlation-Id": "order-77", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}, "order-77"),
        ({"X-Correlation-Id": "not valid!", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}, trace),
        ({"X-Request-Id": "req-1"}, "req-1"),
    ]
    for number, (headers, _) in enumerate(given):
        api.add_person(f"p{number}", "P", "a long enough password")
        answer = httpx.post(
            f"{api.base_url}/api/operations/session",
            json={"account": f"p{number}", "password": "a long enough password"},
            headers=headers,
            timeout=20,
        )
        assert answer.status_code == 200, answer.text
    books = Books(api)
    books.write()
    for number, (_, expected) in enumerate(given):
        assert books.ids(correlationId=expected) == [f"p{number}"]
        assert books.ids(correlationId=expected, actor="nobody") == []


def test_an_entry_is_proven_to_a_stranger(api: Api, books: Books) -> None:
    books.write(*(entry(n) for n in range(13, 20)))
    checkpoint = books.get("/checkpoint").json()
    key = Verifier.parse(checkpoint["vkey"])
    signed = verify_note(checkpoint["note"], [key])
    assert (signed.size, checkpoint["position"], checkpoint["lagSeconds"]) == (checkpoint["size"], signed.size, 0.0)
    assert checkpoint["outside"] == {"kind": "folder", "throughSize": signed.size, "problem": None}
    for item in books.get(limit=500).json()["items"]:
        proof = books.get(f"/proof/{item['id']}").json()
        assert verify_note(proof["note"], [key]) == signed
        leaf = leaf_hash(proof["canonical"].encode())
        assert base64.b64decode(proof["leafHash"]) == leaf
        path = [base64.b64decode(each) for each in proof["path"]]
        assert is_included(leaf, item["position"] - 1, signed.size, path, signed.root)
        assert f'"id":"{item["id"]}"' in proof["canonical"]
    earlier = books.get(f"/proof/{item['id']}", size=item["position"] + 1).json()
    assert earlier["treeSize"] == item["position"] + 1
    assert books.get(f"/proof/{item['id']}", size=signed.size + 1).status_code == 422
    growth = books.get("/consistency", **{"from": 5, "to": signed.size}).json()
    roots = (base64.b64decode(growth["fromRoot"]), base64.b64decode(growth["toRoot"]))
    assert is_consistent(5, signed.size, *roots, [base64.b64decode(each) for each in growth["path"]])
    assert roots[1] == signed.root
    assert books.get("/consistency", **{"from": 9, "to": 8}).status_code == 422
    assert books.get("/consistency", **{"from": 9, "to": signed.size + 1}).status_code == 422


def test_what_is_not_sealed_yet_is_not_proven(books: Books) -> None:
    books.write(entry(13), sealed=False)
    newest = books.get(limit=1).json()["items"][0]
    answer = books.get(f"/proof/{newest['id']}")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    checkpoint = books.get("/checkpoint").json()
    assert checkpoint["position"] == checkpoint["size"] + 1 == newest["position"]
    assert checkpoint["lagSeconds"] > 0


def test_nothing_is_sealed_at_first(api: Api) -> None:
    answer = Books(api).get("/checkpoint").json()
    assert (answer["note"], answer["vkey"], answer["size"], answer["outside"]) == (None, None, 0, None)


def post(api: Api, body: dict[str, Any], **claims: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {api.token('compliance-officer', **claims)}"}
    return httpx.post(f"{api.base_url}{BASE}/export", json=body, headers=headers, timeout=20)


def test_a_bundle_is_handed_out_and_that_is_an_entry(api: Api, books: Books, tmp_path: Path) -> None:
    answer = post(api, {"first": 2, "last": 9, "reason": "Audit 2026"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    file = tmp_path / "bundle.zip"
    file.write_bytes(answer.content)
    key = Verifier.parse(books.get("/checkpoint").json()["vkey"])
    checked = bundle.check(file, [key])
    assert (checked.finding, checked.first, checked.last) == (None, 2, 9)
    books.write()
    newest = books.get(limit=1).json()["items"][0]
    assert (newest["actor"], newest["action"], newest["reason"]) == (
        "compliance-officer",
        "audit.log.exported",
        "Audit 2026",
    )
    assert newest["after"]["sha256"] == hashlib.sha256(answer.content).hexdigest()
    hour = timedelta(hours=1)
    now = datetime.now(UTC)
    answer = post(api, {"from": (now - hour).isoformat(), "to": (now + hour).isoformat(), "reason": "All"})
    file.write_bytes(answer.content)
    sealed = read_note(books.get("/checkpoint").json()["note"]).size
    assert bundle.check(file, [key]).last == sealed


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"first": 0, "last": 3}, "/first"),
        ({"first": 4, "last": 3}, "/first"),
        ({"first": 1, "last": 900}, "/last"),
        ({"from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z"}, "/from"),
        ({"first": 1}, ""),
        ({"first": 1, "last": 2, "from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z"}, ""),
        ({}, ""),
    ],
)
def test_a_range_that_is_none_is_refused(api: Api, books: Books, body: dict[str, Any], pointer: str) -> None:
    answer = post(api, body | {"reason": "r"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_a_bundle_has_a_limit(api: Api, books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.audit.actions.MOST", 5)
    assert post(api, {"first": 1, "last": 5, "reason": "r"}).status_code == 200
    answer = post(api, {"first": 1, "last": 6, "reason": "r"})
    assert (answer.status_code, "at most 5" in answer.json()["detail"]) == (422, True)


def test_a_bundle_needs_a_fresh_sign_in(api: Api, books: Books) -> None:
    answer = post(api, {"first": 1, "last": 2, "reason": "r"}, auth_time=datetime.now(UTC) - timedelta(seconds=301))
    assert (answer.status_code, answer.json()["code"]) == (401, "step-up-needed")


def test_damaged_seals_are_said_not_proven(api: Api, books: Books) -> None:
    with psycopg.connect(api.owner_url) as connection:
        connection.execute("set session_replication_role = replica; delete from audit_node where level = 0")
    item = books.get(limit=500).json()["items"][-1]
    answer = books.get(f"/proof/{item['id']}")
    assert (answer.status_code, "audit verify" in answer.json()["detail"]) == (409, True)
    assert post(api, {"first": 2, "last": 3, "reason": "r"}).status_code == 409
