"""The manifests of the console: what all of them have in common, and what the console does with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.alerts.domain import Alerts
from app.capabilities import CAPABILITIES
from app.console import Console
from app.core.connection_target import ConnectionTarget
from app.risk.queue import REJECT, Risk
from models.core.topics import Topic
from tests.app.core.faulty_server import MemoryKeyring
from tests.app.core.test_imports import _loaded

APP = Path(__file__).parents[3] / "app"


@pytest.fixture
def console(tmp_path: Path) -> Console:
    return Console(tmp_path, ConnectionTarget(url="http://127.0.0.1:9"), keyring=MemoryKeyring())  # type: ignore[arg-type]


def test_every_room_has_a_manifest_in_the_tuple_under_its_own_name() -> None:
    rooms = sorted(path.parent.name for path in APP.glob("*/capability.py") if path.parent.name != "core")
    assert [capability.name for capability in CAPABILITIES] == rooms


def test_the_manifests_load_no_domain_and_nothing_heavy() -> None:
    found = _loaded("import app.capabilities", whole=True)
    assert not {name for name in found if name.startswith(("app.access.domain", "app.alerts.domain", "app.risk.queue"))}
    assert not found & {"pydantic", "httpx", "app.core.mutation_types", "app.core.query"}


def test_no_two_capabilities_declare_one_mutation_or_badge(console: Console) -> None:
    names = [spec.name for capability in CAPABILITIES for spec in capability.mutations(console)]
    keys = [badge.key for capability in CAPABILITIES for badge in capability.badges]
    assert len(names) == len(set(names)) > 30
    assert len(keys) == len(set(keys)) >= 2


async def test_all_mutations_are_known_once_it_has_started_whatever_panels_there_are(console: Console) -> None:
    assert console.mutations.spec(REJECT) is None
    await console.start()
    declared = {spec.name for capability in CAPABILITIES for spec in capability.mutations(console)}
    assert all(console.mutations.spec(name) is not None for name in declared)
    reject = console.mutations.spec(REJECT)
    assert reject is not None
    assert (reject.delay, reject.within, reject.topics) == (8.0, "entry", {Topic.RISK_QUEUE})
    assert not any(isinstance(domain, Risk) for domain in console._domains.values())
    await console.close()


def test_a_domain_is_made_once_for_each_console(console: Console, tmp_path: Path) -> None:
    alerts = console.of(Alerts)
    assert console.of(Alerts) is alerts
    assert Console(tmp_path / "other").of(Alerts) is not alerts


def test_what_is_told_makes_more_than_its_own_topic_stale(console: Console) -> None:
    asked = console.of(Alerts).list()
    for query in (asked, console.dashboard()):
        query._outdated = False
    console._invalidate_topic(Topic.ALERTS)
    assert asked._outdated
    assert console.dashboard()._outdated, "alerts stand in the dashboard"
    asked._outdated = False
    console._invalidate_topic(Topic.DASHBOARD)
    assert not asked._outdated
