"""Sign-in through the system's browser: OIDC authorization code with PKCE and a redirect to loopback (RFC 8252).

Instants are compared with the issuer's own clock, the ``Date`` of its answer: this computer's may be wrong.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import secrets
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, NoReturn
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import jwt

from app.core.errors import BadAnswer, Challenge, SignedOut, SignInRefused, TimedOut, Unreachable
from models.accounts import OidcOptions, Tokens

PATIENCE = 300.0
LEEWAY = 10.0
"""Seconds by which clocks of one issuer may differ."""
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
"""Of signatures that only the issuer can make: neither ``none`` nor one made with a shared secret."""
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
REDIRECT = "/signed-in"
PAGE = """HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n\r\n\
<!doctype html><title>opsconsole</title><p>{words}</p>"""
OURS = PAGE.format(status="200 OK", words="You can close this page and go back to opsconsole.").encode()
NOT_OURS = PAGE.format(status="400 Bad Request", words="opsconsole did not ask for this. Close this page.").encode()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What the issuer gave: tokens, and whose they are."""

    tokens: Tokens
    subject: str
    """The issuer's name for the person, the ``sub`` of the ID token."""
    id_token: str | None
    """Names the session when it is ended; ``None`` where a renewal brought no new one."""


async def browser_sign_in(options: OidcOptions, open_browser: Callable[[str], Any]) -> SignedIn:
    """Open the issuer's page and wait for the answer.

    Raises:
        SignInRefused: by the issuer, or its answer is not for us.
        TimedOut: nobody signed in within five minutes.
        Unreachable: the issuer cannot be reached.
        BadAnswer: the issuer's answers cannot be used.
    """
    return await _authorize(options, open_browser, None)


async def browser_step_up(
    options: OidcOptions, open_browser: Callable[[str], Any], subject: str, challenge: Challenge
) -> SignedIn:
    """Let ``subject`` prove again who they are (RFC 9470 §4).

    Raises:
        SignInRefused: as ``browser_sign_in``; also when somebody else signed in, or nobody was asked again.
        TimedOut, Unreachable, BadAnswer: as ``browser_sign_in``.
    """
    found = await _authorize(options, open_browser, challenge)
    if found.subject != subject:
        raise SignInRefused("Somebody else signed in; sign in as the person who is using this console.")
    return found


async def browser_refresh(options: OidcOptions, refresh_token: str, subject: str) -> SignedIn:
    """New tokens of the issuer for the same person.

    Raises:
        SignedOut: the issuer has ended the session.
        Unreachable, BadAnswer: as ``browser_sign_in``; the refresh token may still be good.
    """
    async with _asking(options) as http:
        found = await _discover(http, options)
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": options.client_id}
        try:
            _, got = await _json(http, "POST", found["token_endpoint"], data=form)
        except SignInRefused as error:
            raise SignedOut(str(error)) from error
        id_token = got.get("id_token")
        if id_token is not None:
            # The connection vouches for it (OpenID Connect Core 3.1.3.7 and 12.2): were keys to be fetched now and out
            # of reach, the new refresh token would be lost and the old one is used up.
            claims = jwt.decode(id_token, options={"verify_signature": False})
            if (claims.get("iss"), claims.get("sub")) != (options.issuer, subject):
                raise SignedOut("The sign-in service renewed the session of somebody else.")
        return SignedIn(_tokens(got), subject, id_token)


async def browser_sign_out(
    options: OidcOptions, refresh_token: str | None, id_token: str | None, open_browser: Callable[[str], Any] | None
) -> None:
    """Revoke the refresh token (RFC 7009) and let the browser end the issuer's session (RP-Initiated Logout).

    Raises Unreachable, BadAnswer or SignInRefused when the issuer could not be told.
    """
    async with _asking(options) as http:
        found = await _discover(http, options)
        ends = found.get("end_session_endpoint")
        try:
            if refresh_token is not None and "revocation_endpoint" in found:
                form = {"token": refresh_token, "token_type_hint": "refresh_token", "client_id": options.client_id}
                _check(await http.post(_safe(found["revocation_endpoint"]), data=form))
        finally:
            if ends is not None and open_browser is not None:
                hint = {} if id_token is None else {"id_token_hint": id_token}
                open_browser(_with(_safe(ends), {"client_id": options.client_id, **hint}))


