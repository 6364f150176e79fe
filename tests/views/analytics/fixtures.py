"""A server that knows a tracking plan, what does not fit it, and what is held; its answers are the contract's."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from models.analytics import EventSchemaDefinition, PlannedEvent, TrackingPlan
from models.analytics.changes import Comparison, Radius
from models.analytics.events import QuarantineGroup, TailedEvent, ViolationGroup
from tests.app.answers import AS_OF, ME
from tests.app.core.faulty_server import Asked, http, problem
from tests.views.office import Office, office

PATH = "/api/analytics"
ORDER, VIEWED = "Order Completed", "Product Viewed"


def me(*more: str) -> dict[str, Any]:
    """Somebody who keeps the plan."""
    return ME | {"permissions": [*ME["permissions"], "analytics.view_schema", "analytics.manage_schema", *more]}


def ago(**ago: float) -> str:
    """An instant so long before now."""
    return (AS_OF - timedelta(**ago)).isoformat()


def planned(event_name: str, **more: Any) -> dict[str, Any]:
    """A row of the plan."""
    return {
        "eventName": event_name,
        "version": 1,
        "state": "enforced",
        "draftVersion": None,
        "mode": "observe",
        "owners": ["rui"],
        "ownerNames": ["Rui Barros"],
        "modeVersion": None,
        "daily": [5, 6, 7, 8, 7, 6, 9],
        "volume": 48,
        "violations": 0,
        **more,
    }


def plan_rows() -> list[dict[str, Any]]:
    """Events by name."""
    return [
        planned(
            ORDER,
            draftVersion=2,
            mode="quarantine",
            modeVersion=3,
            owners=["operations-lead"],
            ownerNames=["Operations lead"],
            volume=4985,
            violations=412,
        ),
        planned("Order Refunded", mode="quarantine", volume=107),
        planned(VIEWED, mode="omit", volume=214_380, violations=1204),
        planned("Showcase Posted", volume=31, state="observed"),
    ]


def prop(name: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A property."""
    return {"name": name, "description": "", "schema": schema, **more}


def definition(event_name: str = ORDER, version: int = 1, state: str = "enforced", **more: Any) -> dict[str, Any]:
    """A version of an event."""
    return {
        "eventName": event_name,
        "version": version,
        "state": state,
        "description": "A customer has paid an order.",
        "owners": ["operations-lead"],
        "properties": [
            prop("order_id", {"type": "string", "pattern": "^CS-[0-9]+$"}, required=True),
            prop("total", {"type": "number", "minimum": 0}, required=True, feeds=["revenue.daily"]),
            prop(
                "customer_email",
                {"type": "string", "format": "email"},
                personal="personal",
                purpose="Sends the receipt",
                retentionDays=90,
            ),
        ],
        "additionalProperties": False,
        "definitions": {},
        "deprecatedUntil": None,
        "revision": 1,
        "createdBy": "operations-lead",
        "createdAt": ago(days=30),
        "publishedBy": None if state == "draft" else "operations-lead",
        "publishedAt": None if state == "draft" else ago(days=29),
        **more,
    }


def draft() -> dict[str, Any]:
    """The version of the order that would break something."""
    return definition(
        version=2,
        state="draft",
        revision=4,
        properties=[
            prop("order_id", {"type": "string", "pattern": "^CS-[0-9]+$"}, required=True),
            prop("total", {"type": "string"}, required=True, feeds=["revenue.daily"]),
            prop("coupon_code", {"type": "string"}),
        ],
    )


def violation(number: int, **more: Any) -> dict[str, Any]:
    """One mistake."""
    return {
        "id": f"v{number}",
        "eventName": ORDER,
        "class": "type",
        "pointer": "/properties/total",
        "schemaVersion": 1,
        "rule": "a number is wanted",
        "nearest": None,
        "producer": "shop server",
        "appVersion": "3.18.2",
        "environment": "Tests",
        "count": 318,
        "firstSeen": ago(hours=22),
        "lastSeen": ago(seconds=12),
        "daily": [0, 0, 0, 0, 0, 120, 198],
        "state": "open",
        "assignedTo": None,
        "assignedToName": None,
        "mutedUntil": None,
        "version": 1,
        **more,
    }


