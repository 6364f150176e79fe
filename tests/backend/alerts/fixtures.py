"""A rule, and an alert of it, as several tests use them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg

from models.alerts import AlertRule
from tests.conftest import Api

RULE = {
    "figure": "downloads.failureRate",
    "title": "Downloads failing over limit",
    "comparison": "above",
    "value": 0.02,
    "severity": "P2",
    "guidance": "Look.\nAct.",
    "runbookUrl": "https://runbooks.example/downloads",
    "rangeDays": 1,
}

INSERT = """
insert into alert (id, version, valid_from, rule_id, cause, figure, title, severity, state, condition, raised_at,
                   comparison, "limit", value, evaluated_at, guidance, runbook_url)
select uuidv7(), 1, %(at)s, id, 'breached', figure, title, severity, 'active', 'breached', %(at)s,
       comparison, value, 0.03, %(at)s, guidance, runbook_url
  from alert_rule where id = %(rule)s
returning id::text
"""


def raise_alert(api: Api, rule: AlertRule, at: datetime | None = None) -> str:
    with psycopg.connect(api.owner_url, autocommit=True) as connection:
        row = connection.execute(
            INSERT, {"at": at or datetime.now(UTC) - timedelta(seconds=5), "rule": rule.id}
        ).fetchone()
    assert row is not None
    return str(row[0])
