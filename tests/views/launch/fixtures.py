"""The launch the design draws, and a server that answers about it as the contract says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from PySide6.QtWidgets import QWidget

from app.console import Console
from app.core.query import Sample
from app.launch.domain import Launches
from models.launch import Launch, LaunchReview
from models.launch.checklist import LaunchChecklistItem
from models.launch.clock import ClockHistory
from models.launch.poll import LaunchStatus, Poll, PollRecord, Reminder
from models.launch.templates import TemplateSummary
from tests.app.answers import AS_OF, ME
from tests.app.core.faulty_server import Asked, http, problem
from tests.views.office import Office, office
from views.launch.desk import LaunchDesk

PATH = "/api/operations"
PERMISSIONS = (
    "checklist.view",
    "checklist.complete",
    "checklist.manage",
    "launch.vote",
    "launch.direct",
)
LAUNCH, POLL = "turboprop-42", "poll-2"
READING = -5400
"""T−01:30:00, in a planned hold."""
ROLES = (
    ("operations-lead", "Operations lead", "Ops lead", "Mara Berg"),
    ("administrator", "Administrator", "Admin", "Tariq Khan"),
    ("incident-responder", "Incident responder", "Incident", "Nele Krause"),
    ("support-lead", "Support lead", "Support", "Sara Rossi"),
    ("risk-manager", "Risk manager", "Risk", "Ada Vogel"),
    ("compliance-officer", "Compliance officer", "Compliance", "Jonas Lund"),
    ("finance-analyst", "Finance analyst", "Finance", "Paula Diaz"),
    ("content-editor", "Content editor", "Content", "Emil Maurer"),
    ("community-manager", "Community manager", "Community", "Rita Bloom"),
    ("launch-director", "Launch director", "Director", "Lena Dorn"),
)


def ago(**span: float) -> str:
    """An instant before the picture's."""
    return (AS_OF - timedelta(**span)).isoformat()


def ahead(**span: float) -> str:
    """An instant after the picture's."""
    return (AS_OF + timedelta(**span)).isoformat()


def me(*permissions: str, roles: tuple[str, ...] = ("launch-director", "support-lead")) -> dict[str, Any]:
    """Whoever may do these; everything where nothing is said."""
    known = [*ME["permissions"], *(permissions or PERMISSIONS)]
    return {**ME, "userId": "lena", "name": "Lena Dorn", "roles": list(roles), "permissions": known}


def launch(**more: Any) -> dict[str, Any]:
    """The launch, two holds before it."""
    return {
        "launchId": LAUNCH,
        "title": "Winter release: Turboprop 42",
        "shortTitle": "Turboprop 42",
        "zone": "Europe/Berlin",
        "plannedZeroAt": ahead(seconds=5400 + 900 + 300),
        "templateKey": "product-launch",
        "templateVersion": 3,
        "rehearsalOf": None,
        "state": "open",
        "roll": [
            {"role": role, "name": name, "shortName": short, "director": role == "launch-director"}
            for role, name, short, _ in ROLES
        ],
        "points": [
            {"key": "readiness", "title": "Readiness", "reading": READING, "seconds": 900, "exitCriteria": "All GO"},
            {"key": "last-look", "title": "Last look", "reading": -900, "seconds": 300, "exitCriteria": "All GO"},
        ],
        "criteria": [],
        "faults": {},
        "delegations": [],
        "createdAt": ago(days=9),
        "createdBy": "mara",
        "createdByName": "Mara Berg",
        "closedAt": None,
        "decision": None,
        "version": 4,
        **more,
    }


def item(number: int, category: str, description: str, owner: int, due: float, **more: Any) -> dict[str, Any]:
    """An item; signed unless told otherwise."""
    role, name, _, person = ROLES[owner]
    return {
        "itemId": f"item-{number}",
        "launchId": LAUNCH,
        "key": f"k{number}",
        "number": number,
        "category": category,
        "description": description,
        "ownerRole": role,
        "ownerName": name,
        "due": due,
        "dueDate": (AS_OF + timedelta(seconds=due - READING)).isoformat(),
        "lateSeconds": None,
        "blocking": True,
        "automatic": False,
        "entryCriteria": "",
        "evidence": [{"label": f"Report {number}", "url": f"https://evidence.halfmile.example/{number}"}],
        "criteria": [],
        "dependsOn": [],
        "waitsFor": [],
        "contingency": None,
        "status": "approved",
        "notes": None,
        "completedAt": ago(hours=2, minutes=number),
        "completedBy": role,
        "completedByName": person,
        "waiver": None,
        "reopenedReason": None,
        "version": 2,
        **more,
    }


