"""Outside systems as the design draws them, and a server that answers about them as the contract says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from models.deliveries.connections import Connection, ConnectionDetail
from models.deliveries.letters import Letter, LetterDetail
from models.deliveries.routing import ContactMethod, RouteMap
from tests.app.answers import AS_OF, ME
from tests.app.core.faulty_server import Asked, http, problem
from tests.views.office import Office, office

PERMISSIONS = ("deliveries.view_connections", "deliveries.manage_connections", "deliveries.replay_letters")
PATH = "/api/deliveries"


def me(*permissions: str) -> dict[str, Any]:
    """Whoever may do these; everything where nothing is said."""
    return {**ME, "permissions": [*ME["permissions"], *(permissions or PERMISSIONS)]}


def ago(**span: float) -> str:
    """An instant before the picture's."""
    return (AS_OF - timedelta(**span)).isoformat()


def ahead(**span: float) -> str:
    """An instant after the picture's."""
    return (AS_OF + timedelta(**span)).isoformat()


def secret(days: int, most: int | None = None, **more: Any) -> dict[str, Any]:
    """What is shown of a secret so many days old."""
    set_at = AS_OF - timedelta(days=days, hours=1)
    return {
        "lastFour": "7f3a",
        "fingerprint": "9c41 e0b7 52d8 1fa6",
        "reference": "",
        "setAt": set_at.isoformat(),
        "setBy": "Tariq Khan",
        "expiresAt": None if most is None else (set_at + timedelta(days=most)).isoformat(),
        **more,
    }


