"""The alert rules of the sample shop, and the alerts it looks back on, played through the real state machine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from backend.alerts import actions
from backend.alerts.decide import Reading, Transition, Watch, acknowledge, decide, shelve
from backend.core.audit_trail import SAMPLE_SHOP
from backend.core.database import Connection
from backend.core.sample_shop import SampleShop, sample_resource
from models.alerts import AlertCondition, AlertRule, AlertRuleDraft, Comparison


async def create(tx: Connection, shop: SampleShop) -> None:
    """Store the rules, as old as the shop, and play the alerts that lie behind the opening, oldest first."""
    wanted = sample_resource("rules")
    rules: dict[str, AlertRule] = {}
    for entry in wanted["rules"]:
        draft = AlertRuleDraft.model_validate({name: value for name, value in entry.items() if name != "key"})
        rules[entry["key"]] = await actions.create_rule(tx, actor=SAMPLE_SHOP, request=draft, since=shop.since)
    cursor = await tx.execute(actions.queries.new_ids, {"count": len(wanted["history"])})
    ids = [row[0] for row in await cursor.fetchall()]
    scenes = sorted(
        (
            scene
            for entry, alert_id in zip(wanted["history"], ids, strict=True)
            for scene in _scenes(entry, rules, alert_id, shop.opened_at)
        ),
        key=lambda scene: scene.at,
    )
    for scene in scenes:
        await actions.apply(tx, scene.steps, actor=scene.actor, at=scene.at)


@dataclass(frozen=True, slots=True)
class _Scene:
    """What somebody did to an alert at an instant."""

    at: datetime
    actor: str
    steps: tuple[Transition, ...]


def _scenes(entry: dict[str, Any], rules: dict[str, AlertRule], alert_id: str, now: datetime) -> list[_Scene]:
    rule = rules[entry["rule"]]
    cause = AlertCondition(entry["cause"])
    raised_at = now - timedelta(hours=entry["hoursBefore"])
    silence = timedelta(seconds=(rule.no_data_seconds or 0) + 1)
    data_through = raised_at if cause is AlertCondition.BREACHED else raised_at - silence
    watch = Watch(raised_at - silence, raised_at - timedelta(seconds=rule.for_seconds), raised_at)
    raised = decide(rule, watch, {}, Reading(entry["value"], data_through), raised_at, lambda: alert_id)
    scenes = [_Scene(raised_at, SAMPLE_SHOP, raised.transitions)]
    alert = scenes[-1].steps[-1].after
    if said := entry.get("acknowledged"):
        at = raised_at + timedelta(minutes=said["afterMinutes"])
        scenes.append(_Scene(at, said["by"], acknowledge(alert, actor=said["by"], comment=said["comment"], now=at)))
        alert = scenes[-1].steps[-1].after
    if put := entry.get("shelved"):
        at = raised_at + timedelta(minutes=put["afterMinutes"])
        until = at + timedelta(hours=put["forHours"])
        scenes.append(_Scene(at, put["by"], (shelve(alert, actor=put["by"], until=until, reason=put["reason"]),)))
        alert = scenes[-1].steps[-1].after
    if minutes := entry.get("clearedAfterMinutes"):
        at = raised_at + timedelta(minutes=minutes)
        inside = None
        if cause is AlertCondition.BREACHED:
            inside = rule.value * (0.5 if rule.comparison is Comparison.ABOVE else 2)
        cleared = decide(rule, None, {cause: alert}, Reading(inside, at), at, lambda: alert_id)
        scenes.append(_Scene(at, SAMPLE_SHOP, cleared.transitions))
    return scenes
