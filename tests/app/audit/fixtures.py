"""An audit log on a fake server: pages by position, and real seals where a test asks for them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend.audit.merkle import Frontier, consistency, cover, fold, inclusion
from backend.audit.signed_notes import Checkpoint, Verifier, sign
from models.audit.proofs import encode, leaf_hash
from tests.app.answers import AS_OF
from tests.app.core.faulty_server import Asked, http, problem

ORIGIN = "opsconsole/test"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)
PATH = "/api/operations/audit"


def entry(position: int, newest: int, **more: Any) -> dict[str, Any]:
    """An entry as the server gives it; a role that lost one permission and got another."""
    return {
        "id": f"e{position}",
        "position": position,
        "at": (AS_OF - timedelta(seconds=newest - position)).isoformat(),
        "actor": "tk",
        "actorLabel": "Tariq Khan",
        "action": "rbac.role.changed",
        "resourceType": "role",
        "resourceId": "support-lead",
        "resourceLabel": "Support lead",
        "version": 7,
        "before": {
            "name": "Support lead",
            "permissions": ["support.manage_tickets", "risk.check_orders"],
            "version": 6,
        },
        "after": {
            "name": "Support lead",
            "permissions": ["support.manage_tickets", "privacy.submit_requests"],
            "version": 7,
        },
        "reason": "they answer such requests",
        "requestId": f"r{position}",
        "correlationId": f"c{position // 3}",
        **more,
    }


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


@dataclass
class FakeLog:
    """``total`` entries; ``make`` writes each. ``seal()`` signs what there is."""

    total: int
    make: Callable[[int], dict[str, Any]] | None = None
    key: Ed25519PrivateKey = KEY
    sealed: int = 0
    outside: dict[str, Any] | None = None
    export: bytes = b"PK zip"
    refusals: list[bytes] = field(default_factory=list)
    """What the next requests are answered instead."""
    asked: list[Asked] = field(default_factory=list)

    def entry(self, position: int) -> dict[str, Any]:
        return self.make(position) if self.make else entry(position, self.total)

    def text(self, position: int) -> str:
        """What is hashed."""
        shown = self.entry(position)
        at = datetime.fromisoformat(shown["at"]).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return encode({k: v for k, v in (shown | {"at": at, "seq": position + 7}).items() if v is not None})

    def leaves(self, size: int) -> list[bytes]:
        return [leaf_hash(self.text(position).encode()) for position in range(1, size + 1)]

    def nodes(self, size: int) -> dict[tuple[int, int], bytes]:
        frontier, found = Frontier(), {}
        for leaf in self.leaves(size):
            for level, index, hashed in frontier.append(leaf):
                found[level, index] = hashed
        return found

    def roots(self, size: int, spans: list[tuple[int, int]]) -> list[bytes]:
        nodes = self.nodes(size)
        return [fold([nodes[node] for node in cover(*span)]) for span in spans]

    def note(self, size: int) -> str:
        (root,) = self.roots(size, [(0, size)])
        return sign(Checkpoint(ORIGIN, size, root, "2026-11-24T14:00:00.000000Z", bytes(32)), self.key)

    @property
    def vkey(self) -> str:
        return str(Verifier.of(ORIGIN, self.key))

    def checkpoint(self) -> dict[str, Any]:
        return {
            "note": self.note(self.sealed) if self.sealed else None,
            "vkey": self.vkey if self.sealed else None,
            "size": self.sealed,
            "sealedAt": AS_OF.isoformat() if self.sealed else None,
            "position": self.total,
            "lagSeconds": 0.0,
            "outside": self.outside,
            "asOf": AS_OF.isoformat(),
        }

    def proof(self, position: int) -> dict[str, Any]:
        size = self.sealed
        path = self.roots(size, inclusion(position - 1, size))
        (root,) = self.roots(size, [(0, size)])
        text = self.text(position)
        return {
            "position": position,
            "leafIndex": position - 1,
            "canonical": text,
            "leafHash": encoded(leaf_hash(text.encode())),
            "treeSize": size,
            "root": encoded(root),
            "path": [encoded(each) for each in path],
            "note": self.note(size),
        }

    def growth(self, earlier: int, later: int) -> dict[str, Any]:
        roots = self.roots(later, [(0, earlier), (0, later)])
        path = self.roots(later, consistency(earlier, later))
        return {
            "fromSize": earlier,
            "toSize": later,
            "fromRoot": encoded(roots[0]),
            "toRoot": encoded(roots[1]),
            "path": [encoded(each) for each in path],
        }

    def fits(self, shown: dict[str, Any], query: dict[str, list[str]]) -> bool:
        for name in ("actor", "resourceType", "resourceId", "correlationId"):
            if shown[name] != query.get(name, [shown[name]])[0]:
                return False
        if "text" in query and query["text"][0].lower() not in json.dumps(shown).lower():
            return False
        since = query.get("from")
        return since is None or datetime.fromisoformat(shown["at"]) >= datetime.fromisoformat(since[0])

    def page(self, query: dict[str, list[str]]) -> dict[str, Any]:
        limit = int(query.get("limit", ["100"])[0])
        at = int(query.get("at", [str(self.total)])[0])
        at = min(at, int(query.get("cursor", [str(self.total + 1)])[0]) - 1, self.total)
        items: list[dict[str, Any]] = []
        while at > 0 and len(items) < limit:
            shown = self.entry(at)
            if self.fits(shown, query):
                items.append(shown)
            at -= 1
        return {
            "items": items,
            "nextCursor": str(at + 1) if at > 0 else None,
            "asOf": AS_OF.isoformat(),
            "total": self.total,
        }

    def answer(self, asked: Asked) -> bytes | None:
        """``None`` for what is none of the audit log's."""
        url = urlsplit(asked.path)
        if not url.path.startswith(PATH):
            return None
        self.asked.append(asked)
        if self.refusals:
            return self.refusals.pop(0)
        query = parse_qs(url.query)
        last = url.path.rpartition("/")[2]
        if url.path == PATH:
            return http(self.page(query))
        if last == "checkpoint":
            return http(self.checkpoint())
        if last == "consistency":
            return http(self.growth(int(query["from"][0]), int(query["to"][0])))
        if last == "export":
            return http(self.export, media="application/zip")
        position = int(last.removeprefix("e"))
        if "/proof/" in url.path:
            if position > self.sealed:
                return problem("conflict", 409, "This entry is not sealed yet.")
            return http(self.proof(position))
        return http(self.entry(position))
