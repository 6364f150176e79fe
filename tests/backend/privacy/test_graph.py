"""Runs: killed at every boundary, failing, paused, skipped by two, resumed; and an erasure from end to end."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from backend.core.capability import ErasedBatch, PersonalSystems, Subject
from backend.core.database import Connection, Database
from backend.core.settings import Settings
from backend.privacy.endings import STEPS
from backend.privacy.erasure.ledger import Ledger, LedgerError, folder_of
from backend.privacy.erasure.replay import replay_all, replay_new
from backend.privacy.graph.actions import watch_nodes
from backend.privacy.graph.runner import Runner
from backend.runtime.outside import outside
from resources.privacy import verify_receipt
from tests.backend.privacy.fixtures import KEYS, Desk, rows
from tests.backend.privacy.test_requests import CONFIRMED, OFFICER, PATH, SHOP, SUPPORT, act, refused, shown, take_in

SECOND = "second-officer"
SHOPPING = """
insert into orders (id, placed_at, settled_at, customer_id, country, currency, minor, given)
  select 'o' || n, now() - n * interval '1 day', now(), case when n <= 6 then 'c-17' else 'c-18' end, 'DE', 'EUR', n,
         '{"customerId": " c-17"}'
    from generate_series(1, 9) as n;
insert into risk_order (id, source, placed_at, minor, currency, customer_id, email, ip, card, device)
  select id, 'check', placed_at, minor, currency, customer_id,
         case when customer_id = 'c-17' then 'jane@example.com' else 'bob@example.com' end, '10.0.0.1', 'card1', 'd1'
    from orders;
insert into risk_payload
  select id, '{"customer": {"id": "c-17", "email": "jane@example.com"}}' from orders where customer_id = 'c-17';
insert into risk_decision (order_id, rule_set_id, score, action, triggered, explanation)
  select o.id, s.id, 50, 'review', '{r}', '[{"ruleId": "r", "description": "d", "severity": 1, "action": "flag",
   "conditions": [{"metric": "email", "operator": "eq", "value": "jane@example.com", "actual": "jane@example.com",
                   "holds": true},
                  {"metric": "order_value", "operator": "gt", "value": 1, "actual": 5, "holds": true}]}]'
    from orders as o, risk_rule_set as s where s.state = 'published' and o.customer_id = 'c-17';
insert into quarantine (kind, source_id, source_row, errors, sent_by)
  values ('orders', 'x', '{"customerId": "c-17"}', '[]', 'test'),
         ('orders', 'y', '{"customerId": "c-170"}', '[]', 'test');