PENDING = {"status": "pending", "completedAt": None, "completedBy": None, "completedByName": None, "version": 1}
PLAN = {
    "title": "Chat closes at 16:00",
    "trigger": "one of four chairs has no name at T−1 h 30",
    "steps": ["Chat closes at 16:00", "The contact form stays open", "A banner stands on the help page"],
    "ownerRole": "support-lead",
    "decideBy": -3600,
}


def items() -> list[dict[str, Any]]:
    """Nineteen items in five groups, one late."""
    short = {"evidence": []}
    return [
        item(1, "Commerce", "Price list EUR published, 3 regions", 0, -10800),
        item(2, "Commerce", "Checkout rehearsal, 50 test orders", 0, -10800),
        item(3, "Commerce", "Load test 400 orders/min for 20 min", 1, -72000),
        item(4, "Commerce", "Launch discount ends at T+72 h", 0, -1800, **PENDING, **short),
        item(5, "Downloads and licences", "Installers mirrored to 4 regions, hashes equal", 1, -18000),
        item(6, "Downloads and licences", "Licence activation dry run, 200 keys", 1, -12600),
        item(7, "Downloads and licences", "Delta update from 1.9 tested on 3 simulators", 1, -10800),
        item(
            8,
            "Downloads and licences",
            "Download cache warmed, hit rate over 95 %",
            1,
            -1200,
            **PENDING,
            criteria=["downloads"],
            **short,
        ),
        item(9, "Content and store pages", "Store pages reviewed", 7, -14400),
        item(10, "Content and store pages", "Release notes translated", 7, -14400),
        item(13, "Risk and payments", "Chargeback ratio under 0.40 % for 30 days", 4, -8100),
        item(
            14,
            "Risk and payments",
            "Review queue under 20 entries",
            4,
            -7200,
            automatic=True,
            criteria=["queue"],
            **short,
        ),
        item(15, "Risk and payments", "Payment provider capacity confirmed", 6, -900, **PENDING, **short),
        item(16, "Support and community", "Help articles and canned replies live", 3, -14400),
        item(
            17,
            "Support and community",
            "Chat cover 12:00–20:00 UTC, 4 people",
            3,
            -6300,
            **{**PENDING, "lateSeconds": 1272.0, "contingency": PLAN},
            entryCriteria="Four people are named for every hour",
        ),
        item(18, "Support and community", "Discord announcement scheduled", 8, -900, **PENDING, **short),
        item(23, "Operations", "On-call now and next confirmed, both paged", 2, -7200),
        item(24, "Operations", "Rollback rehearsed in under 10 min", 2, -900, **PENDING, dependsOn=["k23"], **short),
        item(25, "Operations", "Status page draft and banner ready", 2, -600, **PENDING, waitsFor=["k24"], **short),
    ]


def figure(key: str, label: str, short: str, value: float | None, **more: Any) -> dict[str, Any]:
    """A bound figure within its limits, four seconds old."""
    return {
        "key": key,
        "criterion": f"figures.{key}",
        "label": label,
        "shortLabel": short,
        "unit": "ratio",
        "value": value,
        "low": None,
        "high": None,
        "staleAfter": 300,
        "dataThrough": ago(seconds=4),
        "lateAt": ahead(seconds=56),
        "goodUntil": ahead(seconds=296),
        "evaluatedAt": AS_OF.isoformat(),
        "verdict": "inside",
        "changedAt": None,
        "live": False,
        "detail": "",
        "binds": [],
        **more,
    }


