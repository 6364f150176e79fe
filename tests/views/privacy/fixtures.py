"""The requests the design draws, and a server that answers about them as the contract says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from PySide6.QtWidgets import QWidget

from app.console import Console
from app.core.query import Query, Sample
from app.privacy.domain import Privacy, RequestView
from models.access import Approval
from models.privacy.graph import GraphSwitch, RequestGraph
from models.privacy.requests import PrivacyRequest, RequestDetail
from tests.app.answers import AS_OF, ME
from tests.app.core.faulty_server import Asked, http, problem
from tests.views.office import Office, office
from views.privacy.desk import PrivacyDesk

BASE = "/api/privacy"
VIEWER = ("privacy.view_requests",)
OFFICER = (*VIEWER, "privacy.manage_requests", "privacy.submit_requests", "privacy.view_personal_data")
CANARY = "m.lang@canary.example"
"""An address that must stand nowhere but where somebody asked for it with a purpose."""


def ago(**span: float) -> str:
    """An instant before the picture's."""
    return (AS_OF - timedelta(**span)).isoformat()


def ahead(**span: float) -> str:
    """An instant after the picture's."""
    return (AS_OF + timedelta(**span)).isoformat()


def me(*permissions: str) -> dict[str, Any]:
    """Whoever may do these; everything where nothing is said."""
    return {
        **ME,
        "userId": "jonas",
        "name": "Jonas Lund",
        "permissions": [*ME["permissions"], *(permissions or OFFICER)],
    }


def request(number: int = 2, *, due: float = 2.8, **more: Any) -> dict[str, Any]:
    """A request, due in so many days; an erasure that runs, unless told otherwise."""
    at = AS_OF + timedelta(days=due)
    return {
        "requestId": f"request-{number}",
        "reference": f"PR-{number:04}",
        "type": "deletion",
        "status": "running",
        "source": "shop",
        "channel": "account",
        "jurisdiction": "gdpr",
        "submittedAt": (at - timedelta(days=31)).isoformat(),
        "dueOn": at.date().isoformat(),
        "dueAt": at.isoformat(),
        "internalAt": (at - timedelta(days=10)).isoformat(),
        "paused": False,
        "extended": False,
        "owner": "jonas",
        "ownerName": "Jonas Lund",
        "verifiedAt": ago(days=26),
        "verifiedBy": "jonas",
        "verifiedByName": "Jonas Lund",
        "verification": "order",
        "duplicateOf": None,
        "duplicates": 0,
        "progress": 40,
        "blocked": "",
        "completedAt": None,
        "artifactsUrl": None,
        "createdBy": "storefront",
        "version": 14,
        **more,
    }


UNVERIFIED = {
    "verifiedAt": None,
    "verifiedBy": None,
    "verifiedByName": None,
    "verification": None,
    "owner": None,
    "ownerName": None,
}


def requests() -> list[dict[str, Any]]:
    """In every state, what falls due first on top."""
    waits = {"status": "identity", "progress": None, **UNVERIFIED}
    return [
        request(1, due=1.1, status="approval", progress=None),
        request(2, due=2.8, blocked="The shop itself failed"),
        request(3, due=4.9, type="access", blocked="proof of identity failed", **waits),
        request(4, due=8.2, type="access", status="review", progress=100),
        request(5, due=13.4, type="access", status="ready", progress=100, artifactsUrl="/x"),
        request(6, due=16.1, status="waiting", progress=None, jurisdiction="ccpa", owner="mei", ownerName="Mei Tanaka"),
        request(7, due=18.3, type="rectification", blocked="Orders waits for somebody"),
        request(8, due=24.0, type="access", paused=True, **waits),
        request(9, due=29.0, type="access", duplicates=1, **waits),
    ]


def closed() -> list[dict[str, Any]]:
    """Over."""
    return [
        request(20, due=-12, status="done", progress=100, completedAt=ago(days=15)),
        request(21, due=-20, type="access", status="refused", progress=None, completedAt=ago(days=25)),
        request(22, due=20, type="access", status="duplicate", duplicateOf="PR-0009", progress=None, **UNVERIFIED),
    ]


def node(number: int, name: str, title: str, state: str = "done", needs: tuple[str, ...] = (), **more: Any) -> Any:
    """A step of an erasure; done unless told otherwise."""
    over = state in {"done", "skipped"}
    return {
        "nodeId": f"node-{number}",
        "name": name,
        "title": title,
        "needs": list(needs),
        "state": state,
        "attempts": 1 if over else 0,
        "rows": 15 if over else 0,
        "kept": {},
        "problem": "",
        "stepAt": ago(hours=3),
        "nextAt": None,
        "endedAt": ago(days=12, hours=6) if over else None,
        "endedBy": "system:worker" if over else None,
        "endedByName": "The system" if over else None,
        "skipAskedBy": None,
        "skipAskedByName": None,
        "skippedBy": None,
        "skippedByName": None,
        "version": 3,
        **more,
    }