def violations() -> list[dict[str, Any]]:
    """An inbox with mistakes of two events, of all states."""
    return [
        violation(1, assignedTo="operations-lead", assignedToName="Operations lead"),
        violation(
            2,
            eventName=VIEWED,
            **{"class": "limit"},
            pointer="/properties/price",
            rule="0 or more is wanted",
            producer="web",
            appVersion="5.11.4",
            count=343,
            firstSeen=ago(days=15),
            lastSeen=ago(minutes=4),
        ),
        violation(
            3,
            **{"class": "additional_property"},
            pointer="/properties/*",
            rule="not in the plan",
            producer="web",
            appVersion="5.12.0",
            count=82,
            firstSeen=ago(days=6),
            lastSeen=ago(hours=2),
            assignedTo="rui",
            assignedToName="Rui Barros",
        ),
        violation(4, pointer="/properties/order_id", state="fixed", lastSeen=ago(days=3), firstSeen=ago(days=9)),
        violation(
            5,
            pointer="/properties/customer_email",
            state="muted",
            mutedUntil=(AS_OF + timedelta(days=2)).isoformat(),
            lastSeen=ago(days=1),
            firstSeen=ago(days=9),
        ),
    ]


TOTAL_WRONG = {
    "class": "type",
    "pointer": "/properties/total",
    "version": 2,
    "rule": "a text is wanted",
    "nearest": None,
}


def comparison() -> dict[str, Any]:
    """The order's versions beside each other."""
    no = {
        "answer": "no",
        "witness": {"order_id": "CS-0", "total": 0},
        "violations": [TOTAL_WRONG],
        "words": "this event fits the old version, and not the new one",
    }
    old, new = definition(), draft()
    by = {each["name"]: each for each in old["properties"]}
    now = {each["name"]: each for each in new["properties"]}
    return {
        "eventName": ORDER,
        "old": 1,
        "new": 2,
        "strict": no,
        "described": no,
        "breaking": True,
        "properties": [
            {"name": "total", "before": by["total"], "after": now["total"], "changed": ["schema"], "breaking": True},
            {
                "name": "customer_email",
                "before": by["customer_email"],
                "after": None,
                "changed": [],
                "breaking": True,
            },
            {"name": "coupon_code", "before": None, "after": now["coupon_code"], "changed": [], "breaking": False},
        ],
        "asks": ["/properties/total a text is wanted"],
        "asOf": AS_OF.isoformat(),
    }


def radius(**more: Any) -> dict[str, Any]:
    """What the draft would do to a week of orders."""
    found = {
        "receivedAt": ago(minutes=1),
        "producer": "shop server",
        "appVersion": "3.18.1",
        "properties": {"order_id": "CS-48242", "total": 319.5},
        "masked": ["customer_email"],
        "violations": [TOTAL_WRONG],
    }
    return {
        "id": "r1",
        "eventName": ORDER,
        "schemaVersion": 2,
        "revision": 4,
        "days": 7,
        "state": "done",
        "progress": 1.0,
        "problem": "",
        "result": {
            "events": 4985,
            "failing": 4667,
            "senders": [
                {"name": "shop server", "detail": "3.18.1", "events": 3871, "failing": 3871},
                {"name": "web", "detail": "5.12.0", "events": 796, "failing": 796},
                {"name": "shop server", "detail": "3.18.2", "events": 318, "failing": 0},
            ],
            "destinations": [{"name": "figures", "detail": "", "events": 4985, "failing": 4667}],
            "readers": [
                {"kind": "figure", "name": "revenue.daily", "properties": ["total"], "failing": 4667},
                {"kind": "fraud_rule", "name": "R-07", "properties": ["customer_email"], "failing": 4100},
            ],
            "causes": [
                {"class": "type", "pointer": "/properties/total", "rule": "a text is wanted", "failing": 4667},
            ],
            "daily": [
                {"name": f"2026-11-{day}", "detail": "", "events": 700 + day, "failing": 650 + day}
                for day in range(18, 25)
            ],
            "witnesses": [found],
        },
        "askedBy": "operations-lead",
        "askedAt": ago(minutes=3),
        "endedAt": ago(minutes=2),
        "version": 4,
        **more,
    }


