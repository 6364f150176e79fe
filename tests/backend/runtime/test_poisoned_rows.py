"""Work in the background survives a row it cannot deal with: the others are dealt with, and it is told."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from backend.access.drift.actions import check
from backend.access.ports import ReportedAccess
from backend.access.usage.actions import Usage
from backend.core.background import Background
from backend.core.capability import Tick
from backend.core.database import Database
from backend.core.metrics import SET_ASIDE
from backend.core.security import Identity, Principal
from backend.core.settings import AccessSource, Settings
from backend.runtime import health
from backend.runtime.worker import STOPPED_SECONDS, Progress, repeat, ticks
from models.core.permissions import Permission
from tests.backend.audit.fixtures import Log, all_stamped
from tests.conftest import Api

ENTRY = """
insert into risk_order (id, source, placed_at, minor, currency) values ('{0}', 'check', now(), 1, 'EUR');
insert into risk_entry (order_id, score, action, triggered, placed_at, currency, minor, due_at, snoozed_until)
  values ('{0}', 1, 'review', '{{}}', now(), 'EUR', 1, now() + '1 h'::interval, now() - '1 s'::interval);
"""
TRIP = """
create function trip() returns trigger language plpgsql as $$
begin if to_jsonb(new)::text like '%poison%' then raise exception using errcode = '22023'; end if; return new; end $$;
create trigger trip before insert or update on {0} for each row execute function trip();
"""
RULE = '[{"ruleId": "r", "description": "d", "conditions": [], "severity": 1, "action": "flag"}]'


@dataclass(frozen=True)
class Case:
    """How a poller gets a bad row before a good one, and what says that it has dealt with the good one."""

    setup: str
    done: str


CONNECTIONS = """
insert into connection (id, name, kind, settings, ready, updated_by)
  values ('00000000-0000-7000-8000-00000000dead', 'poison', 'smtp', '{0}', true, 'test'),
         ('00000000-0000-7000-8000-00000000beef', 'well', 'smtp', '{0}', true, 'test');
insert into connection_health (connection_id, stopped) select id, 'misconfigured' from connection;
insert into lane (connection_id, source) select id, s from connection, unnest(array['log', 'commands']) as s;
""".format('{"kind": "smtp", "host": "h.example", "sender": "a@b.example", "recipients": ["c@d.example"]}')

INCIDENTS = """
insert into incident (title, severity, description, started_at, detected_at, origin, review_required, created_by,
                      next_update_due_at, remind_at)
  select t, 'SEV3', 'd', now() - '1 h'::interval, now() - '1 h'::interval, 'manual', false, 'test',
         now() - '1 min'::interval, now() - '1 min'::interval from unnest(array['poison', 'good']) as t;
"""
LAUNCHES = """
insert into launch (title, short_title, zone, planned_zero_at, template_key, template_version, roll, points, criteria,
                    created_by)
  select t, t, 'UTC', now() + '1 h'::interval, 'product-launch', 1, '[]', '[]', '[]', 'test'
    from unnest(array['poison', 'good']) as t;
insert into launch_clock_event (launch_id, seq, at, kind, reading, by)
  select id, 1, now() - '1 h'::interval, 'set', -9000, 'test' from launch;