def evidence() -> list[dict[str, Any]]:
    """Seven figures, one late."""
    return [
        figure("checkout", "Checkout success", "Checkout", 0.989, low=0.985),
        figure("payments", "Payments authorised", "Payments", 0.946, low=0.92),
        figure("risk", "Risk check p95", "Risk p95", 0.188, high=0.25, unit="seconds"),
        figure("api", "Dashboard API p95", "API p95", 0.312, high=0.4, unit="seconds"),
        figure("downloads", "Downloads failed", "DL failed", 0.0042, high=0.01),
        figure(
            "licences",
            "Licences activated",
            "Licences",
            0.993,
            low=0.99,
            dataThrough=ago(minutes=3, seconds=10),
            lateAt=ago(minutes=2),
        ),
        figure(
            "rules", "Rule set", "Rules", 42, low=41, high=41, unit="version", verdict="outside", binds=["risk-manager"]
        ),
    ]


def vote(number: int, **more: Any) -> dict[str, Any]:
    """A GO, unless told otherwise."""
    role, name, short, person = ROLES[number]
    return {
        "role": role,
        "name": name,
        "shortName": short,
        "director": role == "launch-director",
        "choice": "GO",
        "standing": "counted",
        "person": role,
        "personName": person,
        "reason": "",
        "at": ago(minutes=5, seconds=-number * 7),
        "secondFactorAt": ago(minutes=6),
        "delegatedBy": None,
        "evidenceVersion": 3,
        "changedAt": None,
        "changed": [],
        "override": None,
        "version": 1,
        **more,
    }


NOT_VOTED = {
    "choice": None,
    "standing": "not voted",
    "person": None,
    "personName": None,
    "reason": None,
    "at": None,
    "secondFactorAt": None,
    "evidenceVersion": None,
    "version": 0,
}


def votes() -> list[dict[str, Any]]:
    """Seven GO, one HOLD, one void, and the director."""
    found = [vote(number) for number in range(len(ROLES))]
    found[3] |= {"choice": "HOLD", "reason": "Chat cover 12:00–20:00 not signed"}
    found[4] |= {"standing": "evidence changed", "changedAt": ago(minutes=2, seconds=28), "changed": ["rules"]}
    found[9] |= NOT_VOTED
    return found


def poll(**more: Any) -> dict[str, Any]:
    """Round two, open."""
    return {
        "pollId": POLL,
        "launchId": LAUNCH,
        "round": 2,
        "question": "GO for the release at T−0?",
        "state": "open",
        "evidenceVersion": 4,
        "heldSince": ago(minutes=2, seconds=28),
        "openedAt": ago(minutes=5, seconds=32),
        "openedBy": "lena",
        "openedByName": "Lena Dorn",
        "closedAt": None,
        "closedBy": None,
        "closedByName": None,
        "verdict": None,
        "recordReady": False,
        "version": 11,
        **more,
    }


def closed_poll(number: int = 1, verdict: str = "HOLD") -> dict[str, Any]:
    """An earlier one, with its record."""
    return poll(
        pollId=f"poll-{number}",
        round=number,
        state="closed",
        closedAt=ago(hours=20),
        openedAt=ago(hours=20, minutes=12),
        closedBy="lena",
        closedByName="Lena Dorn",
        verdict=verdict,
        recordReady=True,
    )


def clock(**more: Any) -> dict[str, Any]:
    """In the planned hold at T−1:30, for six minutes."""
    return {
        "state": "planned-hold",
        "zeroAt": None,
        "reading": READING,
        "since": ago(minutes=6, seconds=12),
        "hold": 1,
        "point": "readiness",
        "plannedSeconds": 900,
        "resumeBy": ahead(minutes=8, seconds=48),
        "reason": None,
        "exitCriteria": "All GO",
        "nextPoint": "last-look",
        "nextHoldAt": None,
        "projectedZeroAt": ahead(seconds=528 + 5400 + 300),
        "asOf": AS_OF.isoformat(),
        **more,
    }