def held(**more: Any) -> dict[str, Any]:
    """Events that are held for one cause."""
    return {
        "eventName": ORDER,
        "class": "type",
        "pointer": "/properties/total",
        "schemaVersion": 1,
        "rule": "a number is wanted",
        "held": 318,
        "oldestAt": ago(hours=22),
        "newestAt": ago(seconds=12),
        "forgottenAt": (AS_OF + timedelta(days=13, hours=2)).isoformat(),
        **more,
    }


def quarantine() -> list[dict[str, Any]]:
    """Two causes; one is deleted soon."""
    return [
        held(),
        held(
            **{"class": "additional_property"},
            pointer="/properties/*",
            rule="not in the plan",
            held=12,
            oldestAt=ago(days=11, hours=19),
            forgottenAt=(AS_OF + timedelta(days=2, hours=5)).isoformat(),
        ),
    ]


def tailed(number: int, **more: Any) -> dict[str, Any]:
    """An event of the live tail."""
    return {
        "receivedAt": ago(seconds=number),
        "occurredAt": ago(seconds=number + 1),
        "eventName": ORDER,
        "schemaVersion": 1,
        "producer": "shop server",
        "appVersion": "3.18.2",
        "verdict": "landed",
        "properties": {"order_id": f"CS-{48_000 + number}", "total": 249.6, "currency": "EUR"},
        "masked": ["customer_email"],
        **more,
    }


def tail() -> list[dict[str, Any]]:
    """The newest events."""
    return [
        tailed(1, verdict="quarantined", properties={}, masked=[]),
        tailed(2, eventName=VIEWED, producer="web", appVersion="5.12.0", verdict="omitted", masked=["search_text"]),
        *(tailed(number) for number in range(3, 14)),
    ]