async def _authorize(options: OidcOptions, open_browser: Callable[[str], Any], challenge: Challenge | None) -> SignedIn:
    verifier, state, nonce = secrets.token_urlsafe(64), secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    proof = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    async with _asking(options) as http:
        found = await _discover(http, options)
        query = {
            "response_type": "code",
            "client_id": options.client_id,
            "scope": "openid profile operations.*",
            "state": state,
            "nonce": nonce,
            "code_challenge": proof,
            "code_challenge_method": "S256",
        }
        if "offline_access" in found.get("scopes_supported", ()):
            # Tokens that can be renewed; OpenID Connect wants the consent asked for with them.
            query |= {"scope": "openid profile offline_access operations.*", "prompt": "consent"}
        if challenge is not None:
            query["max_age"] = str(challenge.max_age)
            if challenge.acr_values:
                query["acr_values"] = challenge.acr_values
        came, redirect = await _redirected(_safe(found["authorization_endpoint"]), query, open_browser)
        # RFC 9207: an answer of another issuer must not be taken for this one's.
        if came.get("iss", options.issuer) != options.issuer or (
            found.get("authorization_response_iss_parameter_supported") and "iss" not in came
        ):
            raise SignInRefused("The answer to the sign-in came from another sign-in service; sign in again.")
        if "code" not in came:
            _raise_refusal(came)
        form = {
            "grant_type": "authorization_code",
            "code": came["code"],
            "redirect_uri": redirect,
            "client_id": options.client_id,
            "code_verifier": verifier,
        }
        now, got = await _json(http, "POST", found["token_endpoint"], data=form)
        _, keys = await _json(http, "GET", found["jwks_uri"])
        claims = _verified(str(got.get("id_token") or ""), keys, options, nonce, now)
        if challenge is not None:
            _check_fresh(claims, challenge, now)
        return SignedIn(_tokens(got), claims["sub"], got["id_token"])


async def _redirected(
    address: str, query: dict[str, str], open_browser: Callable[[str], Any]
) -> tuple[dict[str, str], str]:
    """What the browser brings back to a port of loopback, and the address it was asked to come back to."""
    answer: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = (await asyncio.wait_for(reader.readline(), 10)).decode("ascii", "replace").split(" ")
            target = urlsplit(line[1] if len(line) > 1 else "")
            came = {name: values[0] for name, values in parse_qs(target.query).items()}
            given = came.get("state", "").encode()
            ours = target.path == REDIRECT and secrets.compare_digest(given, query["state"].encode())
            writer.write(OURS if ours else NOT_OURS)
            await writer.drain()
            if ours and not answer.done():
                answer.set_result(came)
        except (OSError, ValueError, TimeoutError, asyncio.CancelledError):
            return  # ValueError: a line without an end, or no address at all
        finally:
            writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        redirect = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{REDIRECT}"
        open_browser(_with(address, query | {"redirect_uri": redirect}))
        try:
            return await asyncio.wait_for(answer, PATIENCE), redirect
        except TimeoutError as error:
            raise TimedOut("Nobody signed in within five minutes.") from error


