"""The incidents the sample shop looks back on, with their timelines and reviews, and one that is open.

The log writes down when it is written to: what these say of the past stands in each entry, as when it occurred.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from backend.core import audit_trail
from backend.core.database import Connection, load_queries
from backend.core.sample_shop import SampleShop, sample_resource
from backend.incidents.alerts.actions import create_rule
from backend.incidents.matrix import reads as matrix
from backend.incidents.matrix.actions import change_matrix
from backend.incidents.notices import PRIORITIES
from backend.incidents.records.actions import label_of
from backend.incidents.records.reads import incident
from backend.oncall import on_call
from models.incidents import IncidentRecord, IncidentSeverity
from models.incidents.matrix import IncidentRuleDraft, SeverityLevel, SeverityMatrixRequest
from models.incidents.reviews import ReviewFigures

queries = load_queries(__package__, "sample.sql")

_TIMES: Final = ("detected", "acknowledged", "mitigated", "resolved")
PAGED: Final = {
    IncidentSeverity.SEV1: "Operations",
    IncidentSeverity.SEV2: "Operations",
    IncidentSeverity.SEV3: "Payments",
}
"""Whom each severity wakes, by the name of an escalation policy; the least of them nobody."""
DUE_IN: Final = timedelta(minutes=4)
"""So soon the open one's next update is due when the shop opens."""


async def create(tx: Connection, shop: SampleShop) -> None:
    """Write them, the oldest first."""
    wanted = sample_resource("incidents")
    policies = {name: (key, schedule) for name, key, schedule in await _rows(tx, "policies", {})}
    before = await matrix.matrix(tx)
    levels = tuple(
        level.model_copy(update={"escalation_policy_id": policies[PAGED[level.severity]][0]})
        if level.severity in PAGED
        else level
        for level in before.levels
    )
    request = SeverityMatrixRequest(levels=levels, reason="Whom each severity wakes")
    await change_matrix(tx, actor=audit_trail.SAMPLE_SHOP, version=before.version, request=request)
    for rule in wanted["rules"]:
        await create_rule(tx, actor=audit_trail.SAMPLE_SHOP, request=IncidentRuleDraft.model_validate(rule))
    for entry in wanted["incidents"]:
        await _Past(tx, shop, entry, policies).write()