@dataclass
class Shop:
    """The part of the server that knows events. Change the fields, and the next answers are others."""

    rows: list[dict[str, Any]] = field(default_factory=plan_rows)
    versions: list[dict[str, Any]] = field(default_factory=lambda: [draft(), definition()])
    violations: list[dict[str, Any]] = field(default_factory=violations)
    comparison: dict[str, Any] = field(default_factory=comparison)
    radii: list[dict[str, Any]] = field(default_factory=lambda: [radius()])
    held: list[dict[str, Any]] = field(default_factory=quarantine)
    tail: list[dict[str, Any]] = field(default_factory=tail)
    passing: int = 318
    """How many of what is held would pass."""
    approval: bool = False
    """Whether publishing waits for somebody."""
    refusal: bytes | None = None
    """What every write is answered, if anything."""
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    """Method, path below the room and body of every write."""

    def answer(self, asked: Asked) -> bytes:
        """What a server in good order says."""
        url = urlsplit(asked.path)
        path, query = url.path.removeprefix(PATH), parse_qs(url.query)
        body = json.loads(asked.body) if asked.body else None
        if asked.method != "GET" and not path.endswith("/trial"):
            self.asked.append((asked.method, unquote(path), body))
            if self.refusal is not None:
                return self.refusal
        match path.strip("/").split("/"):
            case ["events"]:
                return _page([_checked(PlannedEvent, each) for each in self.rows])
            case ["schema"] if asked.method == "GET" and query.get("as"):
                return http(b"# What events collect\n", media="text/markdown")
            case ["schema"] if asked.method == "GET":
                items = [each for each in self.versions if each["state"] != "draft"]
                found = {"version": 42, "items": items, "modes": [], "eventDays": 120, "asOf": AS_OF.isoformat()}
                return http(_checked(TrackingPlan, found))
            case ["schema", *rest]:
                return self._schema(asked.method, [unquote(each) for each in rest], body)
            case ["infer"]:
                self.versions.append(definition(body["eventName"], 1, "draft"))
                return http(self.versions[-1])
            case ["modes"]:
                row = next(each for each in self.rows if each["eventName"] == body["eventName"])
                row |= {"mode": body["mode"], "modeVersion": (row["modeVersion"] or 0) + 1}
                more = {"environment": "Tests", "updatedBy": "operations-lead", "updatedAt": AS_OF.isoformat()}
                return http(
                    {"eventName": body["eventName"], "mode": body["mode"], "version": row["modeVersion"], **more}
                )
            case ["compare"]:
                return http(_checked(Comparison, self.comparison))
            case ["radius"] if asked.method == "POST":
                self.radii.insert(0, radius(id="r2", state="waiting", progress=0.0, result=None, endedAt=None))
                return http(self.radii[0])
            case ["radius"]:
                wanted = query["eventName"][0]
                return _page([_checked(Radius, each) for each in self.radii if each["eventName"] == wanted])
            case ["violations", *rest]:
                return self._violations(asked.method, rest, body)
            case ["tail"]:
                return self._tail(query)
            case ["quarantine", *rest]:
                return self._quarantine(rest, body)
        raise AssertionError(path)

    def _schema(self, method: str, parts: list[str], body: Any) -> bytes:
        if not parts:
            self.versions.append(definition(body["eventName"], 1, "draft", properties=body["properties"]))
            return http(self.versions[-1], ETag='"1"')
        known = [each for each in self.versions if each["eventName"] == parts[0]]
        if parts[1:] == []:
            return _page([_checked(EventSchemaDefinition, each) for each in known])
        found = next((each for each in known if each["version"] == int(parts[1])), None)
        if found is None:
            return problem("not-found", 404, "There is no such version.")
        match method, parts[2:]:
            case "PUT", []:
                found |= body
            case "DELETE", []:
                self.versions.remove(found)
                return http("")
            case "POST", ["state"] if self.approval:
                return http({"approvalId": "a1", "kind": "analytics.publish", "title": "Publish", "version": 1})
            case "POST", ["state"]:
                found["state"] = body["state"]
        if method != "GET":
            found["revision"] += 1
        return http(found, ETag=f'"{found["revision"]}"')

    def _violations(self, method: str, parts: list[str], body: Any) -> bytes:
        if not parts:
            return _page([_checked(ViolationGroup, each) for each in self.violations])
        found = next(each for each in self.violations if each["id"] == parts[0])
        if method == "PATCH":
            found |= {name: value for name, value in body.items() if name != "reason"}
            if "assignedTo" in body:
                found["assignedToName"] = body["assignedTo"] and "Operations lead"
            if body.get("state", "muted") != "muted":
                found["mutedUntil"] = None
            found["version"] += 1
        return http(found, ETag=f'"{found["version"]}"')

    def _tail(self, query: dict[str, list[str]]) -> bytes:
        items = [
            _checked(TailedEvent, each)
            for each in self.tail
            if query.get("eventName", [each["eventName"]])[0] == each["eventName"]
            and (each["verdict"] != "landed" or "violations" not in query)
        ]
        return http({"items": items, "asOf": AS_OF.isoformat()})

    def _quarantine(self, parts: list[str], body: Any) -> bytes:
        if not parts:
            return _page([_checked(QuarantineGroup, each) for each in self.held])
        [group] = [each for each in self.held if each["pointer"] == body["pointer"]]
        passing = min(self.passing, group["held"]) if group["pointer"] == "/properties/total" else 0
        if parts == ["discard"] or (parts == ["replay"] and passing == group["held"]):
            self.held.remove(group)
        if parts == ["discard"]:
            return http({"discarded": group["held"], "asOf": AS_OF.isoformat()})
        left = group["held"] - passing
        still = [TOTAL_WRONG] if left else []
        counts = {"lookedAt": group["held"], "passing": passing, "stillHeld": left, "unreadable": 0}
        return http({**counts, "violations": still, "asOf": AS_OF.isoformat()})


def _checked(kind: Any, value: dict[str, Any]) -> dict[str, Any]:
    """As the contract has it, or the test is wrong."""
    kind.model_validate(value)
    return value


def _page(items: list[dict[str, Any]]) -> bytes:
    return http({"items": items, "nextCursor": None, "asOf": AS_OF.isoformat()})


def stale() -> bytes:
    """Somebody else was quicker."""
    return problem("stale-version", 412, "Somebody else changed this.")


@asynccontextmanager
async def events_office(profile: Path, **fields: Any) -> AsyncIterator[tuple[Office, Shop]]:
    """A console signed in to a server with a tracking plan."""
    shop = Shop()
    async with office(profile, me=fields.pop("me", me()), **fields) as made:

        def answer(asked: Asked) -> bytes | None:
            path = urlsplit(asked.path).path
            if path.startswith(PATH):
                return shop.answer(asked)
            if path.endswith("/counts"):
                return http({"counts": {"analytics.violations": 3, "analytics.held": 330}, "asOf": AS_OF.isoformat()})
            return made.answer(asked)

        made.server.answer = answer
        await made.console.session.load_me()
        yield made, shop
