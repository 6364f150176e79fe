"""From bearer token to principal, and the one way a route says who may call it.

Tokens are JWTs with the scope ``operations.*``: our own, for built-in accounts, or those of an OIDC issuer. They only
say who somebody is. What they may do comes from the role assignments in the database, at each request.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal, Protocol
from uuid import UUID

import jwt
from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from psycopg.rows import dict_row

from backend.core.database import Database, DatabaseUnavailable, load_queries
from backend.core.dependencies import database_of
from backend.core.issuer_keys import IssuerKeys
from backend.core.problems import ProblemError
from backend.core.settings import Settings
from models.core.base import USER_ID_MOST
from models.core.permissions import Permission, lacking_words
from models.core.problems import Code

queries = load_queries(__package__, "security.sql")

ISSUER: Final = "opsconsole"
SCOPE: Final = "operations.*"
ACCESS_LIFETIME = timedelta(minutes=15)
PASSWORD: Final = "1"  # noqa: S105 - how somebody proved who they are
SECOND_FACTOR: Final = "2"
OUTSIDE_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
CHALLENGE = {"WWW-Authenticate": f'Bearer realm="opsconsole", scope="{SCOPE}"'}
CLOCK_SECONDS = 10
"""How much the clocks of the sign-in service and ours may differ."""
REMEMBERED = 1_000
NAME_MOST = 255
_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Characters that are for devices, not for people, and halves of surrogate pairs."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a request, and what they may do at this moment."""

    user_id: str
    name: str
    roles: tuple[str, ...]
    role_names: tuple[str, ...]
    permissions: frozenset[Permission]
    identity: Identity
    second_factor: bool = False
    """Whether a built-in account has one set up."""
    has_password: bool = False
    """Whether a built-in account has one."""

    @property
    def kind(self) -> Literal["account", "oidc"]:
        """Who vouches for them: we, or the outside issuer."""
        return self.identity.kind


class Usage(Protocol):
    """Notes who is there and what they use; ``app.state.usage`` is one."""

    def see(self, principal: Principal) -> None:
        """Somebody is there."""

    def note(self, principal: Principal, permission: Permission) -> None:
        """Somebody used a permission."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a verified token says."""

    user_id: str
    name: str
    kind: Literal["account", "oidc"]
    expires: datetime
    auth_time: datetime | None = None
    """When they last proved who they are; ``None`` when the issuer does not say."""
    acr: str | None = None
    """How they proved it, in the issuer's words; ours are 1 (password) and 2 (second factor)."""
    amr: tuple[str, ...] = ()
    """Methods they used, RFC 8176."""
    session: UUID | None = None
    """The session of ours the token belongs to."""


def mint(
    settings: Settings,
    *,
    user_id: str,
    name: str,
    auth_time: datetime,
    lifetime: timedelta = ACCESS_LIFETIME,
    acr: str = PASSWORD,
    session: UUID | None = None,
) -> tuple[str, datetime]:
    """An access token of ours and when it expires. Raises ProblemError when no key is configured."""
    now = datetime.now(UTC)
    expires = now + lifetime
    claims = {
        "iss": ISSUER,
        "aud": settings.oidc_audience,
        "sub": user_id,
        "name": name,
        "iat": now,
        "exp": expires,
        "auth_time": int(auth_time.timestamp()),
        "acr": acr,
        "scope": SCOPE,
    }
    if session is not None:
        claims["sid"] = str(session)
    return jwt.encode(claims, _key(settings), algorithm="HS256"), expires.replace(microsecond=0)


def _key(settings: Settings) -> str:
    if settings.token_key is None:
        raise ProblemError(Code.NOT_FOUND, "Built-in accounts are off here; sign in with the browser.")
    return settings.token_key.get_secret_value()


def _refused(detail: str, code: Code = Code.UNAUTHENTICATED) -> ProblemError:
    return ProblemError(
        code, detail, headers={"WWW-Authenticate": f'{CHALLENGE["WWW-Authenticate"]}, error="invalid_token"'}
    )


