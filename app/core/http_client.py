"""The operations API as Python methods. No Qt, no state but the connection pool: usable as an SDK.

Reads are repeated with jitter when the server could not be reached or was busy; writes are sent once, with an
idempotency key, so that the caller may repeat them safely.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any, Self, TypeVar
from uuid import uuid4

import httpx

from app.core.backoff import pause
from app.core.errors import (
    BadAnswer,
    NotSent,
    OperationsError,
    SignedOut,
    TimedOut,
    Unreachable,
)
from app.core.responses import content_of, kept_text, read, refusal, server_time, words_of, worth_repeating
from app.core.tokens import TokenSource
from models.access import (
    AccessDrift,
    AccessReview,
    Approval,
    Explanation,
    Person,
    RoleAssignment,
    RoleDefinition,
    UnusedPermissions,
)
from models.accounts import (
    AccessToken,
    BeginSecondFactor,
    Enrolment,
    Me,
    RecoveryCodes,
    Refresh,
    SecondFactorCode,
    SignIn,
    SignInOptions,
    SignOut,
    Tokens,
)
from models.alerts import AcknowledgeAlert, Alert, AlertRule, AlertRuleChange, AlertRuleDraft, ShelveAlert
from models.audit import AuditCheckpoint, AuditLogEntry, AuditPage, ConsistencyProof, InclusionProof
from models.core.base import Record, Request
from models.core.paging import PAGE_MOST, Page
from models.dashboard import OperationsDashboard
from models.shop.orders import CommunityPage, DownloadPage, OrderPage, RefundPage

R = TypeVar("R", bound=Record)

TIMEOUT = httpx.Timeout(connect=3.0, read=8.0, write=5.0, pool=5.0)
WHOLE_SECONDS = 20.0
"""For one request from first to last byte: an answer that drips for ever never meets the read timeout."""
READ_ATTEMPTS = 3
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0

Heard = Callable[[datetime | None], None]


class OperationsClient:
    """A client of one server. Close it, or use it as ``async with``."""

    def __init__(
        self,
        base_url: str,
        token: TokenSource | str | None = None,
        *,
        heard: Heard | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """``heard`` is told of every answer, with the server's own time."""
        self.base_url = base_url.rstrip("/")
        self._tokens = token if isinstance(token, TokenSource) else TokenSource(token)
        self._heard = heard
        self._http = httpx.AsyncClient(
            base_url=self.base_url,
            timeout=TIMEOUT,
            transport=transport,
            limits=httpx.Limits(max_connections=8, keepalive_expiry=30),
            headers={"User-Agent": "opsconsole", "Accept": "application/json, application/problem+json"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    # --- reads -------------------------------------------------------------------------------------------------

    async def dashboard(self, range_days: int = 7, as_of: datetime | None = None) -> OperationsDashboard:
        """``GET /api/operations/dashboard``."""
        query = {"range": str(range_days)} | ({"asOf": as_of.isoformat()} if as_of else {})
        return await self._get("/api/operations/dashboard", OperationsDashboard, query)

    async def alerts(
        self,
        states: tuple[str, ...] = (),
        *,
        cursor: str | None = None,
        limit: int = PAGE_MOST,
        as_of: datetime | None = None,
    ) -> Page[Alert]:
        """``GET /api/operations/alerts``, one page, of a past instant when one is given."""
        query: dict[str, Any] = {"limit": limit, "state": list(states)} | ({"cursor": cursor} if cursor else {})
        query |= {"asOf": as_of.isoformat()} if as_of else {}
        return await self._get("/api/operations/alerts", Page[Alert], query)

    async def alert(self, alert_id: str) -> Alert:
        """One alert as it is now."""
        return await self._get(f"/api/operations/alerts/{alert_id}", Alert)

    async def alert_rules(self) -> Page[AlertRule]:
        """``GET /api/operations/alert-rules``."""
        return await self._get("/api/operations/alert-rules", Page[AlertRule], {"limit": PAGE_MOST})

    async def orders(self, link: str, **more: Any) -> OrderPage:
        """A drill-down list by its link; ``cursor``, ``limit``, ``country``, ``status`` may be added."""
        return await self._get(link, OrderPage, more)

    async def refunds(self, link: str, **more: Any) -> RefundPage:
        """As ``orders``."""
        return await self._get(link, RefundPage, more)

    async def downloads(self, link: str, **more: Any) -> DownloadPage:
        """As ``orders``."""
        return await self._get(link, DownloadPage, more)

    async def community(self, link: str, **more: Any) -> CommunityPage:
        """As ``orders``."""
        return await self._get(link, CommunityPage, more)

    async def me(self) -> Me:
        """Who is signed in and what they may do."""
        return await self._get("/api/operations/rbac/me", Me)

    async def roles(self) -> Page[RoleDefinition]:
        """``GET /api/operations/rbac/roles``."""
        return await self._get("/api/operations/rbac/roles", Page[RoleDefinition])

    async def assignments(self, **filters: Any) -> Page[RoleAssignment]:
        """``GET /api/operations/rbac/assignments``; ``active``, ``userId``, ``roleId``, ``cursor`` may be given."""
        return await self._get("/api/operations/rbac/assignments", Page[RoleAssignment], {"limit": PAGE_MOST} | filters)

    async def approvals(self, **filters: Any) -> Page[Approval]:
        """``GET /api/operations/rbac/approvals``; ``state`` and ``cursor`` may be given."""
        return await self._get("/api/operations/rbac/approvals", Page[Approval], filters)

    async def reviews(self) -> Page[AccessReview]:
        """``GET /api/operations/rbac/reviews``, the open ones."""
        return await self._get("/api/operations/rbac/reviews", Page[AccessReview], {"open": "true"})

    async def people(self, text: str = "") -> Page[Person]:
        """``GET /api/operations/rbac/people``; one page."""
        return await self._get("/api/operations/rbac/people", Page[Person], {"limit": PAGE_MOST, "text": text or None})

    async def hints(self) -> Page[UnusedPermissions]:
        """``GET /api/operations/rbac/hints``."""
        return await self._get("/api/operations/rbac/hints", Page[UnusedPermissions])

    async def drift(self) -> AccessDrift:
        """``GET /api/operations/rbac/drift``."""
        return await self._get("/api/operations/rbac/drift", AccessDrift)

    async def explain(self, user_id: str, permission: str) -> Explanation:
        """``GET /api/operations/rbac/explain``."""
        query = {"userId": user_id, "permission": permission}
        return await self._get("/api/operations/rbac/explain", Explanation, query)

    async def audit_page(self, **filters: Any) -> AuditPage:
        """``GET /api/operations/audit``, newest first; its filters, ``at``, ``cursor`` and ``limit`` may be given."""
        return await self._get("/api/operations/audit", AuditPage, filters)

    async def audit_entry(self, entry_id: str) -> AuditLogEntry:
        """One entry of the audit log."""
        return await self._get(f"/api/operations/audit/{entry_id}", AuditLogEntry)

    async def audit_checkpoint(self) -> AuditCheckpoint:
        """How far the audit log is sealed, and the newest signed checkpoint."""
        return await self._get("/api/operations/audit/checkpoint", AuditCheckpoint)

    async def audit_proof(self, entry_id: str, size: int | None = None) -> InclusionProof:
        """That an entry is in the tree of a size, or of the newest checkpoint."""
        return await self._get(f"/api/operations/audit/proof/{entry_id}", InclusionProof, {"size": size})

    async def audit_consistency(self, earlier: int, later: int) -> ConsistencyProof:
        """That the log of one size is the beginning of the log of another."""
        return await self._get("/api/operations/audit/consistency", ConsistencyProof, {"from": earlier, "to": later})

    async def sign_in_options(self) -> SignInOptions:
        """How one can sign in; needs no token."""
        return await self._get("/api/operations/session/options", SignInOptions, signed=False)

    # --- writes ------------------------------------------------------------------------------------------------

    async def acknowledge_alert(self, alert: Alert, comment: str, *, key: str | None = None) -> Alert:
        """Acknowledge, based on the version the operator saw."""
        path = f"/api/operations/alerts/{alert.id}/acknowledge"
        return await self._post(path, Alert, AcknowledgeAlert(comment=comment), version=alert.version, key=key)

    async def shelve_alert(self, alert: Alert, until: datetime, reason: str, *, key: str | None = None) -> Alert:
        """Put aside until an instant."""
        path = f"/api/operations/alerts/{alert.id}/shelve"
        return await self._post(path, Alert, ShelveAlert(until=until, reason=reason), version=alert.version, key=key)

    async def unshelve_alert(self, alert: Alert, *, key: str | None = None) -> Alert:
        """Bring back."""
        path = f"/api/operations/alerts/{alert.id}/unshelve"
        return await self._post(path, Alert, None, version=alert.version, key=key)

    async def create_alert_rule(self, draft: AlertRuleDraft, *, key: str | None = None) -> AlertRule:
        """A new rule."""
        return await self._post("/api/operations/alert-rules", AlertRule, draft, key=key)

    async def file(self, path: str, media: str, asked: Request | None = None) -> bytes:
        """A file, such as ``application/pdf``. What is asked for by a body is sent once."""
        return content_of(await self._send("GET" if asked is None else "POST", path, body=asked), media)

    async def send(
        self, method: str, path: str, body: str | None, *, version: int | None, key: str
    ) -> tuple[str, int | None]:
        """Send an intent as it is kept: text of the answer, empty for none, and the record's version, if it has one."""
        headers = {"Idempotency-Key": key} | ({} if version is None else {"If-Match": f'"{version}"'})
        return kept_text(await self._send(method, path, content=body, headers=headers))

    async def record(self, path: str) -> tuple[str, int | None]:
        """A record as text, and its version, whatever its kind."""
        return kept_text(await self._send("GET", path))

    @contextlib.asynccontextmanager
    async def stream(self, last: int | None = None) -> AsyncIterator[AsyncIterator[str]]:
        """Lines of ``GET /api/operations/stream``, going on after position ``last``. Raises OperationsError."""
        token = await self._tokens.token()
        if token is None:
            raise SignedOut("Nobody is signed in.")
        headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
        if last is not None:
            headers["Last-Event-ID"] = str(last)
        try:
            # A connection of its own, outside the pool's limit: it stays for as long as the console runs.
            async with (
                httpx.AsyncClient(base_url=self.base_url, timeout=httpx.Timeout(5.0, read=None)) as http,
                http.stream("GET", "/api/operations/stream", headers=headers) as response,
            ):
                if not response.is_success:
                    await response.aread()
                    refused = refusal(response)
                    if isinstance(refused, SignedOut):
                        await self._tokens.renew(token)
                    raise refused
                if self._heard is not None:
                    self._heard(server_time(response))
                yield response.aiter_lines()
        except httpx.TransportError as error:
            raise Unreachable(words_of(error)) from error

    async def change_alert_rule(self, rule: AlertRule, change: AlertRuleChange) -> AlertRule:
        """Change a rule, based on the version the operator saw."""
        path = f"/api/operations/alert-rules/{rule.id}"
        return await self._write("PATCH", path, AlertRule, change, version=rule.version)

    async def sign_in(self, account: str, password: str) -> Tokens:
        """Tokens for a built-in account."""
        asked = SignIn(account=account, password=password)
        return await self._post("/api/operations/session", Tokens, asked, signed=False)

    async def refresh(self, refresh_token: str, device: str | None = None) -> Tokens:
        """New tokens for a refresh token, which is used up.

        With ``device``, a random secret of 32 characters or more, the server answers the same request again for a
        minute, so it is repeated as a read is.
        """
        path = "/api/operations/session/refresh"
        if device is None:
            return await self._post(path, Tokens, Refresh(refresh_token=refresh_token), signed=False)
        asked = Refresh(refresh_token=refresh_token, device=device)
        return await self._repeat("POST", path, Tokens, body=asked, signed=False)

    async def step_up(self, code: str) -> AccessToken:
        """Use the second factor of a built-in account."""
        return await self._write("POST", "/api/operations/session/step-up", AccessToken, SecondFactorCode(code=code))

    async def begin_second_factor(self, password: str) -> Enrolment:
        """Begin to set up a second factor; an account without password gives none."""
        asked = BeginSecondFactor(password=password) if password else BeginSecondFactor()
        return await self._write("POST", "/api/operations/session/second-factor", Enrolment, asked)

    async def confirm_second_factor(self, code: str) -> RecoveryCodes:
        """Finish with the first code."""
        path = "/api/operations/session/second-factor/confirm"
        return await self._write("POST", path, RecoveryCodes, SecondFactorCode(code=code))

    async def sign_out(self, refresh_token: str) -> None:
        """End the session on the server."""
        await self._send("DELETE", "/api/operations/session", body=SignOut(refresh_token=refresh_token))

    # --- how -------------------------------------------------------------------------------------------------

    async def _get(self, path: str, kind: type[R], query: dict[str, Any] | None = None, *, signed: bool = True) -> R:
        return await self._repeat("GET", path, kind, query=query, signed=signed)

    async def _repeat(
        self,
        method: str,
        path: str,
        kind: type[R],
        *,
        query: dict[str, Any] | None = None,
        body: Request | None = None,
        signed: bool,
    ) -> R:
        for attempt in range(1, READ_ATTEMPTS + 1):
            try:
                return read(await self._send(method, path, query=query, body=body, signed=signed), kind)
            except OperationsError as error:
                wait = worth_repeating(error)
                if wait is None or attempt == READ_ATTEMPTS:
                    raise
                await asyncio.sleep(wait + pause(attempt, FIRST_PAUSE, LONGEST_PAUSE))
        raise AssertionError("the last attempt raises or returns")

    async def _post(
        self,
        path: str,
        kind: type[R],
        body: Request | None,
        *,
        version: int | None = None,
        key: str | None = None,
        signed: bool = True,
    ) -> R:
        return await self._write("POST", path, kind, body, version=version, key=key or str(uuid4()), signed=signed)

    async def _write(
        self,
        method: str,
        path: str,
        kind: type[R],
        body: Request | None,
        *,
        version: int | None = None,
        key: str | None = None,
        signed: bool = True,
    ) -> R:
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        if key is not None and signed:
            headers["Idempotency-Key"] = key
        return read(await self._send(method, path, body=body, headers=headers, signed=signed), kind)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: Request | None = None,
        content: str | None = None,
        headers: dict[str, str] | None = None,
        signed: bool = True,
    ) -> httpx.Response:
        token = await self._tokens.token() if signed else None
        if signed and token is None:
            raise SignedOut("Nobody is signed in.")
        if body is not None:
            content = body.model_dump_json(by_alias=True, exclude_unset=True)
        response = await self._request(method, path, query, content, headers or {}, token)
        if response.status_code == 401 and token is not None and isinstance(refusal(response), SignedOut):
            # The token may have expired in the middle: renew once, then repeat. A wanted second factor is no such case.
            renewed = await self._tokens.renew(token)
            if renewed is not None:
                response = await self._request(method, path, query, content, headers or {}, renewed)
        if response.is_success:
            return response
        raise refusal(response)

    async def _request(
        self,
        method: str,
        path: str,
        query: dict[str, Any] | None,
        content: str | None,
        headers: dict[str, str],
        token: str | None,
    ) -> httpx.Response:
        # Every request is a trace of its own; the server's log and problems carry the same id.
        sent = {"traceparent": f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01", **headers}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if content is not None:
            sent["Content-Type"] = "application/json"
        url = httpx.URL(path)
        if query:
            url = url.copy_merge_params({k: v for k, v in query.items() if v not in (None, [])})
        if self._http.is_closed:
            raise NotSent("The connection was given up.")
        try:
            async with asyncio.timeout(WHOLE_SECONDS):
                response = await self._http.request(method, url, content=content, headers=sent)
        except (httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotSent("The server cannot be reached in time.") from error
        except (httpx.TimeoutException, TimeoutError) as error:
            raise TimedOut("The server did not answer in time.") from error
        except (httpx.ConnectError, httpx.UnsupportedProtocol) as error:
            raise NotSent(words_of(error)) from error
        except httpx.TransportError as error:
            raise Unreachable(words_of(error)) from error
        except (httpx.InvalidURL, httpx.DecodingError) as error:
            raise BadAnswer(f"The answer could not be read: {error}.") from error
        if self._heard is not None and response.status_code != 401:
            self._heard(server_time(response))
        return response