def status(**more: Any) -> dict[str, Any]:
    """HOLD for two reasons."""
    causes = [
        {
            "input": "poll",
            "verdict": "HOLD",
            "key": "support-lead",
            "title": "Support holds",
            "detail": "Chat cover 12:00–20:00 not signed",
            "at": ago(minutes=4),
        },
        {
            "input": "poll",
            "verdict": "HOLD",
            "key": "risk-manager",
            "title": "Risk: GO void",
            "detail": "Rule set changed after the vote",
            "at": ago(minutes=2, seconds=28),
        },
        {
            "input": "checklist",
            "verdict": "HOLD",
            "key": "k17",
            "title": "Item 17 not signed",
            "detail": "Chat cover 12:00–20:00 UTC, 4 people",
            "at": None,
        },
    ]
    return {
        "launchId": LAUNCH,
        "launchVersion": 4,
        "clock": clock(),
        "poll": poll(),
        "rollCall": votes(),
        "nextRole": "risk-manager",
        "evidence": evidence(),
        "checklist": {"total": 19, "signed": 12, "due": 12, "dueSigned": 11, "late": 1, "blockingLate": 1},
        "verdict": {
            "word": "HOLD",
            "causes": causes,
            "inputs": [
                {"name": "poll", "verdict": "HOLD", "good": 7, "total": 9},
                {"name": "checklist", "verdict": "HOLD", "good": 11, "total": 12},
                {"name": "evidence", "verdict": "GO", "good": 7, "total": 7},
                {"name": "record", "verdict": "GO", "good": 1, "total": 1},
            ],
        },
        "asOf": AS_OF.isoformat(),
        "validUntil": ahead(seconds=1.6),
        **more,
    }


def all_go(**more: Any) -> dict[str, Any]:
    """Everybody is GO, and only the director has not voted."""
    found = [vote(number) for number in range(len(ROLES))]
    found[9] |= NOT_VOTED
    inputs = [
        {"name": name, "verdict": "GO", "good": good, "total": good}
        for name, good in (("poll", 9), ("checklist", 12), ("evidence", 7), ("record", 1))
    ]
    figures = evidence()[:-1]
    verdict = {"word": "GO", "causes": [], "inputs": inputs}
    return status(
        **({"rollCall": found, "verdict": verdict, "evidence": figures, "nextRole": "launch-director"} | more)
    )


def events() -> list[dict[str, Any]]:
    """Set, and once held."""
    return [
        {
            "seq": seq,
            "at": ago(hours=hours),
            "kind": kind,
            "reading": reading,
            "hold": number,
            "by": "lena",
            "byName": "Lena Dorn",
            "reason": reason,
            "exitCriteria": "",
        }
        for seq, hours, kind, reading, number, reason in (
            (1, 30, "set", -100_000, None, ""),
            (2, 12, "hold", None, None, "mirror 3 is behind"),
            (3, 11, "release", None, 1, "it has caught up"),
        )
    ]


def review() -> dict[str, Any]:
    """Half an hour late."""
    return {
        "launchId": LAUNCH,
        "plannedZeroAt": ago(days=1),
        "actualZeroAt": ago(hours=23, minutes=30),
        "slipSeconds": 1800.0,
        "holds": [
            {
                "number": 1,
                "point": "readiness",
                "reading": READING,
                "plannedSeconds": 900,
                "actualSeconds": 1500,
                "reason": None,
            },
            {
                "number": 2,
                "point": None,
                "reading": -600,
                "plannedSeconds": 0,
                "actualSeconds": 1200,
                "reason": "mirror",
            },
        ],
        "polls": [{"round": 1, "question": "GO?", "verdict": "GO", "seconds": 720.0, "evidenceChanges": 1}],
        "items": 19,
        "itemsLate": [
            {
                "key": "k17",
                "description": "Chat cover",
                "ownerRole": "support-lead",
                "lateSeconds": 1272.0,
                "waived": False,
            }
        ],
        "lessons": [],
        "text": "All regions live",
        "asOf": AS_OF.isoformat(),
    }


