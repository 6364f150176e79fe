"""The rules for Prometheus: each fires on what it is for, and not otherwise; and all they name is there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import yaml

from models.core.permissions import BUILT_IN_ROLES
from tests.conftest import Api

ROOT = Path(__file__).parents[2]
RULES = ROOT / "packaging" / "prometheus" / "opsconsole.rules.yaml"
HOURS = 7
"""How long the series of a case run; rules are judged at the end."""

DASHBOARD = 'route="/api/operations/dashboard"'
CHECK = 'route="/api/risk/fraud-check"'
TWO_DAYS, SEVEN_DAYS = 2 * 86_400, 7 * 86_400


class Case(NamedTuple):
    """Series, by minute, in which an alert fires, and such in which it does not."""

    fires: dict[str, str]
    silent: dict[str, str]


def level(series: str, high: float, low: float) -> Case:
    """Of a gauge: above its limit all the time, and at what is still good."""
    return Case({series: f"{high}x{HOURS * 60}"}, {series: f"{low}x{HOURS * 60}"})


def failing(share: float) -> dict[str, str]:
    """A thousand requests a minute, of which a share fails."""
    bad = round(1_000 * share)
    return {
        'opsconsole_requests_total{method="GET",route="/x",status="200"}': f"0+{1_000 - bad}x{HOURS * 60}",
        'opsconsole_requests_total{method="GET",route="/x",status="503"}': f"0+{bad}x{HOURS * 60}",
    }


def taking(route: str, edge: str, slower: int) -> dict[str, str]:
    """A hundred requests a minute to a route, of which some take longer than the edge of a bucket."""
    name = "opsconsole_request_seconds_bucket"
    return {
        f'{name}{{{route},le="{edge}"}}': f"0+{100 - slower}x{HOURS * 60}",
        f'{name}{{{route},le="1.0"}}': f"0+100x{HOURS * 60}",
        f'{name}{{{route},le="+Inf"}}': f"0+100x{HOURS * 60}",
    }


SLACK = 'connection="Slack"'
CASES: dict[str, Case] = {
    "OpsconsoleFailsFast": Case(failing(0.08), failing(0.06)),
    "OpsconsoleFailsSlowly": Case(failing(0.04), failing(0.02)),
    "OpsconsoleDashboardSlow": Case(taking(DASHBOARD, "0.4", 20), taking(DASHBOARD, "0.4", 3)),
    "OpsconsoleFraudCheckSlow": Case(taking(CHECK, "0.25", 20), taking(CHECK, "0.25", 3)),
    "OpsconsoleAway": Case({}, {"opsconsole_database_up": f"1x{HOURS * 60}"}),
    "OpsconsoleDatabaseDown": level("opsconsole_database_up", 0, 1),
    "OpsconsoleWorkerSilent": level("opsconsole_worker_heartbeat_age_seconds", 61, 59),
    "OpsconsoleBackgroundStopped": level("opsconsole_background_stopped", 1, 0),
    "OpsconsoleDashboardDegraded": level("opsconsole_dashboard_degraded", 1, 0),
    "OpsconsoleRowsSetAside": Case(
        {'opsconsole_set_aside_rows_total{background="x"}': f"0x{HOURS * 60 - 30} 2x29"},
        {'opsconsole_set_aside_rows_total{background="x"}': f"7x{HOURS * 60}"},
    ),
    "OpsconsoleRowsUnreadable": Case(
        {'opsconsole_unreadable_rows_total{record="x"}': f"0x{HOURS * 60 - 30} 1x29"},
        {'opsconsole_unreadable_rows_total{record="x"}': f"7x{HOURS * 60}"},
    ),
    "OpsconsoleJobsFailed": level("opsconsole_jobs_failed", 1, 0),
    "OpsconsoleBackupMissing": level("opsconsole_backup_age_seconds", 27 * 3_600, 25 * 3_600),
    "OpsconsoleRestoreUntested": level("opsconsole_backup_restored_age_seconds", 9 * 86_400, 7 * 86_400),
    "OpsconsoleAuditLag": level("opsconsole_audit_relay_lag_seconds", 61, 59),
    "OpsconsoleDeliveryLate": level(f"opsconsole_deliveries_oldest_seconds{{{SLACK}}}", 61, 59),
    "OpsconsoleDeliveryBacklog": level(f"opsconsole_deliveries_waiting{{{SLACK}}}", 101, 100),
    "OpsconsoleDeadLetters": level(f"opsconsole_deliveries_dead{{{SLACK}}}", 1, 0),
    "OpsconsoleConnectionUnproven": level(
        f"opsconsole_connection_proven_age_seconds{{{SLACK}}}", 3 * 86_400, 1.5 * 86_400
    ),
    "OpsconsolePageUnanswered": level("opsconsole_pages_unanswered", 1, 0),
    "OpsconsoleNobodyOnCall": level("opsconsole_schedules_uncovered", 1, 0),
    "OpsconsoleIncidentUpdateOverdue": level('opsconsole_incident_updates_overdue{severity="SEV1"}', 1, 0),
    "OpsconsoleRiskQueueOverdue": level("opsconsole_risk_entries_overdue", 1, 0),
    "OpsconsoleVerdictsNotCarriedOut": level("opsconsole_risk_intents_failed", 1, 0),
    "OpsconsolePrivacyRequestDue": level("opsconsole_privacy_next_due_seconds", TWO_DAYS, SEVEN_DAYS),
    "OpsconsolePrivacyRequestNearlyLate": level("opsconsole_privacy_next_due_seconds", -1, TWO_DAYS),
    "OpsconsoleEventsHeld": level("opsconsole_events_held_oldest_seconds", 4 * 86_400, 2 * 86_400),
    "OpsconsoleLaunchRecordWaits": level("opsconsole_launch_records_waiting", 1, 0),
    "OpsconsoleLaunchEvidenceOld": level("opsconsole_launch_evidence_age_seconds", 11, 9),
    "OpsconsoleRunbooksNotReviewed": level('opsconsole_runbooks{review="overdue"}', 1, 0),
}
WITHOUT_DATA = {"OpsconsoleAway", "OpsconsoleWatchdog"}
"""What fires where Prometheus has read nothing."""


def rules() -> list[dict[str, Any]]:
    document = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


ALERTS = {rule["alert"]: rule for rule in rules() if "alert" in rule}


def fired(tmp_path: Path, series: dict[str, str]) -> set[str]:
    """Names of the alerts that fire at the end of these series."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    # A test of promtool passes or fails; so each alert is expected not to fire, and those that are told fire.
    wanted = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "5m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "alert_rule_test": [{"eval_time": f"{HOURS}h", "alertname": name, "exp_alerts": []} for name in ALERTS],
            }
        ],
    }
    file = tmp_path / "rules.test.yaml"
    file.write_text(json.dumps(wanted), encoding="utf-8")
    done = subprocess.run([promtool, "test", "rules", str(file)], capture_output=True, text=True, check=False)
    told = done.stdout + done.stderr
    found = set(re.findall(r"alertname: ?(\w+), time", told))
    assert (done.returncode != 0) == bool(found), told
    return found