def connection(name: str, settings: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One that works, unless told otherwise."""
    known = name.casefold().replace(" ", "-").replace(",", "").replace("#", "")
    return {
        "id": known,
        "name": name,
        "settings": settings,
        "subscriptions": [],
        "rate": None,
        "state": "ok",
        "harms": False,
        "lastSuccessAt": ago(seconds=16),
        "oldestWaitingAt": None,
        "waiting": 0,
        "dead": 0,
        "p95Seconds": 0.3,
        "breaker": "closed",
        "nextAttemptAt": None,
        "secret": secret(40),
        "hookSecret": None,
        "proof": "proven",
        "provenAt": ago(minutes=4),
        "proofTriedAt": ago(minutes=4),
        "lastError": "",
        "lastErrorAt": None,
        "advice": None,
        "pausedBy": None,
        "pausedUntil": None,
        "pauseReason": "",
        "hook": "",
        "version": 1,
        "updatedAt": ago(days=40),
        "updatedBy": "Tariq Khan",
        **more,
    }


def webhook(url: str = "https://in.example/hooks") -> dict[str, Any]:
    """A signed webhook."""
    return {"kind": "webhook", "url": url, "ordered": False}


def shop(path: str) -> dict[str, Any]:
    """The shop."""
    return {"kind": "shop", "url": f"https://shop.halfmile.example/hooks/{path}", "knowsIds": True}


def slack(channel: str) -> dict[str, Any]:
    """A channel of Slack."""
    return {"kind": "slack", "channel": channel, "url": "https://slack.com/api"}


DISCORD = {"kind": "discord", "webhookId": "118293847561", "url": "https://discord.com/api/v10"}
PAGERDUTY = {"kind": "pagerduty", "url": "https://events.pagerduty.com"}
SENDGRID = {
    "kind": "sendgrid",
    "sender": "operations@halfmile.example",
    "recipients": ["ops@halfmile.example", "risk@halfmile.example"],
    "url": "https://api.sendgrid.com",
}
SMTP = {
    "kind": "smtp",
    "host": "mail.halfmile.example",
    "port": 587,
    "security": "starttls",
    "user": "ops",
    "sender": "operations@halfmile.example",
    "recipients": ["ops@halfmile.example"],
}


def connections() -> list[dict[str, Any]]:
    """Five that need attention, nine that work, two that are off."""
    return [
        connection(
            "Shop webhook, refund",
            shop("refund"),
            subscriptions=["risk.entry.approved", "risk.entry.rejected", "risk.entry.escalated", "alerts.*"],
            state="failing",
            harms=True,
            lastSuccessAt=ago(minutes=41, seconds=33),
            oldestWaitingAt=ago(minutes=41),
            waiting=12,
            dead=41,
            p95Seconds=0.2,
            breaker="half_open",
            nextAttemptAt=ahead(seconds=12),
            secret=secret(212, 180),
            proof="failed",
            provenAt=ago(minutes=44, seconds=35),
            proofTriedAt=ago(minutes=4),
            lastError="401 signature rejected, all since 13:21",
            lastErrorAt=ago(minutes=4),
            advice={
                "verdict": "No refund reaches the shop",
                "remedy": "secret",
                "detail": "The shop answers 401, signature rejected, to every try since 13:21:04.",
                "steps": [
                    "Get the new secret from the shop lead, NB.",
                    "Enter it with Rotate secret… The old one is kept for 24 h.",
                    "Send a test, then replay the 41 dead letters below.",
                ],
            },
            hook="/api/hooks/shop-webhook-refund",
            version=9,
        ),
        connection(
            "Finance webhook",
            webhook("https://finance.halfmile.example/in"),
            state="failing",
            lastSuccessAt=ago(hours=36),
            oldestWaitingAt=ago(hours=12, minutes=2),
            waiting=2,
            p95Seconds=1.8,
            breaker="open",
            nextAttemptAt=ahead(minutes=7, seconds=23),
            secret=secret(88),
            proof="failed",
            proofTriedAt=ago(minutes=2),
            lastError="Certificate has changed, nothing was sent",
            lastErrorAt=ago(minutes=2),
            advice={
                "verdict": "Nothing reaches Finance webhook",
                "remedy": "secret",
                "detail": "Its certificate has changed.",
                "steps": ["Ask finance for the new one, then send a test."],
            },
        ),
        connection(
            "Tax rates",
            webhook("https://tax.halfmile.example/in"),
            state="misconfigured",
            lastSuccessAt=ago(days=4),
            secret=secret(3),
            proof="failed",
            proofTriedAt=ago(minutes=3),
            lastError="403 sandbox key used in production",
            lastErrorAt=ago(minutes=3),
            advice={
                "verdict": "Nothing reaches Tax rates",
                "remedy": "secret",
                "detail": "403 sandbox key used in production. Sending has stopped.",
                "steps": ["Enter the live key.", "Send a test."],
            },
        ),
        connection(
            "Event warehouse",
            webhook("https://warehouse.halfmile.example/in"),
            state="late",
            lastSuccessAt=ago(minutes=5),
            oldestWaitingAt=ago(minutes=5),
            waiting=1881,
            p95Seconds=8.9,
            rate=1.0,
            provenAt=ago(minutes=2),
            lastError="429 too many requests, sending 60 per second",
            lastErrorAt=ago(minutes=1),
            advice={
                "verdict": "Event warehouse is behind",
                "detail": "1,881 waiting.",
                "steps": ["Nothing to do: empty at about 14:34."],
            },
        ),
        connection(
            "Discord ops",
            DISCORD,
            state="paused",
            lastSuccessAt=ago(hours=2, minutes=22),
            oldestWaitingAt=ago(hours=2, minutes=20),
            waiting=14,
            secret=secret(140),
            pausedBy="Sara Lind",
            pausedUntil=datetime(2026, 11, 24, 16, 0, tzinfo=AS_OF.tzinfo).isoformat(),
            pauseReason="channel moves",
            advice={
                "verdict": "Discord ops is paused",
                "remedy": "resume",
                "detail": "channel moves.",
                "steps": ["Resume sends 14 messages in order."],
            },
        ),
        connection("Slack #ops-incidents", slack("C024BE91L"), secret=secret(96)),
        connection("PagerDuty Events v2", PAGERDUTY, secret=secret(31), lastSuccessAt=ago(minutes=4, seconds=27)),
        connection(
            "SendGrid",
            SENDGRID,
            secret=secret(64),
            lastSuccessAt=ago(seconds=7),
            oldestWaitingAt=ago(seconds=9),
            waiting=3,
            lastError="2 addresses bounced",
            lastErrorAt=ago(hours=19, minutes=50),
        ),
        connection("Shop webhook, release", shop("release"), lastSuccessAt=ago(seconds=18)),
        connection(
            "Shop webhook, cancel",
            shop("cancel"),
            lastSuccessAt=ago(minutes=13),
            lastError="timed out once, sent on try 2",
            lastErrorAt=ago(hours=5),
        ),
        *(connection(name, webhook()) for name in ("Grafana", "Sentry", "Logtail", "Jira", "S3 archive")),
        *(
            connection(
                name,
                settings,
                state="off",
                lastSuccessAt=None,
                p95Seconds=None,
                secret=None,
                proof="never",
                provenAt=None,
                proofTriedAt=None,
                advice={
                    "verdict": f"{name} is not set up",
                    "remedy": "secret",
                    "detail": "Not set up.",
                    "steps": [steps],
                },
            )
            for name, settings, steps in (
                ("SMTP", SMTP, "SendGrid sends all mail."),
                ("BigQuery", webhook(), "Add a project and a key to start."),
            )
        ),
    ]


def hours() -> list[dict[str, Any]]:
    """A day of deliveries that ends badly."""
    sent = (8, 7, 9, 10, 6, 7, 5, 10, 8, 6, 9, 2, 3, 2, 2, 5, 5, 3, 6, 9, 10, 9, 11, 3)
    begin = AS_OF.replace(minute=0, second=0, microsecond=0)
    found = []
    for number, count in enumerate(sent):
        retried = {4: 1, 20: 2, 22: 4, 23: 3}.get(number, 0)
        found.append(
            {
                "beginsAt": (begin - timedelta(hours=23 - number)).isoformat(),
                "sent": count,
                "retried": retried,
                "dead": 41 if number == 22 else 0,
            }
        )
    return found


def letter(number: int, **more: Any) -> dict[str, Any]:
    """A dead letter of the shop."""
    return {
        "id": f"letter-{number}",
        "source": "command",
        "state": "dead",
        "connectionId": "shop-webhook-refund",
        "messageId": f"msg_2cTq81x{number}",
        "action": "shop.refund.approved",
        "about": f"CS-4{7461 - number * 139}",
        "attempts": 6,
        "firstAt": ago(minutes=4 + 2 * number),
        "dueAt": None,
        "endedAt": ago(minutes=4 + 2 * number),
        "status": 401,
        "words": "401 signature rejected",
        **more,
    }


def letters() -> list[dict[str, Any]]:
    """Six dead ones, one of another cause, and a command nobody knows the end of."""
    found = [letter(number) for number in range(1, 7)]
    found[4] |= {"words": "connection reset, then 401", "status": None, "action": "shop.store_credit.given"}
    found.append(letter(7, state="uncertain", status=None, words="answer lost", action="shop.order.released"))
    found.append(letter(8, state="waiting", endedAt=None, dueAt=ahead(minutes=3)))
    found.append(
        letter(9, source="job", connectionId=None, action="risk.train_model", about="", status=None, words="killed")
    )
    return found


def detail_of(one: dict[str, Any]) -> dict[str, Any]:
    """With its request and answer."""
    return {
        **one,
        "requestLine": "POST /hooks/refund HTTP/1.1",
        "requestHeaders": {
            "Webhook-Id": one["messageId"],
            "Webhook-Timestamp": "1795528591",
            "Webhook-Signature": "v1,4kQ…9w=",
        },
        "requestBody": '{"type":"refund.approved","order":"CS-47322","amount":"84.95","currency":"EUR"}',
        "answerHeaders": {"Content-Type": "application/json", "Retry-After": "30"},
        "answerBody": '{"error":"signature_rejected","key_expected":"…b2c9","key_used":"…7f3a"}',
        "history": [
            {"at": ago(minutes=9), "seconds": 0.2, "status": 401, "words": "401 signature rejected"},
            {"at": one["endedAt"] or ago(minutes=6), "seconds": 0.2, "status": 401, "words": "401 signature rejected"},
        ],
    }


ROUTED = {
    "operations": "pagerduty-events-v2:12 slack-ops-incidents:123 discord-ops:34 sendgrid:4",
    "payments": "pagerduty-events-v2:12 slack-ops-incidents:12 sendgrid:1",
    "risk": "slack-ops-incidents:123 sendgrid:34",
    "finance": "pagerduty-events-v2:1 sendgrid:14",
    "support": "slack-ops-incidents:12",
    "privacy": "pagerduty-events-v2:12 slack-ops-incidents:12 sendgrid:123",
    "community": "discord-ops:1234 sendgrid:1",
}


def route_map(**more: Any) -> dict[str, Any]:
    """Seven teams and two holes."""
    routes = [
        {
            "team": team,
            "severity": f"P{severity}",
            "connectionId": part.split(":")[0],
            "mode": "daily" if severity == "4" else "at_once",
        }
        for team, said in ROUTED.items()
        for part in said.split()
        for severity in part.split(":")[1]
    ]
    return {
        "routes": routes,
        "gaps": [
            {
                "team": "community",
                "severities": ["P2", "P3"],
                "words": "Community P2 and P3 go to Discord ops only, paused until 16:00.",
            },
            {"team": "finance", "severities": ["P2"], "words": "Finance P2 reaches nobody."},
        ],
        "version": 31,
        "updatedAt": ago(days=2),
        "updatedBy": "Operations lead",
        **more,
    }


CODE = "482913"
"""What comes to every address."""


def contact(address: str, **more: Any) -> dict[str, Any]:
    """An address of one's own."""
    return {"id": address, "address": address, "state": "unverified", "verifiedAt": None, "version": 1, **more}


def template(name: str, **more: Any) -> dict[str, Any]:
    """What a notice says."""
    return {
        "name": name,
        "kind": None,
        "subject": "{severity} {title}",
        "text": "{title} since {since}",
        "values": ["severity", "title", "since"],
        "version": 1,
        "updatedAt": ago(days=2),
        "updatedBy": "Operations lead",
        **more,
    }


@dataclass
class Systems:
    """The part of the server that knows outside systems. Change the fields, and the next answers are others."""

    connections: list[dict[str, Any]] = field(default_factory=connections)
    letters: list[dict[str, Any]] = field(default_factory=letters)
    routes: dict[str, Any] = field(default_factory=route_map)
    texts: list[dict[str, Any]] = field(default_factory=lambda: [template("alert.raised")])
    contacts: list[dict[str, Any]] = field(default_factory=list)
    proof: dict[str, Any] = field(default_factory=lambda: {"proof": "proven", "seconds": 0.2, "words": "200 OK"})
    refusal: bytes | None = None
    """What every write is answered, if anything."""
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    """Method, path below the room and body of every write."""
    keys: list[str] = field(default_factory=list)
    """Names of the headers of every write."""

    def answer(self, asked: Asked) -> bytes:
        """What a server in good order says."""
        url = urlsplit(asked.path)
        path, query = url.path.removeprefix(PATH), parse_qs(url.query)
        body = json.loads(asked.body) if asked.body else None
        if asked.method != "GET":
            self.asked.append((asked.method, path, body))
            self.keys.append(" ".join(sorted(name.casefold() for name in asked.headers)))
            if self.refusal is not None:
                return self.refusal
        parts = path.strip("/").split("/")
        match parts[0]:
            case "connections":
                return self._connections(asked.method, parts[1:], body)
            case "letters":
                return self._letters(asked.method, parts[1:], query, body)
            case "routes":
                return self._routes(asked.method, body)
            case "templates" if asked.method == "POST":
                return http({"subject": "P2 Downloads failing", "text": f"As {body['connectionId']} shows it"})
            case "templates" if asked.method == "PATCH":
                self.texts.insert(0, template("alert.raised", **body, version=len(self.texts) + 1))
                return http(self.texts[0], ETag=f'"{len(self.texts)}"')
            case "templates" if parts[-1] == "versions":
                return _page([each for each in self.texts if each["name"] == parts[1]] or [template(parts[1])])
            case "templates":
                return _page([template("alert.raised"), template("approval.waits")])
            case "contacts":
                return self._contacts(asked.method, parts[1:], body)
        raise AssertionError(path)

    def _contacts(self, method: str, parts: list[str], body: Any) -> bytes:
        if method == "GET":
            return _page([_checked(ContactMethod, each) for each in self.contacts])
        match method, parts:
            case "POST", []:
                self.contacts.append(contact(body["address"]))
                return http(self.contacts[-1])
            case "POST", [known, "verify"]:
                if body["code"] != CODE:
                    return problem("invalid", 422, "This is not the code that was sent.")
                found = next(each for each in self.contacts if each["id"] == known)
                found |= {"state": "verified", "verifiedAt": AS_OF.isoformat()}
                return http(found)
        self.contacts = [each for each in self.contacts if each["id"] != parts[0]]
        return http("")

    def _connections(self, method: str, parts: list[str], body: Any) -> bytes:
        if not parts and method == "GET":
            return _page([_checked(Connection, each) for each in self.connections])
        if not parts:
            advice = {"verdict": "It is not set up", "detail": "Nothing is sent.", "steps": [], "remedy": "secret"}
            made = connection(body["name"], body["settings"], state="off", secret=None, advice=advice)
            self.connections.append(made)
            return http(self._detail(made))
        found = next((each for each in self.connections if each["id"] == parts[0]), None)
        if found is None:
            return problem("not-found", 404, "There is no such connection.")
        match method, parts[1:]:
            case "POST", ["test"]:
                return http({"connectionId": found["id"], "at": AS_OF.isoformat(), **self.proof})
            case "POST", ["pause"]:
                found |= {
                    "state": "paused",
                    "pausedBy": "Operations lead",
                    "pausedUntil": body.get("until"),
                    "pauseReason": body["reason"],
                }
            case "POST", ["resume"]:
                found |= {"state": "ok", "pausedBy": None, "pausedUntil": None, "pauseReason": "", "advice": None}
            case "PUT", ["secret"]:
                found["secret"] = secret(0, lastFour=(body.get("value") or "")[-4:])
            case "DELETE", ["secret"]:
                found |= {"state": "off", "secret": None}
            case "PATCH", []:
                found |= body
            case "DELETE", []:
                self.connections.remove(found)
                return http("")
        if method != "GET":
            found["version"] += 1
        return http(self._detail(found), ETag=f'"{found["version"]}"')

    @staticmethod
    def _detail(found: dict[str, Any]) -> dict[str, Any]:
        tries = "at once, 10 s, 30 s, 2 min, 5 min, 10 min, then dead"
        return _checked(ConnectionDetail, {**found, "hours": hours(), "tries": tries})

    def _letters(self, method: str, parts: list[str], query: dict[str, list[str]], body: Any) -> bytes:
        if method == "GET" and not parts:
            wanted = query.get("connection", [None])[0]
            return _page(
                [
                    _checked(Letter, each)
                    for each in self.letters
                    if each["state"] in query["state"] and wanted in {None, each["connectionId"]}
                ]
            )
        match parts:
            case ["replay"]:
                ids = body.get("ids") or [each["id"] for each in self.letters if each["state"] == "dead"]
                left_out = [{"id": known, "words": "the shop already has it"} for known in ids if known == "letter-3"]
                if not body.get("dryRun"):
                    self._become(set(ids) - {"letter-3"}, "waiting")
                return http({"count": len(ids) - len(left_out), "leftOut": left_out})
            case ["discard"]:
                self._become(set(body["ids"]), "discarded")
                return http({"count": len(body["ids"]), "leftOut": []})
            case [known, "resolve"]:
                self._become({known}, "sent" if body["resolution"] == "done" else "waiting")
        found = next(each for each in self.letters if each["id"] == parts[0])
        return http(_checked(LetterDetail, detail_of(found)))

    def _become(self, ids: set[str], state: str) -> None:
        for each in self.letters:
            if each["id"] in ids:
                each["state"] = state

    def _routes(self, method: str, body: Any) -> bytes:
        if method == "PUT":
            self.routes |= {"routes": body["routes"], "gaps": [], "version": self.routes["version"] + 1}
        return http(_checked(RouteMap, self.routes), ETag=f'"{self.routes["version"]}"')


def _checked(kind: Any, value: dict[str, Any]) -> dict[str, Any]:
    """As the contract has it, or the test is wrong."""
    kind.model_validate(value)
    return value


def _page(items: list[dict[str, Any]]) -> bytes:
    return http({"items": items, "nextCursor": None, "asOf": AS_OF.isoformat()})


def conflict() -> bytes:
    """Somebody else was quicker."""
    return problem("stale-version", 412, "Somebody else changed this.")


@asynccontextmanager
async def systems_office(profile: Path, **fields: Any) -> AsyncIterator[tuple[Office, Systems]]:
    """A console signed in to a server with outside systems."""
    systems = Systems(**{name: fields.pop(name) for name in ("connections", "letters", "routes") if name in fields})
    async with office(profile, me=fields.pop("me", me()), **fields) as made:

        def answer(asked: Asked) -> bytes | None:
            path = urlsplit(asked.path).path
            if path.startswith(PATH):
                return systems.answer(asked)
            if path.endswith("/counts"):
                return http({"counts": {"deliveries.connections": 5}, "asOf": AS_OF.isoformat()})
            return made.answer(asked)

        made.server.answer = answer
        await made.console.session.load_me()
        yield made, systems