RUNS_ON = {"pausedAt": None, "pausedBy": None, "pausedByName": None, "version": 1}
SYSTEMS = ("consent", "orders", "risk", "shop.itself", "free text")


def nodes() -> list[dict[str, Any]]:
    """An erasure with a step that failed for good and one by hand."""
    first = ("ledger",)
    return [
        node(1, "ledger", "Written down outside", rows=1),
        node(2, "consent", "Consent", needs=first, rows=9, kept={"Proof that they refused": 9}),
        node(3, "orders", "Orders and refunds", needs=first, rows=14, kept={"Tax law, until 2036": 3}),
        node(4, "risk", "Risk decisions", "running", first, attempts=1, rows=1208),
        node(
            5,
            "shop.itself",
            "The shop itself",
            "dead",
            first,
            attempts=5,
            problem="the shop did not do it: look at the dead letters of its connection",
        ),
        node(6, "free text", "Notes and other free text", "manual", first),
        node(7, "scan", "Search for what is left", "waiting", SYSTEMS),
        node(8, "certificate", "Certificate", "waiting", ("scan",)),
        node(9, "key", "Destroy the key", "waiting", ("certificate",)),
    ]


def figures(**more: Any) -> dict[str, Any]:
    """Of those that are open."""
    return {
        "open": 9,
        "byType": {"access": 5, "deletion": 3, "rectification": 1},
        "byStatus": {"running": 2},
        "pastInternal": 4,
        "pastDue": 0,
        "mine": 4,
        "pausedAll": False,
        "asOf": AS_OF.isoformat(),
        **more,
    }


def policy(version: int = 2, **more: Any) -> dict[str, Any]:
    """A version of the policy."""
    return {
        "version": version,
        "title": f"Privacy policy {version}",
        "changes": "It says more clearly what is kept.",
        "url": "https://shop.example/privacy",
        "requiresAcknowledgement": True,
        "publishedAt": ago(days=47),
        "publishedBy": "jonas",
        "publishedByName": "Jonas Lund",
        "acknowledged": 41,
        "outstanding": 119,
        "campaignAt": None,
        **more,
    }


