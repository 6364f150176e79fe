"""What an operator sees of outside systems and does about them: queries, and mutations that need the link.

Where something goes and what is sent again is too important to be decided on an old picture, so nothing is kept for
later. A secret is no mutation at all: what is on its way is on disk.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.core.mutation_types import MutationRequest, MutationSpec, Outcome
from models.core.permissions import Permission
from models.core.topics import Topic
from models.core.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.core.capability import Engine
    from app.core.mutation import Mutations
    from app.core.outbox import PendingMutation
    from app.core.query import Query, Sample
    from models.core.paging import Page
    from models.deliveries.connections import (
        Connection,
        ConnectionChange,
        ConnectionDetail,
        ConnectionKind,
        ConnectionRequest,
        Proof,
        SecretRequest,
    )
    from models.deliveries.letters import (
        Letter,
        LetterDetail,
        LetterState,
        ReplayRequest,
        ReplayResult,
        Resolution,
    )
    from models.deliveries.routing import (
        ContactMethod,
        Preview,
        PreviewRequest,
        RouteMap,
        RouteRequest,
        Template,
        TemplateChange,
    )

BASE = "/api/deliveries"
VIEW, OPERATE, MANAGE = (
    Permission.VIEW_CONNECTIONS,
    Permission.REPLAY_LETTERS,
    Permission.MANAGE_CONNECTIONS,
)
CONNECTIONS = frozenset({Topic.CONNECTIONS})
LETTERS = frozenset({Topic.LETTERS, Topic.CONNECTIONS})
ROUTES = frozenset({Topic.ROUTES, Topic.CONNECTIONS})
POLL_SECONDS = 5.0
"""Sending tells nobody of each message: how a connection does is looked at as often as the figures are."""


def specs() -> tuple[MutationSpec, ...]:
    """What an operator does here."""
    return (
        MutationSpec("connection.create", CONNECTIONS, irreversible=True),
        MutationSpec("connection.change", CONNECTIONS, irreversible=True),
        MutationSpec("connection.secret_remove", LETTERS, irreversible=True),
        MutationSpec("connection.remove", LETTERS | ROUTES, irreversible=True),
        MutationSpec("connection.pause", CONNECTIONS, irreversible=True, overlay=_paused, undo=_resume),
        MutationSpec("connection.resume", CONNECTIONS, irreversible=True),
        MutationSpec("letters.replay", LETTERS, irreversible=True),
        MutationSpec("letters.discard", LETTERS, irreversible=True),
        MutationSpec("letter.resolve", LETTERS, irreversible=True),
        MutationSpec("routes.change", ROUTES, irreversible=True),
        MutationSpec("template.change", ROUTES, irreversible=True),
    )


class Deliveries:
    """Queries of one console about connections, letters and routes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def connections(self) -> Query[tuple[Connection, ...]]:
        """Every connection, as the server orders them."""

        async def fetch() -> Sample[tuple[Connection, ...]]:
            from app.deliveries import requests

            page = await requests.connections(self._engine.client)
            return self._engine.sample(page.items, self._engine.clock.now())

        return self._engine.query("connections", fetch, topics=LETTERS, keep=_connections_type, poll=POLL_SECONDS)

    def connection(self, connection_id: str) -> Query[ConnectionDetail]:
        """One of them with its last day."""

        async def fetch() -> Sample[ConnectionDetail]:
            from app.deliveries import requests

            found = await requests.connection(self._engine.client, connection_id)
            return self._engine.sample(found, self._engine.clock.now())

        key = f"connection:{connection_id}"
        return self._engine.query(key, fetch, topics=LETTERS, keep=_detail_type, poll=POLL_SECONDS)

    def letters(self, states: Sequence[LetterState], connection_id: str | None) -> Query[Page[Letter]]:
        """The newest letters in some states, of one connection or of all."""
        from app.deliveries import requests

        key = f"letters:{'+'.join(states)}:{connection_id or 'all'}"
        return self._engine.record(
            key, LETTERS, lambda client: requests.letters(client, states, connection_id), keep=_letters_type
        )

    def letter(self, letter_id: str) -> Query[LetterDetail]:
        """One letter with its last request and answer."""
        from app.deliveries import requests

        key = f"letter:{letter_id}"
        return self._engine.record(
            key, frozenset({Topic.LETTERS}), lambda client: requests.letter(client, letter_id), keep=_letter_type
        )

    def routes(self) -> Query[RouteMap]:
        """Who hears of what."""
        from app.deliveries import requests

        return self._engine.record("routes", ROUTES, requests.routes, keep=_routes_type)

    def templates(self) -> Query[tuple[Template, ...]]:
        """What notices say."""
        from app.deliveries import requests

        return self._engine.listing("templates", frozenset({Topic.ROUTES}), requests.templates, keep=_templates_type)

    # --- asked for once ------------------------------------------------------------------------------------------

    async def test(self, connection_id: str) -> Proof:
        """Send a canary and wait for what becomes of it. Raises OperationsError."""
        from app.deliveries import requests

        proof = await requests.test(self._engine.client, connection_id)
        self._engine.queries.invalidate(Topic.CONNECTIONS)
        return proof

    async def set_secret(self, connection: Connection, request: SecretRequest) -> ConnectionDetail:
        """Set or change a secret of a connection as it was seen. Raises OperationsError."""
        from app.deliveries import requests

        found = await requests.set_secret(self._engine.client, connection, request)
        self._engine.queries.invalidate(Topic.CONNECTIONS)
        return found

    async def replay_count(self, request: ReplayRequest) -> ReplayResult:
        """How many letters would go, and which not. Raises OperationsError."""
        from app.deliveries import requests

        return await requests.replay_count(self._engine.client, request)

    async def template_versions(self, name: str, kind: ConnectionKind | None) -> tuple[Template, ...]:
        """A text as it was from time to time, the newest first. Raises OperationsError."""
        from app.deliveries import requests

        return (await requests.template_versions(self._engine.client, name, kind)).items

    async def contacts(self) -> tuple[ContactMethod, ...]:
        """Addresses of whoever is signed in. Raises OperationsError, like the next three."""
        from app.deliveries import requests

        return (await requests.contacts(self._engine.client)).items

    async def add_contact(self, address: str) -> ContactMethod:
        """Add an address; a code goes there."""
        from app.deliveries import requests

        return await requests.add_contact(self._engine.client, address)

    async def verify_contact(self, contact: ContactMethod, code: str) -> ContactMethod:
        """Prove an address with the code that came there."""
        from app.deliveries import requests

        return await requests.verify_contact(self._engine.client, contact.id, code)

    async def remove_contact(self, contact: ContactMethod) -> None:
        """Forget an address."""
        from app.deliveries import requests

        await requests.remove_contact(self._engine.client, contact.id)

    async def preview(self, request: PreviewRequest) -> Preview:
        """How a notice would look. Raises OperationsError."""
        from app.deliveries import requests

        return await requests.preview(self._engine.client, request)


