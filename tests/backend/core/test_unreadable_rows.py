"""A stored row that no longer fits the contract is left out of its list and named: the others are there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from pydantic import ValidationError

from backend.audit.relay import queries as audit_queries
from backend.core.metrics import UNREADABLE
from backend.core.problems import ProblemError
from backend.core.rows import Unreadable, read_row, the_one
from models.access import AccessReport
from models.core.permissions import Permission
from tests.backend.core.fixtures import OPERATIONS, Site

FROM, TO = "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"
WINDOW = f"from={quote(FROM)}&to={quote(TO)}"
A_RUNBOOK = "00000000-0000-7000-8000-0000000000b0"
INCIDENT = "0198c0de-0000-7000-8000-0000000000aa"
A_LIST = "/api/risk/lists/good/entries"
ONCALL = f"{OPERATIONS}/oncall"
GOOD_ID, BAD_ID = "00000000-0000-7000-8000-00000000600d", "00000000-0000-7000-8000-00000000dead"
A_LAUNCH = "00000000-0000-7000-8000-00000000cafe"
A_LESSON = '{"key": "k", "category": "c", "description": "d", "ownerRole": "viewer", "due": -5}'
SCHEMAS = (
    "insert into event_schema (event_name, event_key, version, state, description, owners, properties,"
    " additional_properties, created_by) select t, t, 1 as version, 'retired', 'd', '{ada}', '[]', true, 'test'"
    " from unnest(array['poison', 'good']) as t"
)
IDS = {
    "event_name": "of one",
    "launch_id": A_LAUNCH,
    "name": "approval.waiting",
    "list_id": "good",
    "runbook_id": A_RUNBOOK,
    "schedule_id": GOOD_ID,
    "policy_id": GOOD_ID,
    "incident_id": INCIDENT,
    "report_id": "00000000-0000-7000-8000-0000000000c0",
}
HELD = ("items", "reports", "schedules", "rosters", "people")
"""What an answer calls its rows."""


@dataclass(frozen=True)
class Case:
    """How a list gets a good row and a poisoned one, which lacks what it must have."""

    setup: str
    table: str
    column: str
    where: str
    query: str = ""


TAX, A_REPORT = "/api/reporting/tax", "00000000-0000-7000-8000-0000000000c0"

CASES = {
    f"{TAX}/regions": Case(
        "insert into tax_registration (region, regime, name, number, home, zone, period, currency, begins, owner)"
        " select t, 'eu-oss', t, '1', 'ES', 'UTC', 'quarter', 'EUR', '2024-01-01', 'finance-analyst'"
        " from unnest(array['poison', 'good']) as t",
        "tax_registration", "name", "region = 'poison'",
    ),
    TAX: Case(
        "insert into tax_report (id, region, period_start, period_end, due_on, currency, generated_by)"
        f" select case t when 'good' then '{A_REPORT}' else uuidv7() end, 'good',"
        " make_date(2023 + length(t), 1, 1), make_date(2023 + length(t), 3, 31), '2024-04-30', 'EUR', t"
        " from unnest(array['poison', 'good']) as t",
        "tax_report", "due_on", "generated_by = 'poison'",
    ),
    f"{TAX}/{{report_id}}/findings": Case(
        f"insert into tax_finding (report_id, n, what, blocking, words) select '{A_REPORT}', length(t), 'not_paid',"
        " false, t from unnest(array['poison', 'good']) as t",
        "tax_finding", "words", "words = 'poison'",
    ),
    f"{TAX}/{{report_id}}/orders": Case(
        "insert into tax_cell (source, bucket, region, state, kind, rate, currency, tax_month, event_month) values"
        " ('order', 'taxed', 'good', 'DE', 'standard', 19, 'EUR', '2027-02-01', '2027-02-01');"
        "insert into tax_fact select length(t), t, t, '2027-02-01', '2027-02-01', c.id, 1, 1"
        " from tax_cell as c, unnest(array['poison', 'good']) as t; update tax_report set cut = 10",
        "tax_fact", "order_id", "source_id = 'poison'", "state=DE&period=2027-01-01",
    ),
    "/api/privacy/access-requests": Case(
        "insert into privacy_request (type, source, channel, jurisdiction, received_at, clock_from, due_on, due_at,"
        " internal_at, created_by) select 'access', 'shop', 'form', 'gdpr', now(), now(), now(), now(), now(), t"
        " from unnest(array['poison', 'good']) as t",
        "privacy_request", "channel", "created_by = 'poison'",
    ),
    "/api/privacy/jurisdictions": Case("", "privacy_jurisdiction", "law", "code = 'lgpd'"),
    "/api/privacy/policies": Case(
        "insert into privacy_policy (title, changes, url, requires_acknowledgement, published_by)"
        " select t, 'c', 'https://shop.example', false, 'test' from unnest(array['poison', 'good']) as t",
        "privacy_policy", "changes", "title = 'poison'",
    ),
    f"{OPERATIONS}/alert-rules": Case(
        "insert into alert_rule (figure, title, comparison, value, range_days, severity, updated_by)"
        " select 'orders.total', t, 'above', 1, 7, 'P1', 'test' from unnest(array['poison', 'good']) as t",
        "alert_rule", "guidance", "title = 'poison'",
    ),
    f"{OPERATIONS}/alerts": Case(
        "insert into alert (id, version, valid_from, cause, title, severity, state, condition, raised_at, evaluated_at,"
        " guidance, runbook_url, source, key) select gen_random_uuid(), 1, now() - '1 h'::interval, 'breached', t,"
        " 'P1', 'active', 'breached', now() - '1 h'::interval, now() - '1 h'::interval, '', '', 'test', t"
        " from unnest(array['poison', 'good']) as t",
        "alert", "condition", "title = 'poison'",
    ),
    f"{OPERATIONS}/audit": Case(
        "insert into audit_log (actor, action, resource_type, resource_id)"
        " select 'test', 'test.done', 'thing', t from unnest(array['poison', 'good']) as t",
        "audit_log", "action", "resource_id = 'poison'",
    ),
    f"{OPERATIONS}/backups": Case(
        "insert into backup_run (started_at, finished_at, scheduled, state, file, detail)"
        " select now() - '1 h'::interval, now() - '1 h'::interval, true, 'failed', t, '' from unnest(array['poison',"
        " 'good']) as t",
        "backup_run", "scheduled", "file = 'poison'",
    ),
    f"{OPERATIONS}/launch-templates": Case(
        "insert into launch_template (key, version, content, created_by)"
        " select t, 1, '{\"title\": \"t\", \"items\": [], \"roll\": []}', 'test'"
        " from unnest(array['poison', 'good']) as t",
        "launch_template", "created_by", "key = 'poison'",
    ),
    f"{OPERATIONS}/launches": Case(
        "insert into launch (id, title, short_title, zone, planned_zero_at, template_key, template_version, roll,"
        " points, criteria, created_by) select id::uuid, t, t, 'UTC', now() + n, 'product-launch', 1, '[]', '[]', '[]',"
        f" 'test' from (values ('poison', gen_random_uuid()::text, '1 h'::interval), ('good', '{A_LAUNCH}', '2 h'))"
        " as v (t, id, n); insert into launch_clock_event (launch_id, seq, at, kind, reading, by)"
        f" values ('{A_LAUNCH}', 1, now() - '1 h'::interval, 'set', -9000, 'test')",
        "launch", "short_title", "title = 'poison'",
    ),
    f"{OPERATIONS}/launches/{{launch_id}}/polls": Case(
        "insert into launch_poll (launch_id, round, question, opened_by, state, closed_at, verdict, sealed)"
        f" select '{A_LAUNCH}', n, t, 'test', 'closed', now(), 'GO', '{{}}'"
        " from (values ('poison', 1), ('good', 2)) as v (t, n)",
        "launch_poll", "question", "question = 'poison'",
    ),
    f"{OPERATIONS}/launches/{{launch_id}}/lessons": Case(
        "insert into launch_lesson (launch_id, item, reason, by)"
        f" select '{A_LAUNCH}', '{A_LESSON}', t, 'test' from unnest(array['poison', 'good']) as t",
        "launch_lesson", "reason", "reason = 'poison'",
    ),
    f"{OPERATIONS}/checklist": Case(
        "insert into launch_item (launch_id, key, number, category, description, owner_role, due, blocking, automatic,"
        f" entry_criteria, evidence, criteria, depends_on) select '{A_LAUNCH}', t, n, t, t, 'viewer', -5, true, false,"
        " '', '[]', '{}', '{}' from (values ('poison', 1), ('good', 2)) as v (t, n)",
        "launch_item", "category", "key = 'poison'",
    ),
    f"{OPERATIONS}/orders": Case(
        f"insert into orders (id, placed_at, currency, minor) select t, '{TO}', 'EUR', 5"
        " from unnest(array['poison', 'good']) as t",
        "orders", "currency", "id = 'poison'", WINDOW,
    ),
    f"{OPERATIONS}/refunds": Case(
        f"insert into refunds (id, refunded_at, currency, minor) select t, '{TO}', 'EUR', 5"
        " from unnest(array['poison', 'good']) as t",
        "refunds", "currency", "id = 'poison'", WINDOW,
    ),
    f"{OPERATIONS}/downloads": Case(
        f"insert into downloads (id, downloaded_at, product, succeeded) select t, '{TO}', 'p', true"
        " from unnest(array['poison', 'good']) as t",
        "downloads", "product", "id = 'poison'", WINDOW,
    ),
    f"{OPERATIONS}/community": Case(
        f"insert into community_reading (id, metric, observed_at, value) select t, 'discord', '{TO}', 5"
        " from unnest(array['poison', 'good']) as t",
        "community_reading", "value", "id = 'poison'", WINDOW,
    ),
    f"{OPERATIONS}/rbac/approvals": Case(
        "insert into approval (kind, title, subject_type, subject_id, details, reason, permission, needs, requested_by,"
        " ends_at) select 'rbac.grant', t, 'role', t, '{\"userId\": \"x\", \"roleId\": \"viewer\"}', 'r',"
        " 'operations.manage_roles', 1, 'ada', now() + '1 h'::interval from unnest(array['poison', 'good']) as t",
        "approval", "reason", "title = 'poison'",
    ),
    f"{OPERATIONS}/rbac/assignments": Case(
        "insert into role_assignment (user_id, role_id, granted_by)"
        " select t, 'viewer', 'test' from unnest(array['poison', 'good']) as t",
        "role_assignment", "break_glass", "user_id = 'poison'",
    ),
    f"{OPERATIONS}/rbac/drift": Case(
        "insert into access_report (system, read_at, entries) values ('poison', now(), 1), ('good', now(), 1)",
        "access_report", "entries", "system = 'poison'",
    ),
    f"{OPERATIONS}/rbac/hints": Case(
        "insert into role_definition (id, name, permissions, updated_by)"
        f" select t, t, array['{Permission.VIEW_AUDIT}'], 'test' from unnest(array['poisoned', 'fine']) as t;"
        "insert into role_assignment (user_id, role_id, granted_by, granted_at)"
        " select 'hinted', t, 'test', now() - '100 days'::interval from unnest(array['poisoned', 'fine']) as t;"
        "insert into permission_use values ('somebody', 'x', now() - '99 days'::interval)",
        "role_definition", "name", "id = 'poisoned'",
    ),
    f"{OPERATIONS}/rbac/people": Case(
        "insert into principal_seen (user_id, name, kind, last_seen)"
        " select t, t, 'oidc', now() from unnest(array['poison2', 'good2']) as t;"
        "insert into role_assignment (user_id, role_id, granted_by) values ('poison2', 'poisoned', 'test')",
        "role_definition", "name", "id = 'poisoned'",
    ),
    f"{OPERATIONS}/rbac/reviews": Case(
        "insert into access_review (assignment_id)"
        " select id from role_assignment where user_id in ('poison', 'good', 'hinted')",
        "access_review", "version", "assignment_id in (select id from role_assignment where user_id = 'good')",
    ),
    f"{OPERATIONS}/rbac/roles": Case(
        "insert into role_definition (id, name, permissions, updated_by) values ('poison', 'poison', '{}', 'test')",
        "role_definition", "permissions", "id = 'poison'",
    ),
    f"{OPERATIONS}/runbooks": Case(
        "insert into runbook (id, slug, title, owner, review_by, text, steps, updated_by)"
        f" select case t when 'good' then '{A_RUNBOOK}'::uuid else uuidv7() end, t, t, 'viewer', '2027-01-01', 'x',"
        " '{look}', 'test' from unnest(array['poison', 'good']) as t",
        "runbook", "updated_by", "slug = 'poison'",
    ),
    f"{OPERATIONS}/runbooks/{{runbook_id}}/versions": Case(
        "insert into runbook_version (runbook_id, version, title, owner, review_by, alerts, services, text, steps,"
        " retired, reason, updated_at, updated_by) select id, n, title, owner, review_by, alerts, services, text,"
        " steps, retired, reason, updated_at, updated_by from runbook, generate_series(1, 2) as n"
        f" where id = '{A_RUNBOOK}'",
        "runbook_version", "updated_by", "version = 1",
    ),
    f"{OPERATIONS}/runbooks/{{runbook_id}}/runs": Case(
        "insert into runbook_run (runbook_id, runbook_version, incident_id, started_by)"
        f" select '{A_RUNBOOK}', 2, t, 'test' from unnest(array['poison', 'good']) as t",
        "runbook_run", "started_by", "incident_id = 'poison'",
    ),
    "/api/deliveries/connections": Case(
        "insert into connection (name, kind, settings, updated_by)"
        " select t, 'webhook', '{\"kind\": \"webhook\", \"url\": \"https://x.example\"}', 'test'"
        " from unnest(array['poison', 'good']) as t;"
        "insert into connection_health (connection_id) select id from connection;"
        "insert into lane (connection_id, source)"
        " select id, s from connection, unnest(array['log', 'commands']) as s",
        "connection", "updated_by", "name = 'poison'",
    ),
    "/api/deliveries/contacts": Case(
        "insert into contact_method (user_id, address)"
        " select 'administrator', t || '@x.example' from unnest(array['poison', 'good']) as t",
        "contact_method", "address", "address = 'poison@x.example'",
    ),
    "/api/deliveries/letters": Case(
        "insert into shop_command (name, about, data, state, ended_at)"
        " select 'order.refund', t, '{}', 'dead', now() from unnest(array['poison', 'good']) as t",
        "shop_command", "words", "about = 'poison'",
    ),
    "/api/deliveries/templates": Case(
        "insert into message_template (name, version, subject, text, updated_by)"
        " select t, 2, 's', 't', 'test' from unnest(array['alert.raised', 'alert.resolved']) as t",
        "message_template", "text", "name = 'alert.raised'",
    ),
    f"{ONCALL}/schedules": Case(
        "insert into schedule (id, name, team, zone, updated_by)"
        f" values ('{GOOD_ID}', 'good', 'risk', 'UTC', 'test'), ('{BAD_ID}', 'poison', 'risk', 'UTC', 'test');"
        "insert into schedule_revision (schedule_id, revision, recorded_at, effective_at, recorded_by, reason,"
        " definition) select id, 1, '2026-01-01Z', '2026-01-01Z', 'test', '',"
        " '{\"layers\": [{\"name\": \"l\", \"zone\": \"UTC\","
        " \"seats\": [[\"ada\"]], \"anchor\": \"2026-01-05T00:00\"}]}' from schedule where team = 'risk'",
        "schedule", "updated_by", "name = 'poison'",
    ),
    f"{ONCALL}/now": Case("", "schedule_revision", "definition", f"schedule_id = '{BAD_ID}'"),
    f"{ONCALL}/roster": Case("", "schedule_revision", "definition", f"schedule_id = '{BAD_ID}'", WINDOW),
    f"{ONCALL}/load": Case("", "schedule_revision", "definition", f"schedule_id = '{BAD_ID}'", WINDOW),
    f"{ONCALL}/schedules/{{schedule_id}}/revisions": Case(
        "insert into schedule_revision select schedule_id, 2, recorded_at, effective_at, recorded_by, 'poison',"
        f" definition from schedule_revision where schedule_id = '{GOOD_ID}'",
        "schedule_revision", "recorded_by", "reason = 'poison'",
    ),
    f"{ONCALL}/schedules/{{schedule_id}}/overrides": Case(
        "insert into schedule_override (schedule_id, starts_at, ends_at, people, instead_of, recorded_at, recorded_by,"
        f" reason) select '{GOOD_ID}', '2026-01-02Z', '2026-01-03Z', '{{}}', 'everybody', '2026-01-02Z', 'test', t"
        " from unnest(array['poison', 'good']) as t",
        "schedule_override", "recorded_by", "reason = 'poison'",
    ),
    f"{ONCALL}/swaps": Case(
        "insert into swap_request (schedule_id, person, starts_at, ends_at, reason, requested_by)"
        f" select '{GOOD_ID}', t, now(), now() + '1 h'::interval, '', 'test' from unnest(array['poison', 'good']) as t",
        "swap_request", "comment", "person = 'poison'",
    ),
    f"{ONCALL}/policies": Case(
        "insert into escalation_policy (id, name, team, description, definition, updated_by) select i::uuid, n,"
        " 'risk', '', '{\"steps\": [{\"afterMinutes\": 0, \"targets\": [], \"tellTeam\": true}]}', 'test'"
        f" from unnest(array['{GOOD_ID}', '{BAD_ID}'], array['good', 'poison']) as p (i, n)",
        "escalation_policy", "updated_by", "name = 'poison'",
    ),
    f"{ONCALL}/policies/{{policy_id}}/versions": Case(
        "insert into escalation_policy_version (policy_id, version, recorded_by, name, team, definition, reason)"
        " select id, n, 'test', name, team, definition, n::text from escalation_policy, generate_series(1, 2) as n",
        "escalation_policy_version", "recorded_by", "reason = '2'",
    ),
    f"{ONCALL}/pages": Case(
        "insert into page (policy_id, policy_version, subject_kind, subject_id, title, severity, link, team,"
        f" started_at, started_by) select '{GOOD_ID}', 1, 'thing', t, t, 'P1', '', 'risk', now(), 'test'"
        " from unnest(array['poison', 'good']) as t",
        "page", "link", "title = 'poison'",
    ),
    f"{ONCALL}/feeds": Case(
        "insert into calendar_feed (person, purpose, secret_hash, last_four, created_by)"
        " select 'ada', t, sha256(t::bytea), '1234', 'test' from unnest(array['poison', 'good']) as t",
        "calendar_feed", "last_four", "purpose = 'poison'",
    ),
    "/api/deliveries/templates/{name}/versions": Case(
        "insert into message_template (name, version, subject, text, updated_by)"
        " select 'approval.waiting', n, 's', 't', 'test' from generate_series(2, 3) as n",
        "message_template", "text", "name = 'approval.waiting' and version = 3",
    ),
    "/api/risk/backtests": Case(
        "insert into risk_backtest (rules, placed_from, placed_to, circumstances, asked_by)"
        " select '[]', now(), now(), 'today', t from unnest(array['poison', 'good']) as t",
        "risk_backtest", "circumstances", "asked_by = 'poison'",
    ),
    "/api/risk/breakers": Case(
        "insert into risk_breaker (rule_id, words) select t, 'w' from unnest(array['poison', 'good']) as t",
        "risk_breaker", "words", "rule_id = 'poison'",
    ),
    "/api/risk/lists": Case(
        "insert into risk_list (id, title, kind, metric)"
        " select t, t, 'custom', 'email' from unnest(array['poison', 'good']) as t",
        "risk_list", "title", "id = 'poison'",
    ),
    "/api/risk/lists/{list_id}/entries": Case(
        "insert into risk_list_entry (list_id, value, reason, added_by)"
        " select 'good', t, 'r', 'test' from unnest(array['poison', 'fine']) as t",
        "risk_list_entry", "reason", "value = 'poison'",
    ),
    "/api/risk/queue": Case(
        "insert into risk_order (id, source, placed_at, minor, currency)"
        " select t, 'check', now(), 1, 'EUR' from unnest(array['poison', 'good']) as t;"
        "insert into risk_entry (order_id, score, action, triggered, placed_at, currency, minor, due_at)"
        " select t, 1, 'review', '{}', now(), 'EUR', 1, now() from unnest(array['poison', 'good']) as t",
        "risk_entry", "currency", "order_id = 'poison'",
    ),
    "/api/risk/intents": Case(
        "insert into shop_command (name, about, data, state, ended_at)"
        " select 'order.release', 'of ' || order_id, '{}', 'dead', now() from risk_entry;"
        "insert into risk_intent (id, entry_id, order_id, kind, minor, currency)"
        " select c.id, e.id, order_id, 'release', 1, 'EUR' from risk_entry as e"
        " join shop_command as c on c.about = 'of ' || e.order_id",
        "shop_command", "reached", "about = 'of poison'",
    ),
    "/api/risk/reports": Case(
        "insert into risk_report (month, figures, generated_by)"
        " values ('2026-10-01', '{}', 'poison'), ('2026-09-01', '{}', 'good')",
        "risk_report", "generated_at", "generated_by = 'poison'",
    ),
    "/api/risk/rule-sets": Case(
        "insert into risk_rule_set (title, state, rules, author)"
        " select t, 'draft', '[]', 'ada' from unnest(array['poison', 'good']) as t",
        "risk_rule_set", "author", "title = 'poison'",
    ),
    "/api/risk/snoozes": Case(
        "insert into risk_snooze (rule_id, subject, value, until, reason, created_by)"
        " select 'r', 'email', t, now() + '1 h'::interval, 'r', 'test' from unnest(array['poison', 'good']) as t",
        "risk_snooze", "reason", "value = 'poison'",
    ),
    f"{OPERATIONS}/incidents": Case(
        "insert into incident (id, title, severity, description, started_at, detected_at, origin, review_required,"
        f" created_by) select case t when 'good' then '{INCIDENT}' else uuidv7() end, t, 'SEV3', 'd',"
        " now() - '1 h'::interval, now() - '1 h'::interval, 'manual', false, 'test'"
        " from unnest(array['poison', 'good']) as t",
        "incident", "description", "title = 'poison'",
    ),
    f"{OPERATIONS}/incidents/rules": Case(
        "insert into incident_rule (title, kind, minutes, least_severity, severity, enabled, updated_by)"
        " select t, 'lasting', 5, 'P2', 'SEV3', true, 'test' from unnest(array['poison', 'good']) as t",
        "incident_rule", "title", "title = 'poison'",
    ),
    f"{OPERATIONS}/incidents/{{incident_id}}/alerts": Case(
        "insert into incident_alert (incident_id, alert_id, attached_by)"
        f" select '{INCIDENT}', id, 'test' from alert where source = 'test'",
        "alert", "condition", "title = 'poison'",
    ),
    f"{OPERATIONS}/incidents/{{incident_id}}/timeline": Case(
        "insert into audit_log (actor, action, resource_type, resource_id, reason)"
        f" select 'test', 'incidents.note.written', 'incident', '{INCIDENT}', t"
        " from unnest(array['poison', 'good']) as t",
        "audit_log", "actor", "reason = 'poison'", "own=true",
    ),
    f"{OPERATIONS}/incidents/{{incident_id}}/updates": Case(
        "insert into incident_update (incident_id, number, phase, text, severity, status, channels, posted_by)"
        f" select '{INCIDENT}', length(t), 'identified', t, 'SEV3', 'detected', '{{}}', 'test'"
        " from unnest(array['poison', 'good']) as t",
        "incident_update", "text", "text = 'poison'",
    ),
    f"{OPERATIONS}/incidents/reviews": Case(
        "insert into incident_review (incident_id, author, editors)"
        " select id, title, '{}' from incident where title in ('poison', 'good')",
        "incident_review", "author", "author = 'poison'",
    ),
    f"{OPERATIONS}/incidents/actions": Case(
        "insert into incident_action (incident_id, title, owner, due_on, created_by)"
        f" select '{INCIDENT}', t, 'ada', '2026-12-01', 'test' from unnest(array['poison', 'good']) as t",
        "incident_action", "title", "title = 'poison'",
    ),
    "/api/analytics/events": Case(
        SCHEMAS,
        "event_schema", "owners", "event_name = 'poison'",
    ),
    "/api/analytics/schema/{event_name}": Case(
        SCHEMAS.replace("poison", "of one").replace("good", "of one").replace("1 as", "row_number() over () as"),
        "event_schema", "created_by", "event_name = 'of one' and version = 1",
    ),
    "/api/analytics/violations": Case(
        "insert into violation_group (event_name, class, pointer, schema_version, producer, app_version, environment,"
        " rule, first_seen) select t, 'type', '/a', 1, 'web', '1', 'Test', 'r', now()"
        " from unnest(array['poison', 'good']) as t;"
        " insert into violation_day (group_id, day, shard, count, last_seen)"
        " select id, current_date, 0, 1, now() from violation_group",
        "violation_group", "rule", "event_name = 'poison'",
    ),
    "/api/analytics/quarantine": Case(
        "insert into event_quarantine (id, kind, event_name, class, pointer, rule, producer, app_version, environment,"
        " body) select uuidv7(), 'track', t, 'type', '/a', 'r', 'web', '1', 'Test', ''"
        " from unnest(array['poison', 'good']) as t",
        "event_quarantine", "rule", "event_name = 'poison'",
    ),
    "/api/analytics/radius": Case(
        "insert into event_radius (event_name, schema_version, revision, days, asked_by)"
        " select t, 1, 1, 7, 'test' from unnest(array['poison', 'good']) as t",
        "event_radius", "asked_by", "event_name = 'poison'",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def walked(site: Site) -> Site:
    """Every list has what it holds, then all of them are poisoned at once."""
    with psycopg.connect(site.owner_url, autocommit=True) as connection:
        for case in CASES.values():
            if case.setup:
                connection.execute(case.setup)  # type: ignore[call-overload]
        while connection.execute(audit_queries.lag).fetchone() != (0.0,):
            connection.execute(audit_queries.stamp)
        connection.execute("alter table audit_log disable trigger user")
        for case in CASES.values():
            connection.execute(
                f"alter table {case.table} alter column {case.column} drop not null;"  # type: ignore[call-overload]
                f"update {case.table} set {case.column} = null where {case.where}"
            )
    return site


def _lists(document: dict[str, Any]) -> Iterator[str]:
    for path, methods in document["paths"].items():
        content = methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
        if "leftOut" in document["components"]["schemas"].get(schema, {}).get("properties", {}):
            yield path


def test_every_list_is_looked_at(site: Site) -> None:
    assert set(_lists(site.document)) == CASES.keys()


@pytest.mark.expects_errors("a row was left out of a list")
@pytest.mark.parametrize("path", CASES)
def test_one_bad_row_costs_the_others_nothing(walked: Site, path: str) -> None:
    query, before = CASES[path].query, _unreadable()
    answer = walked.send("GET", f"{path.format(**IDS)}?{query}")
    assert answer.status_code == 200, answer.text
    whole = answer.json()
    assert whole["leftOut"] >= 1
    assert any(whole.get(name) for name in HELD)
    assert _unreadable() > before
    if not any(each["name"] == "cursor" for each in walked.document["paths"][path]["get"].get("parameters", ())):
        return
    # A page that would hold the bad row alone leads on.
    items, left_out, cursor = [], 0, ""
    while True:
        answer = walked.send("GET", f"{path.format(**IDS)}?{query}&limit=1{cursor}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        left_out += page["leftOut"]
        if page["nextCursor"] is None:
            break
        cursor = f"&cursor={page['nextCursor']}"
    assert (items, left_out) == (whole["items"], whole["leftOut"])


@pytest.mark.expects_errors("a row was left out of a list")
def test_the_dashboard_shows_the_other_alerts(walked: Site) -> None:
    answer = walked.send("GET", f"{OPERATIONS}/dashboard")
    assert answer.status_code == 200, answer.text
    assert "good" in {alert["title"] for alert in answer.json()["alerts"]}


def _unreadable() -> float:
    return sum(sample.value for metric in UNREADABLE.collect() for sample in metric.samples if "total" in sample.name)


@pytest.mark.expects_errors("a row was left out of a list")
def test_a_row_is_named_once_and_what_stands_there_is_not(caplog: pytest.LogCaptureFixture) -> None:
    row = {"system": "door-1", "read_at": "jane@customer.example", "entries": 1, "problem": None}
    for _ in range(2):
        assert isinstance(read_row(AccessReport, row), Unreadable)
    (told,) = [record.getMessage() for record in caplog.records]
    assert "door-1" in told
    assert "read_at" in told
    assert "jane" not in told


@pytest.mark.expects_errors("a row was left out of a list")
def test_whoever_asks_for_the_bad_one_is_not_told_that_there_is_none() -> None:
    row = read_row(AccessReport, {"system": "door-2"})
    with pytest.raises(ValidationError):
        the_one([row], "There is none.")
    with pytest.raises(ProblemError, match="There is none"):
        the_one([], "There is none.")
