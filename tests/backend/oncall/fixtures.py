"""Schedules, policies and people for tests of on-call, written down as the API does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

LAYER: dict[str, Any] = {
    "name": "First",
    "seats": [["ada"]],
    "zone": "UTC",
    "unit": "days",
    "every": 7,
    "anchor": "2026-01-05T08:00",
}
STEP: dict[str, Any] = {"afterMinutes": 0, "targets": []}
MAIL = '{"kind": "smtp", "host": "127.0.0.1", "sender": "a@b.example", "recipients": ["desk@shop.example"]}'


def on_call(schedule_id: UUID | str) -> dict[str, Any]:
    return {"kind": "on_call", "id": str(schedule_id)}


def person(name: str) -> dict[str, Any]:
    return {"kind": "person", "id": name}


def step(*targets: dict[str, Any], after: int = 0, **more: Any) -> dict[str, Any]:
    return {"afterMinutes": after, "targets": list(targets), **more}


@dataclass
class Desk:
    """A database with what people are called by."""

    url: str

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement, values)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def people(self, *names: str) -> None:
        """Accounts with a verified address, and a connection that sends mail."""
        self.sql(
            "insert into connection (name, kind, settings, ready, updated_by) values ('Mail', 'smtp', %s, true, 'test')"
            " on conflict do nothing",
            MAIL,
        )
        self.sql("insert into connection_health (connection_id) select id from connection on conflict do nothing")
        self.sql(
            "insert into lane (connection_id, source)"
            " select id, s from connection, unnest(array['log', 'commands']) as s on conflict do nothing"
        )
        for name in names:
            self.sql(
                "insert into contact_method (user_id, address, verified_at) values (%s, %s, now())",
                name,
                f"{name}@shop.example",
            )

    def schedule(self, name: str, *layers: dict[str, Any], since: timedelta = timedelta(days=300), **more: Any) -> UUID:
        """A schedule that began a while ago."""
        definition = {"layers": list(layers) or [LAYER], **more}
        [(schedule_id,)] = self.sql(
            "insert into schedule (name, team, zone, updated_by) values (%s, 'operations', 'UTC', 'test') returning id",
            name,
        )
        self.sql(
            "insert into schedule_revision (schedule_id, revision, recorded_at, effective_at, recorded_by, reason,"
            " definition) values (%s, 1, now() - %s, now() - %s, 'test', '', %s)",
            schedule_id,
            since,
            since,
            Jsonb(definition),
        )
        found: UUID = schedule_id
        return found

    def policy(self, *steps: dict[str, Any], name: str = "Operations", **more: Any) -> UUID:
        """An escalation policy."""
        definition = Jsonb({"steps": list(steps), "repeats": 0, **more})
        [(policy_id,)] = self.sql(
            "insert into escalation_policy (name, team, description, definition, updated_by)"
            " values (%s, 'operations', '', %s, 'test') returning id",
            name,
            definition,
        )
        self.sql(
            "insert into escalation_policy_version (policy_id, version, recorded_by, name, team, definition, reason)"
            " values (%s, 1, 'test', %s, 'operations', %s, '')",
            policy_id,
            name,
            definition,
        )
        found: UUID = policy_id
        return found

    def override(self, schedule_id: UUID, people: Sequence[str], hours: int = 8) -> None:
        """A takeover from now on."""
        self.sql(
            "insert into schedule_override (schedule_id, starts_at, ends_at, people, instead_of, recorded_at,"
            " recorded_by, reason) values (%s, clock_timestamp(), clock_timestamp() + make_interval(hours => %s), %s,"
            " 'everybody', clock_timestamp(), 'test', '')",
            schedule_id,
            hours,
            list(people),
        )

    def elapse(self, minutes: float) -> None:
        """As if pages had waited so much longer."""
        self.sql(
            "update page set next_at = next_at - %s, waits_since = waits_since - %s",
            timedelta(minutes=minutes),
            timedelta(minutes=minutes),
        )

    def calls(self, page_id: UUID) -> list[list[str]]:
        """Whom each step called."""
        return [row[0] for row in self.sql("select people from page_call where page_id = %s order by number", page_id)]

    def mails(self) -> list[tuple[str, str]]:
        """To whom notices went, and what they were."""
        return self.sql("select recipients[1], template from notice where recipients <> '{}' order by created_at, id")  # type: ignore[return-value]