def _connections_type() -> type[tuple[Connection, ...]]:
    from models.deliveries.connections import Connection

    return tuple[Connection, ...]


def _detail_type() -> type[ConnectionDetail]:
    from models.deliveries.connections import ConnectionDetail

    return ConnectionDetail


def _letters_type() -> type[Page[Letter]]:
    from models.core.paging import Page
    from models.deliveries.letters import Letter

    return Page[Letter]


def _letter_type() -> type[LetterDetail]:
    from models.deliveries.letters import LetterDetail

    return LetterDetail


def _routes_type() -> type[RouteMap]:
    from models.deliveries.routing import RouteMap

    return RouteMap


def _templates_type() -> type[tuple[Template, ...]]:
    from models.deliveries.routing import Template

    return tuple[Template, ...]


# --- connections -------------------------------------------------------------------------------------------------


async def create(mutations: Mutations, request: ConnectionRequest) -> Outcome:
    """Add a connection; it is off until its secret is set. Raises OperationsError, like all of these."""
    words = f"New connection: {request.name}"
    return await mutations.submit(MutationRequest("connection.create", words, "POST", f"{BASE}/connections", request))


async def change(mutations: Mutations, connection: Connection, request: ConnectionChange) -> Outcome:
    """Change a connection, based on what the operator saw."""
    path = f"{BASE}/connections/{connection.id}"
    return await mutations.submit(
        MutationRequest(
            "connection.change",
            f"Change: the connection {connection.name}",
            "PATCH",
            path,
            request,
            version=connection.version,
            resource=f"connection:{connection.id}",
            record=path,
            base=connection,
        )
    )


async def remove_secret(mutations: Mutations, connection: Connection) -> Outcome:
    """Turn a connection off; what waits for it is given up."""
    path = f"{BASE}/connections/{connection.id}/secret"
    return await mutations.submit(_based(connection, "secret_remove", f"Turn off: {connection.name}", path))


async def remove(mutations: Mutations, connection: Connection) -> Outcome:
    """Take a connection out of use for good; letters and history stay."""
    path = f"{BASE}/connections/{connection.id}"
    return await mutations.submit(_based(connection, "remove", f"Remove: {connection.name}", path))


async def pause(mutations: Mutations, connection: Connection, until: datetime | None, reason: str) -> Outcome:
    """Hold back what is meant for it, until an instant or until resumed."""
    from models.deliveries.connections import PauseRequest

    body = PauseRequest(reason=reason) if until is None else PauseRequest(until=until, reason=reason)
    words = f"Pause: {connection.name}" + ("" if until is None else f" until {until:%H:%M} UTC")
    path = f"{BASE}/connections/{connection.id}/pause"
    return await mutations.submit(_about(connection, "pause", words, path, body=body))


