"""Who asks, and what they may do. The only place that turns a token into a principal.

Specification: "RBAC Foundation", Security NFRs. Permissions come from live role assignments, never from the token.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import jwt
import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.security import HTTPBearer

from backend.database import load_queries
from backend.http import ProblemError, database_of, unavailable
from backend.settings import Settings
from models.permissions import Permission
from models.problems import Code

ISSUER = "opsconsole"
AUDIENCE = "opsconsole"
SCOPE = "operations.*"
LEEWAY = timedelta(seconds=30)

queries = load_queries(__package__)
log = structlog.get_logger()

bearer = HTTPBearer(auto_error=False, description="a token of the sign-in or of the OIDC issuer")


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a person or a service, with what live role assignments allow."""

    user_id: str
    name: str
    kind: str
    roles: tuple[str, ...]
    role_names: tuple[str, ...]
    permissions: frozenset[str]
    auth_time: datetime | None
    """When the principal last proved a second factor; ``None`` when never."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says."""

    subject: str
    auth_time: datetime | None


class Tokens:
    """Verifies and mints tokens by the settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys: jwt.PyJWKClient | None = None

    def mint(self, user_id: str, *, now: datetime | None = None, minutes: int | None = None) -> tuple[str, datetime]:
        """An access token for a built-in account, and when it expires."""
        start = now or datetime.now(UTC)
        end = start + timedelta(minutes=minutes if minutes is not None else self._settings.token_minutes)
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": user_id,
            "iat": start,
            "exp": end,
            "jti": secrets.token_hex(8),
            "scope": SCOPE,
        }
        return jwt.encode(claims, self._settings.token_key, algorithm="HS256"), end

    async def verify(self, token: str) -> Claims:
        """What the token says.

        Raises:
            ProblemError: 401 when it is expired, forged, for somebody else or without the scope.
        """
        try:
            issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
            if issuer == ISSUER and self._settings.token_key:
                claims = self._decode(token, self._settings.token_key, ["HS256"], ISSUER, AUDIENCE)
            elif self._settings.oidc_issuer and issuer == self._settings.oidc_issuer:
                key = await asyncio.to_thread(self._signing_key, token)
                algorithms = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
                claims = self._decode(token, key, algorithms, issuer, self._settings.oidc_audience)
            else:
                raise _unauthenticated("The token was issued by somebody this server does not trust.")
        except jwt.ExpiredSignatureError as error:
            raise _unauthenticated("The session has expired. Sign in again.", Code.TOKEN_EXPIRED) from error
        except jwt.PyJWKClientConnectionError as error:
            raise unavailable("The sign-in service does not answer just now.") from error
        except jwt.PyJWTError as error:
            log.info("token refused", reason=str(error))
            raise _unauthenticated("The token is not valid here. Sign in again.") from error
        scopes = str(claims.get("scope", "")).split()
        if not any(scope.startswith("operations.") for scope in scopes):
            raise _unauthenticated("The token lacks the scope operations.*")
        when = claims.get("auth_time")
        return Claims(str(claims["sub"]), datetime.fromtimestamp(when, UTC) if isinstance(when, int) else None)

    @staticmethod
    def _decode(token: str, key: Any, algorithms: list[str], issuer: str, audience: str) -> dict[str, Any]:
        return jwt.decode(
            token,
            key,
            algorithms=algorithms,
            issuer=issuer,
            audience=audience,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "sub", "iss", "aud"]},
        )

    def _signing_key(self, token: str) -> Any:
        if self._keys is None:
            self._keys = jwt.PyJWKClient(_jwks_address(self._settings.oidc_issuer), timeout=5)
        return self._keys.get_signing_key_from_jwt(token).key


def _jwks_address(issuer: str) -> str:
    """Where the issuer publishes its keys, by OpenID Connect Discovery."""
    import httpx

    answer = httpx.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration", timeout=5)
    try:
        return str(answer.raise_for_status().json()["jwks_uri"])
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise jwt.PyJWKClientConnectionError(f"discovery of {issuer} failed: {error}") from error


def _unauthenticated(detail: str, code: Code = Code.UNAUTHENTICATED) -> ProblemError:
    reason = "" if code == Code.UNAUTHENTICATED else ' error="invalid_token"'
    return ProblemError(code, detail, headers={"WWW-Authenticate": f"Bearer{reason}"})


async def authenticate(request: Request) -> Principal:
    """The principal behind a request.

    Raises:
        ProblemError: 401 without a valid token or with one of an account that is unknown or disabled.
    """
    known: Principal | None = getattr(request.state, "principal", None)
    if known is not None:
        return known
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _unauthenticated("Sign in, or send a bearer token.")
    claims = await request.app.state.tokens.verify(token.strip())
    async with database_of(request).read() as connection:
        row = await (await connection.execute(queries.principal, {"user_id": claims.subject})).fetchone()
    if row is None:
        raise _unauthenticated("This account is unknown here or disabled.")
    name, kind, roles, role_names, permissions = row
    principal = Principal(
        claims.subject, name, kind, tuple(roles), tuple(role_names), frozenset(permissions), claims.auth_time
    )
    request.state.principal = principal
    return principal


def require(permission: Permission | None, step_up: int | None = None) -> Any:
    """State who may call a route; the only way to.

    Args:
        permission: what the principal must be allowed; ``None`` for anybody who is signed in.
        step_up: how old, in seconds, the second factor may be at most (RFC 9470).
    """

    async def check(request: Request, _token: Annotated[Any, Depends(bearer)]) -> Principal:
        principal = await authenticate(request)
        if permission is not None and permission not in principal.permissions:
            raise ProblemError(
                Code.PERMISSION_MISSING,
                f"This needs the permission {permission}, which none of your roles has.",
                permission=permission,
            )
        if step_up is not None:
            _check_step_up(principal, step_up)
        return principal

    check.permission = permission  # type: ignore[attr-defined] # the test that walks all routes reads it
    return Depends(check)


def _check_step_up(principal: Principal, seconds: int) -> None:
    proven = principal.auth_time
    if proven is None or datetime.now(UTC) - proven > timedelta(seconds=seconds):
        challenge = f'Bearer error="insufficient_user_authentication", max_age="{seconds}"'
        raise ProblemError(
            Code.STEP_UP_NEEDED,
            "Confirm with your second factor; the last time was too long ago.",
            headers={"WWW-Authenticate": challenge},
        )


def install(app: FastAPI, settings: Settings) -> None:
    """Give ``app`` its tokens."""
    app.state.tokens = Tokens(settings)
    app.state.authenticate = authenticate