async def _rows(tx: Connection, name: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    return await (await tx.execute(getattr(queries, name), values)).fetchall()


class _Past:
    """One incident as it went."""

    def __init__(
        self, tx: Connection, shop: SampleShop, entry: Mapping[str, Any], policies: Mapping[str, tuple[str, UUID]]
    ) -> None:
        self._tx = tx
        self._policies = policies
        self._now = shop.opened_at
        self._entry = entry
        self._began = shop.opened_at - timedelta(hours=entry["hoursBefore"])
        self._updates = 0
        self._moments: list[dict[str, Any]] = []

    def _at(self, minutes: float) -> datetime:
        return self._began + timedelta(minutes=minutes)

    async def write(self) -> None:
        """The record, its timeline, and its review where there is one."""
        severity = IncidentSeverity(self._entry["severity"])
        self._level: SeverityLevel = await matrix.level(self._tx, severity)
        row = await (await self._tx.execute(queries.incident, self._columns())).fetchone()
        assert row is not None  # noqa: S101 - an insert of one row returns one row
        self._id: UUID = row[0]
        for role, user_id in self._entry["crew"].items():
            since = self._at(self._entry["acknowledged"])
            values = {"incident_id": self._id, "role": role, "user_id": user_id, "since": since}
            await self._tx.execute(queries.role, values)
        self._record: IncidentRecord = await incident(self._tx, self._id)
        if severity in PAGED:
            await self._page(*self._policies[PAGED[severity]])
        for minute, tell in sorted(self._story(), key=lambda each: each[0]):
            await self._tell(minute, *tell)
        if "review" in self._entry:
            await self._review(self._entry["review"])

    def _columns(self) -> dict[str, Any]:
        entry = self._entry
        times = {f"{name}_at": self._at(entry[name]) if name in entry else None for name in _TIMES}
        closed = times["resolved_at"]
        updates = [each for each in entry["events"] if each[2] == "update"]
        return {
            **{name: entry[name] for name in ("title", "severity", "description", "origin", "services")},
            **times,
            "status": next(name for name in reversed(_TIMES) if name in entry),
            "started_at": self._began,
            "acknowledged_by": entry["crew"]["commander"],
            "links": Jsonb([{"kind": kind, "url": url, "title": title} for kind, url, title in entry.get("links", ())]),
            "customers_affected": entry.get("customersAffected"),
            "groups": entry.get("groups", []),
            "updates": len(updates),
            "next_update_due_at": None if closed else self._now + DUE_IN,
            "review_required": self._level.review_required,
            "review_due_at": closed + timedelta(days=self._level.review_days)
            if closed and self._level.review_required
            else None,
            "opened_by": entry["openedBy"],
            "updated_at": closed or self._now,
        }

    def _story(self) -> list[tuple[float, tuple[Any, ...]]]:
        commander = self._entry["crew"]["commander"]
        steps = [
            (self._entry[name], (self._entry["openedBy"] if name == "detected" else commander, "status", name))
            for name in _TIMES
            if name in self._entry
        ]
        return [*steps, *((event[0], tuple(event[1:])) for event in self._entry["events"])]

    async def _tell(self, minute: float, by: str, what: str, *words: Any) -> None:
        at = self._at(minute)
        match what:
            case "status":
                verbs = {
                    "detected": "opened",
                    "acknowledged": "acknowledged",
                    "mitigated": "mitigated",
                    "resolved": "resolved",
                }
                opened_as = self._entry.get("openedAs", self._entry["severity"])
                after = {"severity": opened_as, "title": self._record.title}
                await self._write(by, at, after, action=f"incidents.incident.{verbs[words[0]]}")
            case "note":
                await self._write(by, at, {"text": words[0]}, action="incidents.note.written")
                if len(words) > 1:  # it tells the story
                    self._moments.append({"position": 0, "at": at.isoformat(), "text": words[0]})
            case "role":
                [(name,)] = await _rows(self._tx, "name", {"person": by})
                after = {"role": words[0], "userId": by, "name": name}
                await self._write(by, at, after, action="incidents.role.given", reason=words[1])
            case "severity":
                await self._write(
                    by,
                    at,
                    {"severity": words[1]},
                    action="incidents.incident.severity_changed",
                    before={"severity": words[0]},
                    reason=words[2],
                )
            case "update":
                await self._update(at, by, *words)
            case "step":
                await self._step(at, by, *words)
            case "rule":
                await self._rule(at, by, *words)
            case _:
                await self._deploy(at, by, *words)

    async def _write(
        self,
        by: str,
        at: datetime,
        after: Mapping[str, Any],
        *,
        action: str,
        before: Mapping[str, Any] | None = None,
        reason: str | None = None,
    ) -> None:
        await audit_trail.record(
            self._tx,
            actor=by,
            action=action,
            resource_type="incident",
            resource_id=self._record.incident_id,
            label=label_of(self._record),
            before=before,
            after={**after, "occurredAt": at.isoformat()},
            reason=reason,
        )

    async def _page(self, policy_id: str, schedule: UUID) -> None:
        """Whoever was on call then was called, and the commander's answer was theirs."""
        at, answered_at = self._at(self._entry["detected"] + 0.1), self._at(self._entry["acknowledged"])
        people = list(await on_call(self._tx, schedule, at))
        commander = self._entry["crew"]["commander"]
        title = label_of(self._record)
        values = {
            "policy_id": policy_id,
            "incident_id": self._record.incident_id,
            "title": title,
            "severity": PRIORITIES[self._record.severity],
            "at": at,
            "opened_by": self._entry["openedBy"],
            "answered_at": answered_at,
            "answered_by": commander,
            "resolved_at": self._record.resolved_at,
        }
        [(page_id,)] = await _rows(self._tx, "page", values)
        called = {"page_id": page_id, "at": at, "people": people}
        await self._tx.execute(queries.page_call, called)
        await self._tx.execute(queries.page_notices, called)
        await self._tell_page(audit_trail.WORKER, page_id, at, {"people": people}, action="oncall.page.called")
        await self._tell_page(commander, page_id, answered_at, {}, action="oncall.page.acknowledged")

    async def _tell_page(self, by: str, page_id: str, at: datetime, after: Mapping[str, Any], *, action: str) -> None:
        await audit_trail.record(
            self._tx,
            actor=by,
            action=action,
            resource_type="page",
            resource_id=page_id,
            label=label_of(self._record),
            after={**after, "occurredAt": at.isoformat()},
        )

    async def _step(self, at: datetime, by: str, slug: str, step: int, note: str) -> None:
        values = {"incident_id": self._record.incident_id, "slug": slug, "step": step, "at": at, "by": by, "note": note}
        await self._tx.execute(queries.run, values)
        await self._tx.execute(queries.mark, values)
        [(run_id, runbook_id, title, text)] = await _rows(self._tx, "runbook", values)
        after = {"runbookId": runbook_id, "runbook": title, "runId": run_id, "step": step, "text": text}
        await self._write(by, at, after, action="runbooks.step.done", reason=note or None)

    async def _rule(self, at: datetime, by: str, figure: str, seconds: int, reason: str) -> None:
        [(rule_id, title, now)] = await _rows(self._tx, "alert_rule", {"figure": figure})
        await audit_trail.record(
            self._tx,
            actor=by,
            action="alerts.rule.changed",
            resource_type="alert_rule",
            resource_id=rule_id,
            label=title,
            before={"forSeconds": seconds},
            after={"forSeconds": now, "occurredAt": at.isoformat()},
            reason=reason,
        )

    async def _update(self, at: datetime, by: str, phase: str, text: str) -> None:
        self._updates += 1
        minutes = self._level.update_minutes or 0
        values = {
            "incident_id": self._id,
            "number": self._updates,
            "phase": phase,
            "text": text,
            "severity": self._record.severity,
            "status": self._record.status,
            "at": at,
            "by": by,
            "due_at": at + timedelta(minutes=1),
            "next_update_due_at": at + timedelta(minutes=minutes),
        }
        await self._tx.execute(queries.update, values)
        after = {"number": self._updates, "phase": phase, "text": text}
        await self._write(by, at, after, action="incidents.update.posted")

    async def _deploy(self, at: datetime, by: str, service: str, version: str) -> None:
        deploy_id = f"{service}-{version}"
        values = {"id": deploy_id, "service": service, "version": version, "at": at, "by": by}
        await self._tx.execute(queries.deploy, values)
        await audit_trail.record(
            self._tx,
            actor="pipeline",
            action="incidents.deploy.recorded",
            resource_type="deploy",
            resource_id=deploy_id,
            label=f"{service} {version}",
            after={
                "id": deploy_id,
                "service": service,
                "version": version,
                "environment": "production",
                "deployedAt": at.isoformat(),
                "deployedBy": by,
            },
        )

    async def _review(self, wanted: Mapping[str, Any]) -> None:
        end = self._record.resolved_at or self._now
        at = end + timedelta(hours=wanted["afterHours"])
        published = at if wanted["state"] == "published" else None
        figures = ReviewFigures(
            detect_seconds=60.0 * self._entry["detected"],
            acknowledge_seconds=60.0 * (self._entry["acknowledged"] - self._entry["detected"]),
            mitigate_seconds=60.0 * (self._entry["mitigated"] - self._entry["detected"]),
            resolve_seconds=60.0 * (self._entry["resolved"] - self._entry["detected"]),
            alerts=0,
            updates=self._updates,
            updates_late=0,
            deploys=0,
            figures=(),
        )
        values = {
            "incident_id": self._id,
            "state": wanted["state"],
            "summary": self._record.description,
            "impact": wanted["impact"],
            "detection": f"Detected {self._entry['detected']} min after the impact began.",
            "response": f"Resolved {self._entry['resolved'] - self._entry['detected']} min later.",
            "went_well": wanted["wentWell"],
            "went_badly": wanted["wentBadly"],
            "factors": Jsonb([{"kind": kind, "text": text} for kind, text in wanted["factors"]]),
            "figures": Jsonb(figures.model_dump(mode="json", by_alias=True)) if published else None,
            "moments": Jsonb(self._moments) if published else None,
            "author": wanted["by"],
            "submitted_at": published,
            "approved_by": wanted.get("approvedBy"),
            "approved_at": published,
            "published_at": published,
            "created_at": end + timedelta(hours=wanted["afterHours"] / 2),
        }
        await self._tx.execute(queries.review, values)
        if published:
            await self._tx.execute(queries.reviewed, {"incident_id": self._id, "at": at})
        for title, owner, hours, is_done in wanted["actions"]:
            due = self._now + timedelta(hours=hours)
            item = {"incident_id": self._id, "title": title, "owner": owner, "due_on": due.date(), "created_at": at}
            done = {"done_at": due - timedelta(days=1) if is_done else None, "done_by": owner if is_done else None}
            await self._tx.execute(queries.action, item | done | {"author": wanted["by"]})