@dataclass
class Pad:
    """The part of the server that knows launches. Change the fields, and the next answers are others."""

    launches: list[dict[str, Any]] = field(default_factory=lambda: [launch()])
    status: dict[str, Any] = field(default_factory=status)
    items: list[dict[str, Any]] = field(default_factory=items)
    polls: list[dict[str, Any]] = field(default_factory=lambda: [poll(), closed_poll()])
    events: list[dict[str, Any]] = field(default_factory=events)
    refusal: bytes | None = None
    """What every write is answered, if anything."""
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    """Method, path below the API and body of every write."""
    told: bool = True
    """Whether anybody hears who is asked again."""
    unchanged: int = 0
    """How often a status was as it was."""
    files: dict[str, bytes] = field(default_factory=lambda: {"json": b"{}", "html": b"<p>", "pdf": b"%PDF"})

    def answer(self, asked: Asked) -> bytes:
        """What a server in good order says."""
        url = urlsplit(asked.path)
        path, query = url.path.removeprefix(PATH), parse_qs(url.query)
        body = json.loads(asked.body) if asked.body else None
        if asked.method != "GET":
            self.asked.append((asked.method, path, body))
            if self.refusal is not None:
                return self.refusal
        parts = path.strip("/").split("/")
        match parts[0]:
            case "checklist":
                return self._item(asked.method, parts[1:], body)
            case "launch-templates":
                return self._templates(parts[1:], query)
        match parts[1:]:
            case [] if asked.method == "GET":
                return _page([_checked(Launch, each) for each in self.launches])
            case []:
                made = launch(launchId="new", title=body["title"], shortTitle=body["shortTitle"])
                self.launches.append(made)
                return http(made)
            case [_, "status"]:
                return self._status(asked)
            case [_, "clock"]:
                return http(_checked(ClockHistory, {"events": self.events, "asOf": AS_OF.isoformat()}))
            case [_, "polls"] if asked.method == "GET":
                return _page([_checked(Poll, each) for each in self.polls])
            case [_, "polls"]:
                return http(_checked(Poll, poll(question=body["question"])))
            case [_, "polls", _, "votes"]:
                self._vote(body)
                return http(_checked(LaunchStatus, self.status))
            case [_, "polls", known, "record"]:
                return http(_checked(PollRecord, self._record(known)))
            case [_, "polls", _, "record", form]:
                media = {"json": "application/json", "html": "text/html; charset=utf-8", "pdf": "application/pdf"}
                return http(self.files[form], media=media[form])
            case [_, "review"]:
                return http(_checked(LaunchReview, review()))
            case [_, "reminders"]:
                return http(_checked(Reminder, reminder(body["role"], told=self.told)))
            case [_, "rehearsals"]:
                made = launch(launchId="rehearsal", rehearsalOf=LAUNCH)
                self.launches.append(made)
                return http(made)
            case [_, "checklist", "import"]:
                return http({"added": ["new-1"], "changed": ["k4"], "unchanged": 17})
            case [_, "checklist", "export"]:
                return http(
                    {"format": query["format"][0], "name": "checklist.yaml", "text": "items: []\n", "kind": "checklist"}
                )
        found = next(each for each in self.launches if each["launchId"] == parts[1])
        return http(found, ETag=f'"{found["version"]}"')

    def _status(self, asked: Asked) -> bytes:
        _checked(LaunchStatus, self.status)
        plain = {name: value for name, value in self.status.items() if name not in {"asOf", "validUntil"}}
        etag = f'W/"{hashlib.sha256(json.dumps(plain).encode()).hexdigest()[:12]}"'
        headers = {"ETag": etag, "Opsconsole_As_Of": self.status["asOf"]}
        if self.status["validUntil"] is not None:
            headers["Opsconsole_Valid_Until"] = self.status["validUntil"]
        if asked.headers.get("if-none-match") == etag:
            self.unchanged += 1
            return http(b"", status="304 Not Modified", **headers)
        return http(self.status, **headers)

    def _vote(self, body: dict[str, Any]) -> None:
        found = next(each for each in self.status["rollCall"] if each["role"] == body["role"])
        found |= {
            "choice": body["choice"],
            "reason": body["reason"],
            "standing": "counted",
            "person": "lena",
            "personName": "Lena Dorn",
            "at": AS_OF.isoformat(),
            "changed": [],
            "changedAt": None,
            "version": found["version"] + 1,
        }

    def _item(self, method: str, parts: list[str], body: Any) -> bytes:
        if not parts:
            return _page([_checked(LaunchChecklistItem, each) for each in self.items])
        found = next(each for each in self.items if each["itemId"] == parts[0])
        match parts[1:]:
            case ["complete"]:
                found |= {
                    "status": "approved",
                    "notes": body.get("notes"),
                    "completedBy": "lena",
                    "completedByName": "Lena Dorn",
                    "completedAt": AS_OF.isoformat(),
                    "lateSeconds": None,
                }
            case ["reopen"]:
                found |= {**PENDING, "reopenedReason": body["reason"]}
            case ["waive"]:
                return http({"id": "approval-1", "version": 1})
            case [] if method == "PATCH":
                found |= body
        if method != "GET":
            found["version"] += 1
        return http(_checked(LaunchChecklistItem, found), ETag=f'"{found["version"]}"')

    def _templates(self, parts: list[str], query: dict[str, list[str]]) -> bytes:
        summary = {
            "key": "product-launch",
            "version": 3,
            "title": "Product launch",
            "description": "A product goes on sale",
            "items": 19,
            "roles": 10,
            "createdAt": ago(days=20),
            "createdBy": "mara",
            "createdByName": "Mara Berg",
        }
        match parts:
            case []:
                return _page([_checked(TemplateSummary, summary)])
            case [key, "export"]:
                name = f"{key}-3.{query['format'][0]}"
                return http({"format": query["format"][0], "name": name, "text": "title: x\n", "kind": "template"})
        return http({**summary, "content": {}, "summary": ""})

    def _record(self, known: str) -> dict[str, Any]:
        media = {"json": "application/json", "html": "text/html", "pdf": "application/pdf"}
        return {
            "pollId": known,
            "publishedAt": ago(hours=19),
            "files": [
                {
                    "name": f"launch-{known}.{form}",
                    "mediaType": media[form],
                    "sha256": hashlib.sha256(data).hexdigest(),
                    "bytes": len(data),
                }
                for form, data in self.files.items()
            ],
            "vkey": "opsconsole+00000000+AAAA",
        }