def test_the_rules_are_well_formed() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    done = subprocess.run([promtool, "check", "rules", str(RULES)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_its_cases() -> None:
    assert ALERTS.keys() == CASES.keys() | WITHOUT_DATA


@pytest.mark.parametrize("name", CASES)
def test_it_fires_when_it_should_and_only_then(tmp_path: Path, name: str) -> None:
    assert name in fired(tmp_path, CASES[name].fires)
    assert name not in fired(tmp_path, CASES[name].silent)


def test_without_data_only_those_fire_that_say_so(tmp_path: Path) -> None:
    assert fired(tmp_path, {}) == WITHOUT_DATA


def test_each_names_a_runbook_that_is_there_an_owner_and_a_severity() -> None:
    runbooks = {file.stem for file in (ROOT / "resources" / "runbooks").glob("*.md")}
    owners = {role.id for role in BUILT_IN_ROLES}
    for name, rule in ALERTS.items():
        labels = rule["labels"]
        assert labels["runbook"] in runbooks, name
        assert labels["owner"] in owners, name
        assert labels["severity"] in {"P1", "P2", "P3", "P4", "none"}, name
        assert rule["annotations"].keys() == {"summary", "description"}, name


def test_each_metric_and_label_is_one_of_ours(api: Api) -> None:
    text = httpx.get(f"{api.base_url}/metrics", timeout=20).text
    known = set(re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE))
    known |= {f"{name}_bucket" for name in known}
    for rule in rules():
        used = set(re.findall(r"\bopsconsole_\w+", rule["expr"]))
        assert used <= known, rule.get("alert", rule.get("record"))