async def resume(mutations: Mutations, connection: Connection) -> Outcome:
    """Let it go on; what waits goes in order."""
    path = f"{BASE}/connections/{connection.id}/resume"
    return await mutations.submit(_about(connection, "resume", f"Resume: {connection.name}", path))


def _about(connection: Connection, verb: str, words: str, path: str, body: Any = None) -> MutationRequest:
    return MutationRequest(
        f"connection.{verb}", words, "POST", path, body, resource=f"connection:{connection.id}", base=connection
    )


def _based(connection: Connection, verb: str, words: str, path: str) -> MutationRequest:
    """Something is ended, as it was seen."""
    return MutationRequest(
        f"connection.{verb}",
        words,
        "DELETE",
        path,
        version=connection.version,
        resource=f"connection:{connection.id}",
        record=f"{BASE}/connections/{connection.id}",
        base=connection,
    )


def _resume(intent: PendingMutation, answer: dict[str, Any]) -> MutationRequest:
    return MutationRequest(
        "connection.resume",
        f"Resume: {answer['name']}",
        "POST",
        f"{BASE}/connections/{answer['id']}/resume",
        resource=intent.resource,
    )


def _paused(value: Any, fields: dict[str, Any], intent: PendingMutation) -> Any:
    """Connections as they will be; counts and letters, which have the topic too, stay as they are."""
    from models.deliveries.connections import Connection, ConnectionState

    known, until = intent.resource.partition(":")[2], fields.get("until")
    changes = {
        "state": ConnectionState.PAUSED,
        "paused_by": intent.user_id,
        "paused_until": None if until is None else datetime.fromisoformat(until),
        "pause_reason": fields["reason"],
    }

    def after(each: Any) -> Any:
        return each.model_copy(update=changes) if isinstance(each, Connection) and each.id == known else each

    if isinstance(value, tuple):
        renewed = tuple(after(each) for each in value)
        return renewed if any(a is not b for a, b in zip(renewed, value, strict=True)) else value
    return after(value)


# --- letters -----------------------------------------------------------------------------------------------------


async def replay(mutations: Mutations, request: ReplayRequest, count: int) -> Outcome:
    """Try dead letters again; ``count`` is what the dry run said."""
    words = f"Replay: {counted(count, 'letter', 'letters')}"
    return await mutations.submit(MutationRequest("letters.replay", words, "POST", f"{BASE}/letters/replay", request))


async def discard(mutations: Mutations, letters: Sequence[Letter], reason: str) -> Outcome:
    """Give dead letters up; they stay in the list of what was given up."""
    from models.deliveries.letters import DiscardRequest

    body = DiscardRequest(ids=tuple(letter.id for letter in letters), reason=reason)
    words = f"Discard: {counted(len(letters), 'letter', 'letters')}"
    return await mutations.submit(MutationRequest("letters.discard", words, "POST", f"{BASE}/letters/discard", body))


async def resolve(mutations: Mutations, letter: Letter, resolution: Resolution, reason: str) -> Outcome:
    """Say what became of a command whose answer was lost."""
    from models.deliveries.letters import Resolution as Choice
    from models.deliveries.letters import ResolutionRequest

    body = ResolutionRequest(resolution=resolution, reason=reason)
    found = "done" if resolution is Choice.DONE else "not done, asked for again"
    path = f"{BASE}/letters/{letter.id}/resolve"
    words = f"What became of {letter.about or letter.action}: {found}"
    return await mutations.submit(
        MutationRequest("letter.resolve", words, "POST", path, body, resource=f"letter:{letter.id}", base=letter)
    )


# --- routes ------------------------------------------------------------------------------------------------------


async def change_routes(mutations: Mutations, before: RouteMap, routes: Sequence[RouteRequest], reason: str) -> Outcome:
    """Have another map of who hears of what."""
    from models.deliveries.routing import RouteMapRequest

    path = f"{BASE}/routes"
    return await mutations.submit(
        MutationRequest(
            "routes.change",
            "Change: who hears of what",
            "PUT",
            path,
            RouteMapRequest(routes=tuple(routes), reason=reason),
            version=before.version,
            resource="routes",
            record=path,
            base=before,
        )
    )


# --- texts -------------------------------------------------------------------------------------------------------


async def change_template(mutations: Mutations, before: Template, request: TemplateChange) -> Outcome:
    """Have a text say something else from now on; what it said before is kept."""
    where = f"?kind={before.kind}" if before.kind is not None else ""
    return await mutations.submit(
        MutationRequest(
            "template.change",
            f"Change: the text of {before.name}",
            "PATCH",
            f"{BASE}/templates/{before.name}{where}",
            request,
            version=before.version,
            resource=f"template:{before.name}:{before.kind or ''}",
            base=before,
        )
    )