def reminder(role: str, *, told: bool) -> dict[str, Any]:
    words = ["Your GO of round 2 is void, vote again."]
    who = {"role": role, "name": role.replace("-", " ").capitalize(), "byMail": 0}
    return {**who, "waiting": words, "told": told, "at": AS_OF.isoformat()}


def _checked(kind: Any, value: dict[str, Any]) -> dict[str, Any]:
    """As the contract has it, or the test is wrong."""
    kind.model_validate(value)
    return value


def _page(found: list[dict[str, Any]]) -> bytes:
    return http({"items": found, "nextCursor": None, "asOf": AS_OF.isoformat()})


def conflict() -> bytes:
    """Somebody else was quicker."""
    return problem("stale-version", 412, "Somebody else changed this.")


def moved(found: dict[str, Any], seconds: float) -> dict[str, Any]:
    """A status that is told so many seconds later."""
    until = found["validUntil"]
    later = timedelta(seconds=seconds)
    return {
        **found,
        "asOf": (datetime.fromisoformat(found["asOf"]) + later).isoformat(),
        "validUntil": None if until is None else (datetime.fromisoformat(until) + later).isoformat(),
    }


@asynccontextmanager
async def launch_office(profile: Path, **fields: Any) -> AsyncIterator[tuple[Office, Pad]]:
    """A console signed in to a server with a launch."""
    known = ("launches", "status", "items", "polls", "events")
    pad = Pad(**{name: fields.pop(name) for name in known if name in fields})
    async with office(profile, me=fields.pop("me", me()), **fields) as made:

        def answer(asked: Asked) -> bytes | None:
            path = urlsplit(asked.path).path
            if path.startswith((f"{PATH}/launch", f"{PATH}/checklist")):
                return pad.answer(asked)
            if path.endswith("/counts"):
                return http({"counts": {}, "asOf": AS_OF.isoformat()})
            return made.answer(asked)

        made.server.answer = answer
        await made.console.session.load_me()
        yield made, pad


def desk_of(console: Console, parent: QWidget) -> LaunchDesk:
    """A desk with everything heard, in no window; its cursor is on what holds."""
    window = SimpleNamespace(console=console, as_parent=parent)
    launches = console.of(Launches)
    heard = {
        launches.list(): (Launch.model_validate(launch()),),
        launches.status(LAUNCH): LaunchStatus.model_validate(status()),
        launches.items(LAUNCH): tuple(LaunchChecklistItem.model_validate(each) for each in items()),
    }
    for query, value in heard.items():
        query.seed(Sample(value, AS_OF, AS_OF, None))
    desk = LaunchDesk(window)  # type: ignore[arg-type]
    desk.choose_item("k17")
    return desk