"""
SEALED = (
    '{"launch": {"id": "l", "poll": "p", "round": 1, "title": "t", "zone": "UTC", "rehearsalOf": null,'
    ' "reading": null}, "question": "q", "opened": {"at": null, "by": "b"}, "closed": {"at": null, "by": "b"},'
    ' "verdict": {"word": "GO"}, "rollCall": [], "checklist": [], "evidence": [], "waivers": [], "overrides": [],'
    ' "clock": []}'
)

REGISTERED = (
    "insert into tax_registration (region, regime, name, number, home, zone, period, currency, begins, owner) values"
    " ('EU-OSS', 'eu-oss', 'OSS', '1', 'ES', 'Europe/Madrid', 'quarter', 'EUR', '2024-01-01', 'finance-analyst');"
)

CASES = {
    "calendar of tax": Case(
        REGISTERED + "insert into tax_registration (region, regime, name, number, home, zone, period, currency, begins,"
        " owner) values ('GB', 'uk-vat', 'poison', '1', 'GB', 'Europe/London', 'quarter', 'GBP', '2024-01-01',"
        " 'finance-analyst'); alter table tax_report add column note text default 'x';"
        + TRIP.format("tax_report").replace("%poison%", '%"GB"%'),
        "select region = 'EU-OSS' and period_start = '2024-01-01' from tax_report",
    ),
    "facts of tax": Case(
        REGISTERED + "insert into orders (id, placed_at, currency, minor, tax) values"
        """ ('poison', now(), 'EUR', 1, '{"lines": [{"rate": "much", "net": 1, "tax": 0, "jurisdiction": "DE"}]}'),"""
        """ ('good', now(), 'EUR', 1, '{"lines": [{"rate": "19", "net": 1, "tax": 0, "jurisdiction": "DE"}]}');"""
        "insert into tax_inbox select id from orders;",
        "select order_id = 'good' from tax_fact",
    ),
    "clocks of privacy requests": Case(
        "insert into privacy_request (type, source, channel, jurisdiction, received_at, clock_from, due_on, due_at,"
        " internal_at, blocked, created_by) select 'access', 'shop', 'form', 'gdpr', now(), now(), now(),"
        " now() + '1 h'::interval, now() + '1 h'::interval, t, 'test' from unnest(array['poison', 'good']) as t;"
        + TRIP.format("alert"),
        "select guidance like 'good%' from alert where source = 'privacy.requests'",
    ),
    "ends of grants": Case(
        "insert into role_assignment (user_id, role_id, granted_by, expires_at) values"
        " ('poison', 'viewer', 'test', now() - '2 s'::interval), ('good', 'viewer', 'test', now() - '1 s'::interval);"
        + TRIP.format("role_assignment"),
        "select user_id = 'good' from role_assignment where revoked_at is not null",
    ),
    "ends of approvals": Case(
        "insert into approval (kind, title, subject_type, subject_id, details, reason, permission, needs, requested_by,"
        " ends_at) select 'rbac.grant', t, 'role', t, '{}', 'r', 'operations.manage_roles', 1, 'ada',"
        " now() - '1 s'::interval from unnest(array['poison', 'good']) as t;" + TRIP.format("approval"),
        "select title = 'good' from approval where state = 'expired'",
    ),
    "ends of snoozes in the risk queue": Case(
        ENTRY.format("poison") + ENTRY.format("good") + TRIP.format("risk_entry"),
        "select order_id = 'good' from risk_entry where snoozed_until is null",
    ),
    "risk backfill": Case(
        "insert into orders (id, placed_at, currency, minor) values ('poison', now() - '1 h'::interval, 'EUR', 1),"
        " ('good', now(), 'EUR', 1); insert into risk_pending select placed_at, id from orders;"
        + TRIP.format("risk_order"),
        "select id = 'good' and not exists (select from risk_pending) from risk_order",
    ),
    "shadow runs": Case(
        f"insert into risk_rule_set (title, state, rules, author, shadow_since, shadow_through) values"
        f" ('poison', 'draft', '{RULE}', 'ada', now() - '1 h'::interval, now() - '1 h'::interval),"
        " ('good', 'draft', '[]', 'ada', now() - '1 h'::interval, now() - '1 h'::interval);"
        + ENTRY.format("good")
        + "insert into risk_decision (order_id, rule_set_id, score, action, triggered, explanation, decided_at)"
        " select 'good', id, 0, 'approve', '{}', '[]', now() - '5 min'::interval from risk_rule_set"
        " where state = 'published';",
        "select s.title = 'good' from risk_shadow_decision as d join risk_rule_set as s on s.id = d.rule_set_id",
    ),
    "daily messages": Case(
        CONNECTIONS + "insert into notice (team, severity, template, values, thread, phase, daily)"
        " select 'risk', 'P3', 'alert.raised', jsonb_build_object('title', name), 't', 'raised', array[id]"
        " from connection; update route_map set digested_at = now() - '2 days'::interval;" + TRIP.format("notice"),
        "select c.name = 'well' from notice as n join connection as c on c.id = any (n.connections)"
        " where n.template = 'digest.daily'",
    ),
    "runbooks of the program": Case(
        TRIP.format("runbook").replace("%poison%", '%"slug": "backup-missing"%'),
        "select count(*) > 10 and bool_and(slug <> 'backup-missing') from runbook",
    ),
    "runbook reviews": Case(
        "insert into runbook (slug, title, owner, review_by, text, steps, updated_by)"
        " select t, t, 'viewer', '2020-01-01', 'x', '{look}', 'test' from unnest(array['poison', 'good']) as t;"
        "insert into role_assignment (user_id, role_id, granted_by) values ('ann', 'viewer', 'test');"
        + TRIP.format("runbook"),
        "select bool_and((reminded_at is not null) = (slug = 'good')) from runbook",
    ),
    "connections": Case(
        CONNECTIONS + TRIP.format("alert"),
        "select c.name = 'well' from connection_health as h join connection as c on c.id = h.connection_id"
        " where h.alarmed <> ''",
    ),
    "on-call pages": Case(
        "insert into escalation_policy (id, name, team, description, definition, updated_by) values"
        " ('00000000-0000-7000-8000-00000000dead', 'p', 'risk', '', '{}', 'test');"
        "insert into escalation_policy_version (policy_id, version, recorded_by, name, team, definition, reason)"
        " select id, n, 'test', name, team, case n when 1 then '{{}}' else definition end, '' from escalation_policy,"
        " generate_series(1, 2) as n;"
        "insert into page (policy_id, policy_version, subject_kind, subject_id, title, severity, link, team,"
        " started_at, started_by, waits_since, next_at) select policy_id, version, 'thing', version::text,"
        " case version when 1 then 'poison' else 'good' end, 'P1', '', 'risk', now(), 'test', now(), now()"
        " from escalation_policy_version;".format('{"steps": [{"afterMinutes": 0, "targets": [], "tellTeam": true}]}'),
        "select p.title = 'good' from page_call as c join page as p on p.id = c.page_id",
    ),
    "on-call swaps": Case(
        "insert into schedule (name, team, zone, updated_by) values ('s', 'risk', 'UTC', 'test');"
        "insert into swap_request (schedule_id, person, starts_at, ends_at, reason, requested_by)"
        " select id, p, now(), now() + '1 h'::interval, '', 'test' from schedule, unnest(array['poison', 'good']) as p;"
        + TRIP.format("swap_request"),
        "select person = 'good' from swap_request where state = 'lapsed'",
    ),
    "cover of on-call": Case(
        "insert into schedule (name, team, zone, updated_by) select n, 'risk', 'UTC', 'test'"
        " from unnest(array['poison', 'good']) as n;"
        "insert into schedule_revision (schedule_id, revision, recorded_at, effective_at, recorded_by, reason,"
        ' definition) select id, 1, now(), now(), \'test\', \'\', \'{"cover": {"zone": "UTC"}, "layers": [{"name": "l",'
        ' "seats": [[]], "zone": "UTC", "anchor": "2026-01-05T00:00"}]}\' from schedule;' + TRIP.format("alert"),
        "select title like 'good%' from alert where source = 'oncall.cover'",
    ),
    "launch polls": Case(
        LAUNCHES + "update launch set roll = '5' where title = 'poison'; insert into launch_poll (launch_id, round,"
        " question, opened_by, opened_at) select id, 1, title, 'test', case title when 'poison' then now() else"
        " clock_timestamp() end from launch; insert into launch_evidence (poll_id, key, number, stale_after,"
        " evaluated_at, verdict, binds) select id, 'record', 1, 60, now() - '1 h'::interval, 'unknown', '{}'"
        " from launch_poll;",
        "select p.question = 'good' from launch_evidence as e join launch_poll as p on p.id = e.poll_id"
        " where e.evaluated_at > now() - '1 min'::interval",
    ),
    "overdue launch items": Case(
        LAUNCHES + "insert into launch_item (launch_id, key, number, category, description, owner_role, due, blocking,"
        " automatic, entry_criteria, evidence, criteria, depends_on) select id, title, 1, title, title, 'viewer',"
        " -8000, true, false, '', '[]', '{}', '{}' from launch;" + TRIP.format("alert"),
        "select title like 'good%' from alert where source = 'launch.checklist'",
    ),
    "launch records": Case(
        LAUNCHES + "insert into launch_poll (launch_id, round, question, opened_by, state, closed_at, verdict, sealed)"
        " select id, 1, title, 'test', 'closed', now(), 'GO', case title when 'poison' then '{}'::jsonb else"
        f" '{SEALED}' end from launch;",
        "select p.question = 'good' from launch_record as r join launch_poll as p on p.id = r.poll_id",
    ),
    "alert evaluation": Case(
        "insert into alert_rule (figure, title, comparison, value, range_days, severity, updated_by) values"
        " ('poison', 'bad', 'above', 1, 7, 'P1', 'test'), ('downloads.total', 'good', 'above', 1, 7, 'P1', 'test');",
        "select bool_or(r.title = 'good') from alert_watch as w join alert_rule as r on r.id = w.rule_id",
    ),
    "incident rules": Case(
        "insert into alert (id, version, valid_from, cause, title, severity, state, condition, raised_at, evaluated_at,"
        " guidance, runbook_url, source, key) select gen_random_uuid(), 1, now(), 'breached', t, 'P1', 'active',"
        " 'breached', now() - '1 h'::interval, now(), '', '', t, t from unnest(array['poison', 'good']) as t;"
        "insert into incident_rule (title, kind, minutes, alert_group, least_severity, severity, enabled, updated_by)"
        " select 'r', 'lasting', 5, t, 'P2', 'SEV3', true, 'test' from unnest(array['poison', 'good']) as t;"
        + TRIP.format("incident"),
        "select title = 'good' from incident",
    ),
    "incident updates": Case(
        INCIDENTS + TRIP.format("incident"),
        "select title = 'good' from incident where remind_at > now()",
    ),
    "incident reviews": Case(
        INCIDENTS + "insert into incident_action (incident_id, title, owner, due_on, created_by)"
        " select id, title, 'ada', '2026-01-01', 'test' from incident;" + TRIP.format("alert"),
        "select title = 'INC-0002: good is overdue' from alert where source = 'incidents.actions'",
    ),
    "own events": Case(
        "insert into audit_log (actor, action, resource_type, resource_id, after)"
        " select 'a', 'incidents.incident.opened', 'incident', t,"
        " case t when 'good' then jsonb_build_object('incidentId', t, 'severity', 'SEV1') end"
        " from unnest(array['poison', 'good']) as t;"
        " with seen as (select seq, xid, id, at, actor, action, resource_type, resource_id,"
        " row_number() over (order by seq) as n from audit_log)"
        " insert into audit_position (position, seq, id, at, actor, action, resource_type, resource_id)"
        " select n, seq, id, at, actor, action, resource_type, resource_id from seen",
        "select count(*) = 1 from event where event_name = 'Incident Opened'",
    ),
}

OF_NO_ROWS = {
    "proof of tax reports": "proves rows, and changes none of them",
    "rates of tax": "takes in what the program brings",
    "files of tax reports": "each report by itself: what cannot be kept is an alert",
    "acknowledgements of tax reports": "asks another system",
    "event days": "makes and drops whole days, whatever stands in their rows",
    "copies of keys": "all rows as they are",
    "keys wrapped anew": "a key that does not open is set aside by itself: see its own test",
    "days of consent": "one statement that sums",
    "privacy nodes that failed": "tells of rows, whatever they hold, and changes none of them",
    "erasures after a restore": "leaves out nothing that is in the ledger: an alert says what cannot be read",
    "erasures replayed": "as after a restore",
    "retention": "removes rows by their age alone, whatever they hold",
    "sign of life": "reads one figure and asks one address, whatever stands in any row",
    "access in outside systems": "asks systems: test_one_system_costs_the_others_nothing",
    "rollup fold": "adds up numbers that one statement of ours has written",
    "audit relay": "numbers rows, whatever they hold",
    "audit seal": "may leave nothing out: test_what_cannot_be_sealed_is_said_by_health",
    "backup watch": "looks at times of its own",
    "sample events": "makes up its events",
    "sample trade": "makes up its rows",
    "published runbooks": "leaves out what cannot be read: test_a_runbook_that_cannot_be_read_is_left_out",
}


def test_every_tick_is_looked_at(settings: Settings) -> None:
    assert {tick.name for tick in ticks(settings)} <= CASES.keys() | OF_NO_ROWS.keys()


@pytest.mark.expects_errors("a row was set aside")
@pytest.mark.parametrize("name", CASES)
async def test_a_poisoned_row_costs_the_others_nothing(
    settings: Settings, owner_url: str, open_database: Any, name: str
) -> None:
    (tick,) = (each for each in ticks(settings) if each.name == name)
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(CASES[name].setup)  # type: ignore[call-overload]
    before = SET_ASIDE.labels(name)._value.get()
    async with open_database() as database:
        await tick.turn(database, settings)
        await tick.turn(database, settings)
    with psycopg.connect(owner_url) as connection:
        assert connection.execute(CASES[name].done).fetchone() == (True,)  # type: ignore[call-overload]
    assert SET_ASIDE.labels(name)._value.get() > before


def _principal(user_id: str, name: str) -> Principal:
    identity = Identity(user_id, name, "oidc", datetime.now(UTC))
    return Principal(user_id, name, (), (), frozenset(), identity)


@pytest.mark.expects_errors("a row was set aside")
async def test_usage_is_written_for_the_others(open_database: Any, owner_url: str) -> None:
    usage = Usage()
    for user_id, name in (("a", "Nul\0Name"), ("b", "Bob"), ("c", "Half\ud800")):
        usage.see(_principal(user_id, name))
        usage.note(_principal(user_id, name), Permission.VIEW_AUDIT)
    async with open_database() as database:
        await usage.write(database)
        usage.see(_principal("d", "Dan"))
        await usage.write(database)
    with psycopg.connect(owner_url) as connection:
        assert connection.execute("select user_id from principal_seen order by 1").fetchall() == [("b",), ("d",)]


@pytest.mark.expects_errors("usage was not written")
async def test_the_writer_of_usage_goes_on_after_anything(open_database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.access.usage.actions.WRITE_SECONDS", 0.01)
    usage, written = Usage(), asyncio.Event()
    turns = iter([RuntimeError("no"), None])

    async def write(_database: Database) -> None:
        if (trouble := next(turns, None)) is not None:
            raise trouble
        written.set()

    monkeypatch.setattr(usage, "write", write)
    async with open_database() as database, Background().running("usage", usage.keep_writing(database)):
        await asyncio.wait_for(written.wait(), 20)


@pytest.mark.expects_errors("background work has stopped")
def test_health_says_what_has_stopped(api: Api, owner_url: str) -> None:
    async def fall_over() -> None:
        raise RuntimeError("poison")

    async def stopped() -> tuple[str, ...]:
        background = Background()
        async with background.running("usage", fall_over()):
            while not background.stopped:
                await asyncio.sleep(0)
            return background.stopped

    assert asyncio.run(stopped()) == ("usage",)
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(
            "insert into heartbeat (name, at, stopped) values ('worker', now(), array['rollup fold'])"
            " on conflict (name) do update set at = excluded.at, stopped = excluded.stopped"
        )
    answer = httpx.get(f"{api.base_url}/readyz")
    assert answer.status_code == 503
    details = {check["name"]: check for check in answer.json()["checks"]}
    assert "stopped: rollup fold" in details["worker"]["detail"]
    assert details["background"]["ok"]


async def test_a_tick_that_does_not_get_through_is_told(
    settings: Settings, open_database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = Progress()

    async def never(_database: Database, _settings: Settings) -> None:
        """Does not matter."""

    progress.begin(Tick("rollup fold", 1.0, never))
    now = time.monotonic() + STOPPED_SECONDS + 1
    monkeypatch.setattr("backend.runtime.worker.time.monotonic", lambda: now)
    progress.note(Tick("audit relay", 1.0, never))
    async with open_database() as database:
        await progress.beat(database, settings)
        async with database.read() as connection:
            row = await (await connection.execute(health.queries.readiness)).fetchone()
    assert row is not None
    assert row[2] == ["rollup fold"]


@pytest.mark.expects_errors("turn failed")
def test_what_cannot_be_sealed_is_said_by_health(log: Log, open_database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    log.grow(2)
    log.tamper(
        "insert into audit_log (actor, action, resource_type, resource_id)"
        " select 'ada', 'test.thing.done', 'thing', t from unnest(array['poison', 'good']) as t"
    )
    (tick,) = (each for each in ticks(log.settings) if each.name == "audit seal")
    progress = Progress()

    async def run() -> list[str]:
        turned = asyncio.Event()

        async def turn(database: Database, settings: Settings) -> None:
            try:
                await tick.turn(database, settings)
            finally:
                turned.set()

        async with open_database() as database:
            await all_stamped(database, log.settings)
            log.tamper("delete from audit_log where resource_id = 'poison'")
            work = repeat(Tick(tick.name, tick.seconds, turn), database, log.settings, progress)
            async with Background().running(tick.name, work):
                await asyncio.wait_for(turned.wait(), 20)
                later = time.monotonic() + STOPPED_SECONDS + 1
                monkeypatch.setattr("backend.runtime.worker.time.monotonic", lambda: later)
                await progress.beat(database, log.settings)
            async with database.read() as connection:
                row = await (await connection.execute(health.queries.readiness)).fetchone()
        assert row is not None
        return list(row[2])

    assert asyncio.run(run()) == ["audit seal"]


@pytest.mark.expects_errors("a row was set aside")
async def test_one_system_costs_the_others_nothing(settings: Settings, open_database: Any, owner_url: str) -> None:
    class System:
        def __init__(self, trouble: Exception | None) -> None:
            self._trouble = trouble

        def read(self) -> frozenset[ReportedAccess]:
            if self._trouble is not None:
                raise self._trouble
            return frozenset({ReportedAccess("ada", "owner")})

    source = AccessSource(file=Path("unused"), roles={"owner": "viewer"})
    watched = settings.model_copy(update={"access_reports": {"poison": source, "good": source}})
    systems = {"poison": System(RuntimeError("nobody thought of this")), "good": System(None)}
    async with open_database() as database:
        await check(database, watched, systems)
    with psycopg.connect(owner_url) as connection:
        assert connection.execute("select system from access_report").fetchall() == [("good",)]