def _verified(id_token: str, keys: dict[str, Any], options: OidcOptions, nonce: str, now: datetime) -> dict[str, Any]:
    """The claims of an ID token that is for us and now (OpenID Connect Core 3.1.3.7). Raises SignInRefused."""
    try:
        header = jwt.get_unverified_header(id_token)
        fitting = [key for key in jwt.PyJWKSet.from_dict(keys).keys if key.public_key_use in {"sig", None}]
        # An issuer with a single key need not name it.
        right = [key for key in fitting if key.key_id == header.get("kid", key.key_id)]
        if not right or ("kid" not in header and len(right) > 1):
            raise jwt.InvalidKeyError("signed with a key the service does not publish")
        claims = jwt.decode(
            id_token,
            right[0],
            algorithms=list(ALGORITHMS),
            audience=options.client_id,
            issuer=options.issuer,
            options={
                "require": ["iss", "sub", "aud", "exp", "iat", "nonce"],
                # Below, with the issuer's clock.
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
        if claims["nonce"] != nonce:
            raise jwt.InvalidTokenError("made for another sign-in")
        if claims.get("azp", options.client_id) != options.client_id:
            raise jwt.InvalidAudienceError("made for another application")
        at = now.timestamp()
        if float(claims["exp"]) + LEEWAY <= at:
            raise jwt.ExpiredSignatureError("expired")
        if max(float(claims["iat"]), float(claims.get("nbf", 0))) - LEEWAY > at:
            raise jwt.ImmatureSignatureError("not valid yet")
    except jwt.PyJWTError as error:
        raise SignInRefused(f"The sign-in service's word on who signed in is not accepted: {error}.") from error
    return claims


def _check_fresh(claims: dict[str, Any], challenge: Challenge, now: datetime) -> None:
    """Raise SignInRefused when nobody was asked again, or not in the way that is needed."""
    at = claims.get("auth_time")
    if not isinstance(at, int | float) or now.timestamp() - at > challenge.max_age + LEEWAY:
        raise SignInRefused("The sign-in service did not ask again who you are; sign out and in again.")
    wanted = (challenge.acr_values or "").split()
    if wanted and "acr" in claims and claims["acr"] not in wanted:
        raise SignInRefused("You signed in, but not with the second factor this needs; try again and use it.")


@lru_cache
def trusted() -> ssl.SSLContext:
    """The certificates that are trusted, read once: it takes long enough to be felt at each renewal."""
    return httpx.create_ssl_context()


@contextlib.asynccontextmanager
async def _asking(options: OidcOptions) -> AsyncIterator[httpx.AsyncClient]:
    try:
        async with httpx.AsyncClient(timeout=10, verify=trusted()) as http:
            yield http
    except httpx.TransportError as error:
        raise Unreachable(f"The sign-in service {options.issuer} cannot be reached.") from error
    except json.JSONDecodeError as error:
        raise BadAnswer(f"The sign-in service {options.issuer} answered something that is not JSON.") from error
    except KeyError as error:
        raise BadAnswer(f"The sign-in service {options.issuer} did not tell its {error.args[0]}.") from error
    except (ValueError, TypeError, httpx.InvalidURL, httpx.DecodingError, jwt.PyJWTError) as error:
        raise BadAnswer(f"The sign-in service {options.issuer} answered something unusable: {error}.") from error


async def _discover(http: httpx.AsyncClient, options: OidcOptions) -> dict[str, Any]:
    """The issuer's addresses. Another issuer's are not used (OpenID Connect Discovery 4.3)."""
    _, found = await _json(http, "GET", f"{options.issuer.rstrip('/')}/.well-known/openid-configuration")
    if found["issuer"] != options.issuer:
        raise BadAnswer(
            f"The sign-in service {options.issuer} calls itself {found['issuer']}; an administrator must set the "
            "server's OIDC issuer to exactly the name it uses."
        )
    return found


def _tokens(got: dict[str, Any]) -> Tokens:
    now = datetime.now(UTC)
    return Tokens(
        access_token=got["access_token"],
        refresh_token=got.get("refresh_token"),
        expires_at=now + timedelta(seconds=float(got.get("expires_in", 300))),
        as_of=now,
    )


def _safe(url: Any) -> str:
    """An address a secret may go to, and a browser: HTTPS, or this computer. Raises ValueError."""
    parts = urlsplit(str(url))
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError(f"{url} is not an https address")
    return str(url)


def _with(address: str, query: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"


async def _json(http: httpx.AsyncClient, method: str, url: str, **more: Any) -> tuple[datetime, dict[str, Any]]:
    """When the issuer answered, by its own clock, and the object it answered."""
    response = await http.request(method, _safe(url), **more)
    _check(response)
    found = response.json()
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 - as unusable as broken JSON
    try:
        now = parsedate_to_datetime(response.headers["date"]).astimezone(UTC)
    except (KeyError, ValueError):
        now = datetime.now(UTC)
    return now, found


def _check(response: httpx.Response) -> None:
    """Raise what an answer that is no success means: SignInRefused only where the issuer says why (RFC 6749 §5.2)."""
    status = response.status_code
    if response.is_success:
        return
    if response.is_server_error or status in {408, 429}:
        raise Unreachable(f"The sign-in service is not available just now (HTTP {status}).")
    with contextlib.suppress(ValueError):
        body = response.json()
        if isinstance(body, dict) and "error" in body:
            _raise_refusal(body)
    raise BadAnswer(f"The sign-in service answered HTTP {status} without saying why.")


def _raise_refusal(body: Mapping[str, Any]) -> NoReturn:
    why = str(body.get("error", "no reason given"))
    more = f": {body['error_description']}" if body.get("error_description") else ""
    raise SignInRefused(f"The sign-in service refused ({why}{more}); sign in again.")