def trends(days: int = 90) -> dict[str, Any]:
    """Ninety days in which tracking rises after a policy changed."""
    first = AS_OF.date() - timedelta(days=days - 1)

    def trend(kind: str, low: int, high: int) -> dict[str, Any]:
        shares = [low + (high - low) * n // max(1, days - 1) for n in range(days)]
        rows = [
            {"day": (first + timedelta(days=n)).isoformat(), "granted": share, "asked": 100}
            for n, share in enumerate(shares)
        ]
        return {"consentType": kind, "days": rows}

    return {
        "trends": [trend("marketing", 43, 41), trend("tracking", 58, 64)],
        "policies": [{"version": 2, "publishedAt": ago(days=47)}],
        "asOf": AS_OF.isoformat(),
    }


def retention(name: str = "consent.log", **more: Any) -> dict[str, Any]:
    """A rule that was never run."""
    return {
        "name": name,
        "title": "Consent log of downloads",
        "days": 365,
        "why": "Nobody asks for them after a year",
        "enabled": False,
        "wouldRemove": 1204,
        "lastRunAt": None,
        "lastRows": 0,
        "version": 1,
        **more,
    }


def register() -> dict[str, Any]:
    """What is held of people."""
    systems = (("consent", "Consent", False), ("orders", "Orders and refunds", False), ("notes", "Notes", True))
    return {
        "systems": [
            {"name": name, "title": title, "holds": "What they said", "purpose": "To prove it", "keeps": "10 years"}
            | {"byHand": by_hand}
            for name, title, by_hand in systems
        ],
        "retention": [retention(), retention("risk.payloads", title="Payloads of checks", enabled=True)],
        "asOf": AS_OF.isoformat(),
    }


def approval(**more: Any) -> dict[str, Any]:
    """Somebody asked for the erasure to be approved."""
    return {
        "approvalId": "approval-1",
        "kind": "privacy.erasure",
        "title": "Erase everything about the person of PR-0001",
        "subjectType": "privacy_request",
        "subjectId": "request-1",
        "gainer": None,
        "gainerName": None,
        "details": {"requestId": "request-1"},
        "reason": "They asked for it",
        "permission": "privacy.manage_requests",
        "needs": 1,
        "fromRoles": [],
        "requestedBy": "mei",
        "requestedByName": "Mei Tanaka",
        "requestedAt": ago(days=1),
        "endsAt": ahead(days=19),
        "state": "pending",
        "version": 1,
        **more,
    }


def consent(number: int, status: str = "granted", **more: Any) -> dict[str, Any]:
    """What a person said once."""
    return {
        "consentId": f"consent-{number}",
        "userId": "c-17",
        "consentType": "tracking",
        "status": status,
        "timestamp": ago(days=10 * number),
        "policyVersion": 2,
        "textId": "text-2-en",
        "channel": "form",
        "jurisdiction": "gdpr",
        "gpc": False,
        "recordedAt": ago(days=10 * number),
        "recordedBy": "storefront",
        **more,
    }


def person_consent() -> dict[str, Any]:
    """All that a person has said."""
    return {
        "personId": "person-1",
        "current": [
            {"consentType": "marketing", "status": "revoked", "since": ago(days=30), "policyVersion": 2},
            {"consentType": "tracking", "status": "granted", "since": ago(days=10), "policyVersion": 2},
        ],
        "history": [consent(1), consent(3, "revoked", consentType="marketing"), consent(5, policyVersion=1)],
        "acknowledged": [{"version": 2, "at": ago(days=9), "channel": "form"}],
    }


def preview() -> dict[str, Any]:
    """What would be handed out."""
    rows = [{"orderId": "CS-1", "email": CANARY}, {"orderId": "CS-2", "note": "gift for a neighbour"}]
    return {
        "requestId": "request-4",
        "parts": [{"nodeId": "node-3", "name": "orders", "title": "Orders and refunds", "rows": rows}],
        "redacted": 0,
        "version": 14,
    }


@dataclass
class Bureau:
    """What the server knows; change the fields, and the next answers are others."""

    requests: list[dict[str, Any]] = field(default_factory=requests)
    closed: list[dict[str, Any]] = field(default_factory=closed)
    nodes: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {"request-2": nodes()})
    figures: dict[str, Any] = field(default_factory=figures)
    approvals: list[dict[str, Any]] = field(default_factory=lambda: [approval()])
    policies: list[dict[str, Any]] = field(default_factory=lambda: [policy(2), policy(1, outstanding=0)])
    register: dict[str, Any] = field(default_factory=register)
    switch: dict[str, Any] = field(
        default_factory=lambda: {"pausedAt": None, "pausedBy": None, "pausedByName": None, "version": 1}
    )
    writes: list[tuple[str, str, Any]] = field(default_factory=list)
    """Method, path below the base and body of what was asked to be done."""
    refusal: bytes | None = None

    def answer(self, asked: Asked) -> bytes | None:
        """What a server in good order says; ``None`` where it is none of its business."""
        url = urlsplit(asked.path)
        if url.path == "/api/operations/counts":
            return http({"counts": {"privacy.requests": self.figures["open"]}, "asOf": AS_OF.isoformat()})
        if url.path == "/api/operations/rbac/approvals":
            return page(self.approvals)
        if not url.path.startswith(BASE):
            return None
        path, query = url.path.removeprefix(BASE), parse_qs(url.query)
        if asked.method == "GET":
            return self._read(path, query)
        body = json.loads(asked.body) if asked.body else None
        self.writes.append((asked.method, path, body))
        return self.refusal or self._write(path)

    def one(self, request_id: str) -> dict[str, Any]:
        """A request by its id."""
        return next(each for each in (*self.requests, *self.closed) if each["requestId"] == request_id)

    def _read(self, path: str, query: dict[str, list[str]]) -> bytes:
        parts = path.strip("/").split("/")
        match parts:
            case ["access-requests"]:
                return page(self._listed(query))
            case ["access-requests", "figures"]:
                return http(self.figures)
            case ["access-requests", known]:
                return http({**self.one(known), "pauses": [], "extension": None, "linked": []})
            case ["access-requests", known, "graph"]:
                found = self.nodes.get(known, [])
                return http(
                    {"requestId": known, "nodes": found, "progress": 40 if found else None, "asOf": AS_OF.isoformat()}
                )
            case ["access-requests", _, "nodes", known, "attempts"]:
                tries = [
                    {"number": n, "begunAt": ago(hours=n), "endedAt": ago(hours=n), "problem": "the shop did not do it"}
                    for n in (3, 2, 1)
                ]
                return http({"nodeId": known, "attempts": tries})
            case ["access-requests", known, "certificate"]:
                return http({"requestId": known, "certificate": "signed", "vkey": "key", "issuedAt": ago(days=15)})
            case ["access-requests", known, "package"]:
                return http(released(known))
            case ["runs"]:
                return http(self.switch)
            case ["policies"]:
                return page(self.policies)
            case ["register"]:
                return http(self.register)
            case ["consent", "trends"]:
                return http(trends(int(query["days"][0])))
            case ["jurisdictions"]:
                return page([])
        raise AssertionError(f"nobody answers {path}")

    def _listed(self, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        known = self.requests if "open" not in query else [*self.requests, *self.closed]
        wanted = {"type": "type", "status": "status", "owner": "owner", "reference": "reference"}
        for name, field_name in wanted.items():
            if name in query:
                known = [each for each in known if each[field_name] in query[name]]
        return known

    def _write(self, path: str) -> bytes:
        parts = path.strip("/").split("/")
        match parts:
            case ["access-requests"]:
                return http(request(30, type="access", status="identity", **UNVERIFIED), status="201 Created")
            case ["access-requests", known, "person"]:
                return http(
                    {
                        "requestId": known,
                        "claimed": {"email": CANARY},
                        "known": {"customer_id": ["c-17"]},
                        "reason": "Please forget me",
                        "evidence": "Knew the last order",
                        "closing": "",
                    }
                )
            case ["access-requests", _, "package", "preview"]:
                return http(preview())
            case ["access-requests", known, "package", "release"]:
                return http(released(known))
            case ["access-requests", _, "nodes", known, _]:
                return http(next(each for found in self.nodes.values() for each in found if each["nodeId"] == known))
            case ["access-requests", known, "ask-approval"]:
                return http(approval(subjectId=known), status="202 Accepted")
            case ["access-requests", known, *_]:
                found = self.one(known)
                found["version"] += 1
                return http(found)
            case ["approvals", *_]:
                return http(approval(state="approved"))
            case ["runs"]:
                self.switch |= {
                    "pausedAt": ago(seconds=1),
                    "pausedBy": "jonas",
                    "pausedByName": "Jonas Lund",
                    "version": 2,
                }
                self.figures["pausedAll"] = True
                return http(self.switch)
            case ["consent", "lookup"]:
                return http(person_consent())
            case ["consent", known, "receipt"]:
                return http({"consentId": known, "receipt": f"signed for {CANARY}", "vkey": "key"})
            case ["policies", version, "outstanding"]:
                return page([{"personId": f"person-{version}", "userId": "c-17", "email": CANARY}])
            case ["policies", version, "campaign"]:
                return http({"version": int(version), "asked": 119}, status="202 Accepted")
            case ["policies"]:
                return http(policy(3), status="201 Created")
            case ["retention", name]:
                return http(retention(name, enabled=True, version=2))
        raise AssertionError(f"nobody does {path}")


def released(request_id: str) -> dict[str, Any]:
    """A package that can be fetched."""
    return {
        "requestId": request_id,
        "sha256": "a" * 64,
        "bytes": 20_480,
        "rows": 31,
        "redacted": 1,
        "releasedAt": ago(hours=2),
        "releasedBy": "jonas",
        "releasedByName": "Jonas Lund",
        "expiresAt": ahead(hours=22),
        "downloads": [{"at": ago(hours=1), "refused": False}],
    }


def page(items: list[dict[str, Any]]) -> bytes:
    """A page that is the last one."""
    return http({"items": items, "nextCursor": None, "asOf": AS_OF.isoformat()})


@asynccontextmanager
async def privacy_office(profile: Path, *permissions: str, **fields: Any) -> AsyncIterator[tuple[Office, Bureau]]:
    """A console of a compliance officer, or of whoever may do ``permissions``."""
    bureau = Bureau(**fields)
    async with office(profile, me=me(*permissions)) as made:

        def answer(asked: Asked) -> bytes | None:
            return bureau.answer(asked) or made.answer(asked)

        made.server.answer = answer
        await made.console.session.load_me()
        yield made, bureau


def refused() -> bytes:
    """The server does not do it."""
    return problem("conflict", 409, "It is over by now.")


def desk_of(console: Console, parent: QWidget, request_id: str = "request-2", step: str = "node-5") -> PrivacyDesk:
    """A desk with everything heard, in no window."""
    privacy = console.of(Privacy)
    listed = tuple(PrivacyRequest.model_validate(each) for each in requests())
    row = next(each for each in (*requests(), *closed()) if each["requestId"] == request_id)
    graph_of = {"requestId": request_id, "nodes": nodes(), "progress": 40, "asOf": AS_OF.isoformat()}
    detail = {"pauses": [], "extension": None, "linked": []}
    heard: dict[Query[Any], Any] = {
        privacy.requests(RequestView.OPEN): listed,
        privacy.request(request_id): RequestDetail.model_validate(row | detail),
        privacy.graph(request_id): RequestGraph.model_validate(graph_of),
        privacy.switch(): GraphSwitch(paused_at=None, paused_by=None, paused_by_name=None, version=1),
        privacy.approvals(): (Approval.model_validate(approval(subjectId=request_id)),),
    }
    for query, value in heard.items():
        query.seed(Sample(value, AS_OF, AS_OF, None))
    window: Any = SimpleNamespace(console=console, as_parent=parent)
    desk = PrivacyDesk(window)
    desk.choose(request_id)
    desk.choose_step(step)
    return desk