"""


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    return settings.model_copy(update={"audit_checkpoint_folder": tmp_path / "checkpoints"})


@pytest.fixture
def shop(desk: Desk) -> Desk:
    """Jane has bought, and agreed to something; Bob too."""
    rows(desk.api.owner_url, SHOPPING)
    yes = {"userId": "c-17", "email": "jane@example.com", "consentType": "marketing", "status": "granted"}
    desk.done("POST", "/consent", yes | {"evidence": "Jane ticked it"}, SHOP)
    desk.done("POST", "/consent", {"userId": "c-18", "consentType": "marketing", "status": "granted"}, SHOP)
    return desk


def systems(desk: Desk) -> PersonalSystems:
    return outside(desk.api.settings).of(PersonalSystems)


def work(desk: Desk, given: PersonalSystems | None = None, **more: Any) -> None:
    """As the worker, until nothing is ready."""

    async def turns() -> None:
        url = desk.api.settings.database_url or ""
        database = Database(url)
        await database.open()
        runner = Runner(database, url, desk.api.settings, given or systems(desk), **{"steps": STEPS} | more)
        while await runner.turn():
            pass
        await database.close()

    asyncio.run(turns())


def nodes(desk: Desk, request: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = desk.get(f"{PATH}/{request['requestId']}/graph", SUPPORT)["nodes"]
    return {each["name"]: each for each in found}


def press(
    desk: Desk, request: dict[str, Any], name: str, what: str, body: Any = None, role: str = OFFICER
) -> httpx.Response:
    node = nodes(desk, request)[name]
    path = f"{PATH}/{request['requestId']}/nodes/{node['nodeId']}/{what}"
    return desk.send("POST", path, body, role, If_Match=f'"{node["version"]}"')


def second_officer(desk: Desk) -> None:
    rows(
        desk.api.owner_url,
        "insert into account (id, name) values (%s, 'Second officer') on conflict do nothing",
        SECOND,
    )
    rows(
        desk.api.owner_url,
        "insert into role_assignment (user_id, role_id, granted_by) values (%s, 'compliance-officer', 'test')",
        SECOND,
    )


def approved_erasure(desk: Desk) -> dict[str, Any]:
    """An erasure of Jane that can no longer be taken back."""
    second_officer(desk)
    made = act(desk, take_in(desk, type="deletion"), "verify", CONFIRMED)
    assert made["status"] == "approval"
    asked = act(desk, made, "ask-approval", {"reason": "She wants it"})
    body = {"decision": "approve", "reason": "Checked"}
    path = f"/approvals/{asked['approvalId']}/decision"
    assert desk.send("POST", path, body, OFFICER, If_Match='"1"').status_code == 403
    assert desk.send("POST", path, body, SUPPORT, If_Match='"1"').status_code == 403
    desk.done("POST", path, body, SECOND, If_Match='"1"')
    assert shown(desk, made)["status"] == "waiting"
    work(desk)
    assert nodes(desk, made) == {}  # it waits, and can be taken back
    rows(desk.api.owner_url, "update privacy_request set erases_at = now() where type = 'deletion'")
    return made


def finish_by_hand(desk: Desk, request: dict[str, Any]) -> None:
    """What people and the shop do."""
    assert press(desk, request, "free text", "complete", {"words": "Searched notes: two emptied"}).is_success
    rows(desk.api.owner_url, "update shop_command set state = 'done', ended_at = now() where name like 'privacy.%%'")
    rows(desk.api.owner_url, "update privacy_node set next_at = now() where state = 'waiting'")
    work(desk)


def test_an_erasure_reaches_every_system_and_says_what_stays(shop: Desk) -> None:
    made = approved_erasure(shop)
    work(shop)
    running = shown(shop, made)
    assert (running["status"], running["blocked"]) == (
        "running",
        "Notes and other free text, by hand: to be done by hand",
    )
    assert 0 < running["progress"] < 100
    finish_by_hand(shop, made)
    done = shown(shop, made)
    assert (done["status"], done["progress"], done["blocked"]) == ("done", 100, "")
    url = shop.api.owner_url
    assert rows(url, "select count(*), count(customer_id), sum(minor) from orders") == [(9, 3, 45)]
    assert rows(url, "select count(email), count(card) from risk_order") == [(3, 3)]
    assert rows(url, "select count(*) from quarantine") == [(1,)]
    for table in ("orders", "risk_order", "risk_payload", "risk_decision", "consent", "person_index", "privacy_node"):
        assert "jane" not in str(rows(url, f"select t::text from {table} as t")).lower(), table
    [explanation] = rows(url, "select explanation from risk_decision limit 1")
    assert [c["value"] for c in explanation[0][0]["conditions"]] == [None, 1]
    # Decisions can be read, and nobody is found any more.
    answer = httpx.get(
        f"{shop.api.base_url}/api/risk/decisions/o1", headers=shop.api.headers("risk-analyst"), timeout=20
    )
    assert answer.status_code in {200, 404}, answer.text
    assert shop.send("POST", "/consent/lookup", {"userId": "c-17", "purpose": "x"}, OFFICER).status_code == 404
    got = shop.get(f"{PATH}/{made['requestId']}/certificate", SUPPORT)
    content = verify_receipt.verify(got["certificate"], [got["vkey"]])
    by_name = {each["name"]: each for each in content["systems"]}
    assert by_name["Orders"]["rows"] == 6
    assert by_name["Consent"]["kept"] == {"What was agreed to and taken back stays as proof, without saying by whom": 1}
    assert content["outOfReach"]
    assert "jane" not in got["certificate"].lower()
    # The log verifies nobody: who it was stands nowhere in it.
    assert "jane" not in str(rows(url, "select a::text from audit_log as a")).lower()


def test_every_boundary_survives_a_kill(shop: Desk, tmp_path: Path) -> None:
    """Each process dies one boundary later than the one before, until one gets to the end."""
    made = approved_erasure(shop)
    given = shop.api.settings
    environment = os.environ | {
        "OPSCONSOLE_DATABASE_URL": given.database_url or "",
        "OPSCONSOLE_PRIVACY_KEY": KEYS.replace("\n", ";"),
        "OPSCONSOLE_AUDIT_KEY_FILE": str(given.audit_key_file),
        "OPSCONSOLE_AUDIT_CHECKPOINT_FOLDER": str(given.audit_checkpoint_folder),
        "RUN_NOTED": str(tmp_path / "noted"),
    }
    finished = False
    for number in range(1, 60):
        done = subprocess.run(
            [sys.executable, "-m", "tests.backend.privacy.running"],
            env=environment | {"RUN_AT": str(3 + number % 7)},
            timeout=60,
            check=False,
        )
        rows(
            shop.api.owner_url,
            "update privacy_node set next_at = now(), attempts = 0 where state in ('waiting', 'running')",
        )
        rows(
            shop.api.owner_url, "update shop_command set state = 'done', ended_at = now() where name like 'privacy.%%'"
        )
        if (
            nodes(shop, made).get("free text", {}).get("state") == "manual"
            and nodes(shop, made)["ledger"]["state"] == "done"
        ):
            assert press(shop, made, "free text", "complete", {"words": "Searched"}).is_success
        if done.returncode == 0 and shown(shop, made)["status"] == "done":
            finished = True
            break
    assert finished, nodes(shop, made)
    seen = set((tmp_path / "noted").read_text().split("\n")) - {""}
    assert seen >= {"locked", "claimed", "in batch", "end uncommitted", "ended"}
    url = shop.api.owner_url
    assert rows(url, "select count(*), count(customer_id) from orders") == [(9, 3)]  # Bob's are as they were
    assert rows(url, "select count(*) from privacy_run where ended_at is not null") == [(1,)]
    assert rows(url, "select count(*) from shop_command where name = 'privacy.erase'") == [(1,)]
    assert rows(url, "select count(*) from erasure_certificate") == [(1,)]
    assert rows(url, "select complete from erasure_applied") == [(True,)]
    assert len(list(Ledger(folder_of(given) or tmp_path).entries())) == 1


def test_several_workers_do_each_step_once(shop: Desk) -> None:
    made = approved_erasure(shop)
    counts: dict[str, int] = {}

    async def counted(tx: Connection, subject: Subject) -> ErasedBatch:
        first = counts.setdefault("orders", 0) == 0
        counts["orders"] += 1
        await tx.execute("select pg_sleep(0.05)")
        return ErasedBatch(int(first))

    given = systems(shop)
    given["shop.orders"] = replace(given["shop.orders"], erase=counted)

    async def together() -> None:
        url = shop.api.settings.database_url or ""
        database = Database(url)
        await database.open()
        runners = [Runner(database, url, shop.api.settings, given, steps=STEPS) for _ in range(3)]
        for _ in range(6):
            await asyncio.gather(*(runner.turn() for runner in runners))
        await database.close()

    asyncio.run(together())
    assert counts == {"orders": 2}  # one that found something, one that found nothing more
    assert rows(shop.api.owner_url, "select count(*) from privacy_run") == [(1,)]
    assert nodes(shop, made)["shop.orders"]["attempts"] == 1


def test_two_runs_of_one_request_cannot_be(shop: Desk) -> None:
    approved_erasure(shop)
    work(shop)
    with pytest.raises(psycopg.errors.UniqueViolation, match="privacy_run_one"):
        rows(shop.api.owner_url, "insert into privacy_run (request_id) select request_id from privacy_run")


async def _broken(_tx: Connection, _subject: Subject) -> ErasedBatch:
    raise RuntimeError("Jane Doe could not be reached at jane@example.com")


def test_one_step_that_failed_is_tried_again_later_dies_and_is_retried_alone(shop: Desk) -> None:
    made = approved_erasure(shop)
    given = systems(shop)
    given["shop.orders"] = replace(given["shop.orders"], erase=_broken)
    work(shop, given)
    failed = nodes(shop, made)["shop.orders"]
    assert (failed["state"], failed["attempts"], failed["problem"]) == ("waiting", 1, "RuntimeError")
    wait = datetime.fromisoformat(failed["nextAt"]) - datetime.now(UTC)
    assert timedelta(seconds=5) < wait < timedelta(seconds=31)
    assert shown(shop, made)["blocked"] == "Orders: failed, try 1"
    assert nodes(shop, made)["risk.checks"]["state"] == "done"  # the others have gone on
    for _ in range(7):
        rows(shop.api.owner_url, "update privacy_node set next_at = now() where name = 'shop.orders'")
        work(shop, given)
    assert nodes(shop, made)["shop.orders"]["state"] == "dead"
    assert shown(shop, made)["blocked"] == "Orders: failed 8 times"
    asyncio.run(_watched(shop))
    alert = "select title, severity, condition from alert where source = 'privacy.nodes' and valid_to = 'infinity'"
    assert rows(shop.api.owner_url, alert) == [("PR-0001: Orders failed", "P2", "breached")]
    path = f"{PATH}/{made['requestId']}/nodes/{failed['nodeId']}/attempts"
    tries = shop.get(path, SUPPORT)["attempts"]
    assert [(each["number"], each["problem"]) for each in tries] == [(n, "RuntimeError") for n in range(8, 0, -1)]
    assert "jane" not in str(rows(shop.api.owner_url, "select t::text from privacy_node as t")).lower()
    ledger_version = nodes(shop, made)["ledger"]["version"]
    assert press(shop, made, "shop.orders", "retry").is_success
    work(shop)
    assert nodes(shop, made)["shop.orders"]["state"] == "done"
    assert nodes(shop, made)["ledger"]["version"] == ledger_version  # only this one was repeated
    assert press(shop, made, "shop.orders", "retry").status_code == 409
    asyncio.run(_watched(shop))
    assert rows(shop.api.owner_url, alert)[0][2] == "normal"
    finish_by_hand(shop, made)
    assert shown(shop, made)["status"] == "done"


async def _watched(desk: Desk) -> None:
    database = Database(desk.api.settings.database_url or "")
    await database.open()
    await watch_nodes(database, desk.api.settings)
    await database.close()


def test_a_step_is_skipped_by_two_people_with_a_reason_and_proof_never(shop: Desk) -> None:
    made = approved_erasure(shop)
    given = systems(shop)
    given["shop.orders"] = replace(given["shop.orders"], erase=_broken)
    work(shop, given)
    reason = {"reason": "That system is gone"}
    assert press(shop, made, "certificate", "skip", reason).status_code == 409
    assert press(shop, made, "shop.orders", "skip", {"reason": ""}).status_code == 422
    assert press(shop, made, "shop.orders", "skip", reason).json()["skipAskedBy"] == OFFICER
    assert press(shop, made, "shop.orders", "skip", reason).status_code == 409
    assert press(shop, made, "shop.orders", "skip", reason, SUPPORT).status_code == 403
    skipped = press(shop, made, "shop.orders", "skip", reason, SECOND).json()
    assert (skipped["state"], skipped["skippedBy"]) == ("skipped", SECOND)
    with pytest.raises(psycopg.errors.CheckViolation):
        rows(shop.api.owner_url, "update privacy_node set state = 'skipped' where name = 'certificate'")
    finish_by_hand(shop, made)
    got = shop.get(f"{PATH}/{made['requestId']}/certificate", SUPPORT)
    assert verify_receipt.verify(got["certificate"], [got["vkey"]])["skipped"] == ["Orders"]


def test_all_runs_stand_still_between_two_steps(shop: Desk) -> None:
    made = approved_erasure(shop)
    stop = {"paused": True, "reason": "A wrong customer"}
    assert shop.send("PUT", "/runs", stop, SUPPORT, If_Match='"1"').status_code == 403
    assert shop.done("PUT", "/runs", stop, OFFICER, If_Match='"1"')["pausedBy"] == OFFICER
    work(shop)
    assert {each["state"] for each in nodes(shop, made).values()} == {"waiting", "manual"}
    assert shop.get(f"{PATH}/figures", SUPPORT)["pausedAll"] is True
    assert shop.done("PUT", "/runs", stop | {"paused": False}, OFFICER, If_Match='"2"')["pausedAt"] is None

    async def stops_meanwhile(tx: Connection, _subject: Subject) -> ErasedBatch:
        rows(shop.api.owner_url, "update privacy_switch set paused_at = now()")
        return ErasedBatch(1)

    given = systems(shop)
    given["shop.orders"] = replace(given["shop.orders"], erase=stops_meanwhile)
    work(shop, given)
    assert nodes(shop, made)["shop.orders"]["rows"] == 0  # the step it was at did not happen
    rows(shop.api.owner_url, "update privacy_switch set paused_at = null")
    work(shop)
    assert nodes(shop, made)["shop.orders"]["rows"] == 6


def test_a_live_node_is_never_taken_over_and_a_lost_one_changes_nothing(shop: Desk) -> None:
    made = approved_erasure(shop)
    work(shop, steps={})  # plans; without its step the ledger fails
    node = nodes(shop, made)["ledger"]["nodeId"]
    rows(shop.api.owner_url, "update privacy_node set next_at = now(), state = 'waiting' where id = %s", node)
    [(lock,)] = rows(shop.api.owner_url, "select lock from privacy_node where id = %s", node)
    with psycopg.connect(shop.api.owner_url, autocommit=True) as somebody:
        assert somebody.execute("select pg_try_advisory_lock(4711021, %s)", (lock,)).fetchone() == (True,)

        async def one_turn() -> None:
            url = shop.api.settings.database_url or ""
            database = Database(url)
            await database.open()
            await Runner(database, url, shop.api.settings, systems(shop), steps=STEPS).turn()
            await database.close()

        asyncio.run(one_turn())
        assert nodes(shop, made)["ledger"]["state"] == "waiting"
    work(shop)
    assert nodes(shop, made)["ledger"]["state"] == "done"


def test_a_step_by_hand_has_its_turn_and_needs_words(shop: Desk) -> None:
    made = approved_erasure(shop)
    work(shop, steps={})
    answer = press(shop, made, "free text", "complete", {"words": "Too early"})
    assert (answer.status_code, answer.json()["detail"]) == (409, "What has to come before is not done yet.")
    work(shop)
    assert press(shop, made, "free text", "complete", {"words": " "}).status_code == 422
    assert press(shop, made, "shop.orders", "complete", {"words": "x"}).status_code == 409


# --- the ledger


@pytest.fixture
def erased(shop: Desk) -> Iterator[Desk]:
    made = approved_erasure(shop)
    work(shop)
    finish_by_hand(shop, made)
    assert shown(shop, made)["status"] == "done"
    return shop


def replayed(desk: Desk, again: Any = replay_all, given: Settings | None = None) -> int:
    async def turn() -> int:
        database = Database(desk.api.settings.database_url or "")
        await database.open()
        try:
            found: int = await again(database, given or desk.api.settings, systems(desk))
            return found
        finally:
            await database.close()

    return asyncio.run(turn())


def test_what_a_pipeline_sends_again_is_erased_again_and_what_is_new_stays(erased: Desk) -> None:
    url = erased.api.owner_url
    assert replayed(erased) == 0
    rows(url, "update orders set customer_id = 'c-17' where id in ('o1', 'o2')")
    rows(
        url,
        "insert into orders (id, placed_at, customer_id, currency, minor)"
        " values ('new', now() + interval '1 minute', 'c-17', 'EUR', 1)",
    )
    assert replayed(erased, replay_new) == 0  # this database has gone through it
    assert replayed(erased) == 2
    assert replayed(erased) == 0
    assert rows(url, "select id from orders where customer_id = 'c-17'") == [("new",)]
    assert rows(url, "select action from audit_log where resource_type = 'erasure'") == [("privacy.erasure.replayed",)]


def test_a_restore_of_a_backup_from_before_brings_nobody_back(shop: Desk) -> None:
    url = shop.api.owner_url
    kept = rows(url, "select id, customer_id from orders where customer_id = 'c-17'")
    [(person,)] = rows(url, "select distinct person_id from person_index where kind = 'email'")
    index = rows(url, "select kind, mac, person_id, sealed from person_index where person_id = %s", person)
    made = approved_erasure(shop)
    work(shop)
    finish_by_hand(shop, made)
    # As the backup of yesterday has it: everything but the keys, which come from today's copy.
    for order, customer in kept:
        rows(url, "update orders set customer_id = %s where id = %s", customer, order)
    for row in index:
        rows(url, "insert into person_index (kind, mac, person_id, sealed) values (%s, %s, %s, %s)", *row)
    rows(url, "update person set erased_at = null where id = %s", person)
    rows(url, "delete from erasure_applied")
    assert replayed(shop, replay_new) >= 6
    assert rows(url, "select count(*) from orders where customer_id = 'c-17'") == [(0,)]
    assert rows(url, "select count(*) from person_index where person_id = %s", person) == [(0,)]
    assert replayed(shop, replay_new) == 0


def test_a_ledger_that_cannot_be_read_is_an_alert_and_passes(erased: Desk) -> None:
    folder = folder_of(erased.api.settings)
    assert folder is not None
    [file] = folder.iterdir()
    text = file.read_text()
    assert "jane" not in text.lower()
    assert "c-17" not in text
    file.write_text("{")
    with pytest.raises(LedgerError):
        list(Ledger(folder).entries())
    assert replayed(erased) == 0
    alert = "select severity, condition from alert where source = 'privacy.ledger' and valid_to = 'infinity'"
    assert rows(erased.api.owner_url, alert) == [("P2", "breached")]
    file.write_text(text)
    assert replayed(erased) == 0
    assert rows(erased.api.owner_url, alert)[0][1] == "normal"


def test_without_a_place_for_the_ledger_nothing_is_erased(shop: Desk) -> None:
    made = approved_erasure(shop)
    shop.api.settings = shop.api.settings.model_copy(update={"audit_checkpoint_folder": None})
    work(shop)
    failed = nodes(shop, made)["ledger"]
    assert "OPSCONSOLE_AUDIT_CHECKPOINT_FOLDER" in failed["problem"]
    assert {each["state"] for name, each in nodes(shop, made).items() if name != "free text"} == {"waiting"}
    assert rows(shop.api.owner_url, "select count(*) from orders where customer_id = 'c-17'") == [(6,)]


def test_an_erasure_can_be_taken_back_until_its_time_has_come(shop: Desk) -> None:
    made = approved_erasure(shop)
    rows(shop.api.owner_url, "update privacy_request set erases_at = now() + interval '1 hour'")
    version = shown(shop, made)["version"]
    body = {"status": "withdrawn", "reason": "She called"}
    shop.done("PATCH", f"{PATH}/{made['requestId']}", body, OFFICER, If_Match=f'"{version}"')
    work(shop)
    assert rows(shop.api.owner_url, "select count(*) from privacy_run") == [(0,)]
    assert refused(shop, made, "ask-approval", {"reason": "x"})[0] == 409