class TokenReader:
    """Verifies tokens. One per application; keeps the issuer's keys and the last known permissions."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._outside = None if settings.oidc_issuer is None else IssuerKeys(settings.oidc_issuer)
        self._known: OrderedDict[tuple[str, str], tuple[float, Principal]] = OrderedDict()

    async def identify(self, token: str) -> Identity:
        """Who a token belongs to. Raises ProblemError when it is not acceptable."""
        try:
            unverified = jwt.decode(token, options={"verify_signature": False})
            if self._outside is not None and unverified.get("iss") == self._settings.oidc_issuer:
                key = await self._outside.key_of(token)
                claims = self._decode(token, key, OUTSIDE_ALGORITHMS, unverified["iss"])
                kind: Literal["account", "oidc"] = "oidc"
            elif self._settings.token_key is not None:
                claims = self._decode(token, self._settings.token_key.get_secret_value(), ("HS256",), ISSUER)
                kind = "account"
            else:
                raise _refused("The token comes from an issuer that is not accepted here.")
        except jwt.ExpiredSignatureError:
            raise _refused(
                f"The session has expired{_by_our_clock(unverified, 'exp')}; refresh it or sign in again.",
                Code.TOKEN_EXPIRED,
            ) from None
        except jwt.ImmatureSignatureError:
            raise _refused(
                f"The token is not valid yet{_by_our_clock(unverified, 'nbf', 'iat')}: the clocks of the sign-in "
                "service and of this server differ. Whoever runs them must set them; then sign in again."
            ) from None
        except (jwt.PyJWTError, RecursionError, TypeError, ValueError, OverflowError):
            # The last three: a time that is none, which the library does not look for.
            raise _refused("The token is not valid here; sign in again.") from None
        if SCOPE not in {*_words(claims.get("scope")), *_words(claims.get("scp"))}:
            raise ProblemError(Code.PERMISSION_MISSING, f"The token lacks the scope {SCOPE}.", permission=SCOPE)
        return _identity(claims, kind)

    def _decode(self, token: str, key: Any, algorithms: tuple[str, ...], issuer: str) -> dict[str, Any]:
        return jwt.decode(
            token,
            key,
            algorithms=list(algorithms),
            audience=self._settings.oidc_audience,
            issuer=issuer,
            leeway=CLOCK_SECONDS,
            options={"require": ["exp", "iat", "sub", "aud", "iss"]},
        )

    async def principal(self, database: Database, identity: Identity, *, reading: bool) -> Principal:
        """The principal with its present permissions.

        While the database is away, reading goes on with permissions known for less than the life of a token, so
        that the last dashboard can still be shown. Raises ProblemError for a disabled account, DatabaseUnavailable
        otherwise.
        """
        key = (identity.kind, identity.user_id)
        try:
            principal = await _look_up(database, identity)
        except DatabaseUnavailable:
            at, known = self._known.get(key, (0.0, None))
            if known is None or not reading or time.monotonic() - at > ACCESS_LIFETIME.total_seconds():
                raise
            return known
        self._known[key] = (time.monotonic(), principal)
        self._known.move_to_end(key)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return principal


def _identity(claims: dict[str, Any], kind: Literal["account", "oidc"]) -> Identity:
    """What a signed token says, in shape. Raises ProblemError 401 for what cannot be, signed or not."""
    subject, name = claims["sub"], claims.get("name")
    if not 1 <= len(subject) <= USER_ID_MOST or subject.isspace() or _CONTROL.search(subject):
        raise _refused(
            f"The token's subject (sub) must have 1 to {USER_ID_MOST} characters, and none of control; an "
            "administrator of the sign-in service can mend that."
        )
    known = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", name)[:NAME_MOST].strip() if isinstance(name, str) else ""
    acr = claims.get("acr")
    try:
        session = UUID(claims["sid"]) if kind == "account" and "sid" in claims else None
    except (ValueError, AttributeError, TypeError):
        raise _refused("The token names a session (sid) that cannot be; sign in again.") from None
    return Identity(
        user_id=subject,
        name=known or subject,
        kind=kind,
        expires=_time(claims, "exp"),
        auth_time=_time(claims, "auth_time", text=True) if claims.get("auth_time") is not None else None,
        acr=None if acr is None else str(acr),
        amr=_words(claims.get("amr")),
        session=session,
    )


def _time(claims: dict[str, Any], name: str, *, text: bool = False) -> datetime:
    """A claim that is a number of seconds; some services write the time of signing in as ``text``."""
    value = claims[name]
    try:
        if (isinstance(value, int | float) and not isinstance(value, bool)) or (text and isinstance(value, str)):
            return datetime.fromtimestamp(float(value), UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise _refused(
        f"The token's {name} is no time, which is a number of seconds; an administrator of the sign-in service can "
        "mend that."
    )


def _words(value: Any) -> tuple[str, ...]:
    """A claim that services write as text, with spaces between, or as a list."""
    if isinstance(value, str):
        return tuple(value.split())
    return tuple(word for word in value if isinstance(word, str)) if isinstance(value, list) else ()


def _by_our_clock(claims: dict[str, Any], *names: str) -> str:
    """By how much a token is too late or too early: what shows that clocks differ."""
    now = datetime.now(UTC)
    try:
        at = max(_time(claims, name) for name in names if name in claims)
    except (ProblemError, ValueError):
        return ""
    seconds = round(abs((now - at).total_seconds()))
    return f" ({seconds:,} s {'ago' if at < now else 'ahead'} by this server's clock, {now:%H:%M:%S} UTC)"


async def _look_up(database: Database, identity: Identity) -> Principal:
    async with database.read() as connection, connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.principal, {"user_id": identity.user_id, "account": identity.kind == "account"})
        row = await cursor.fetchone()
    if row is None:
        words = "The account does not exist any more or is disabled."
        if identity.kind == "oidc":
            words = f"An account of this server is called {identity.user_id} too; an administrator must rename it."
        raise _refused(words)
    known = Permission._value2member_map_
    return Principal(
        user_id=identity.user_id,
        name=row["name"] or identity.name,
        roles=tuple(row["roles"]),
        role_names=tuple(row["role_names"]),
        # Permissions of a newer release mean nothing to this one.
        permissions=frozenset(Permission(p) for p in row["permissions"] if p in known),
        identity=identity,
        second_factor=row["second_factor"],
        has_password=row["has_password"],
    )


async def principal_of(request: Request) -> Principal:
    """Who makes this request, looked up once. Raises ProblemError 401 for nobody."""
    found: Principal | None = getattr(request.state, "principal", None)
    if found is None:
        given = request.headers.getlist("authorization")
        scheme, _, token = "".join(given[:1]).partition(" ")
        # Two are none: a proxy in front of us may have looked at the other one.
        if len(given) > 1 or scheme.lower() != "bearer" or not token:
            raise ProblemError(Code.UNAUTHENTICATED, "Sign in first.", headers=CHALLENGE)
        reader: TokenReader = request.app.state.tokens
        identity = await reader.identify(token.strip())
        found = await reader.principal(database_of(request), identity, reading=request.method in {"GET", "HEAD"})
        request.state.principal = found
    return found


_bearer = HTTPBearer(auto_error=False, scheme_name="bearer", description="A JWT with the scope operations.*")


class Guard:
    """The check a route asks for; the route test reads ``permission`` off it."""

    raises = (Code.UNAUTHENTICATED, Code.PERMISSION_MISSING)

    def __init__(self, permission: Permission | None, step_up: int | None) -> None:
        self.permission = permission
        self.step_up = step_up

    async def __call__(self, request: Request, _bearer: Annotated[Any, Depends(_bearer)]) -> Principal:
        """The principal, if it may. Raises ProblemError 401 or 403."""
        return await self.admit(request)

    async def admit(self, request: Request) -> Principal:
        """The principal, if it may. Raises ProblemError 401 or 403."""
        principal = await principal_of(request)
        usage: Usage = request.app.state.usage
        usage.see(principal)  # also whom nothing is granted yet: else nobody could grant it
        if self.permission is not None:
            self._check(principal, self.permission)
            usage.note(principal, self.permission)
        if self.step_up is not None:
            _demand_second_factor(principal, self.step_up, request.app.state.settings)
        return principal

    @staticmethod
    def _check(principal: Principal, permission: Permission) -> None:
        if permission not in principal.permissions:
            raise ProblemError(
                Code.PERMISSION_MISSING,
                f"This {lacking_words(permission)}; an administrator can grant a role that has it.",
                permission=permission,
            )


def _demand_second_factor(principal: Principal, seconds: int, settings: Settings) -> None:
    """Raises ProblemError 401, the challenge of RFC 9470, unless a second factor was used in the last ``seconds``."""
    identity = principal.identity
    wanted = SECOND_FACTOR if identity.kind == "account" else settings.oidc_acr_values
    used = identity.acr in wanted.split() or (identity.kind == "oidc" and "mfa" in identity.amr)
    age = None if identity.auth_time is None else (datetime.now(UTC) - identity.auth_time).total_seconds()
    # One that lies ahead would hold for as long as its maker likes.
    if used and age is not None and -CLOCK_SECONDS <= age <= seconds:
        return
    words = f"Confirm who you are with your second factor; it holds for {seconds // 60} minutes."
    if identity.kind == "account" and not principal.second_factor:
        words = "This needs a second factor, and your account has none yet: set one up, then try again."
    challenge = (
        f'Bearer realm="opsconsole", error="insufficient_user_authentication", '
        f'error_description="{words}", acr_values="{wanted}", max_age="{seconds}"'
    )
    raise ProblemError(Code.STEP_UP_NEEDED, words, headers={"WWW-Authenticate": challenge})


def require(permission: Permission | None, step_up: int | None = None) -> Any:
    """The dependency of a guarded route; ``None`` admits everybody who is signed in.

    Used as ``principal: Annotated[Principal, require(Permission.X)]``.

    ``step_up`` asks for a second factor used at most that many seconds ago (RFC 9470).
    """
    return Depends(Guard(permission, step_up))
