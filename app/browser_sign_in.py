"""Sign-in through the system's browser: OIDC authorization code with PKCE and a redirect to loopback (RFC 8252)."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import secrets
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from app.errors import BadAnswer, SignedOut, TimedOut, Unreachable
from models.session import OidcOptions, Tokens

PATIENCE = 300.0
PAGE = b"""HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n\r\n\
<!doctype html><title>opsconsole</title><p>You can close this page and go back to opsconsole.</p>"""


async def browser_sign_in(options: OidcOptions, open_browser: Callable[[str], Any]) -> Tokens:
    """Open the issuer's page and wait for the answer.

    Raises:
        SignedOut: refused, or an answer that was not ours.
        TimedOut: nobody signed in within five minutes.
        Unreachable: the issuer cannot be reached.
        BadAnswer: the issuer's answers cannot be used.
    """
    verifier = secrets.token_urlsafe(64)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    state = secrets.token_urlsafe(24)
    answer: asyncio.Future[dict[str, list[str]]] = asyncio.get_running_loop().create_future()

    async def redirected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = (await asyncio.wait_for(reader.readline(), 10)).decode("ascii", "replace").split(" ")
            writer.write(PAGE)
            await writer.drain()
            query = parse_qs(urlsplit(line[1]).query) if len(line) > 1 else {}
            if query.get("state") == [state] and not answer.done():
                answer.set_result(query)
        except (OSError, TimeoutError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    try:
        async with _asking(options) as http:
            found = await _discover(http, options)
            server = await asyncio.start_server(redirected, "127.0.0.1", 0)
            async with server:
                redirect = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/signed-in"
                query = {
                    "response_type": "code",
                    "client_id": options.client_id,
                    "redirect_uri": redirect,
                    "scope": "openid operations.*",
                    "state": state,
                    "code_challenge": challenge,
                    "code_challenge_method": "S256",
                }
                if "offline_access" in found.get("scopes_supported", ()):
                    # Tokens that can be renewed; OpenID Connect wants the consent asked for with them.
                    query |= {"scope": "openid offline_access operations.*", "prompt": "consent"}
                address = found["authorization_endpoint"]
                open_browser(f"{address}{'&' if '?' in address else '?'}{urlencode(query)}")
                came = await asyncio.wait_for(answer, PATIENCE)
            if "code" not in came:
                raise SignedOut(f"The sign-in was refused: {came.get('error', ['no reason given'])[0]}.")
            form = {
                "grant_type": "authorization_code",
                "code": came["code"][0],
                "redirect_uri": redirect,
                "client_id": options.client_id,
                "code_verifier": verifier,
            }
            return _tokens(await _json(http, "POST", found["token_endpoint"], data=form))
    except TimeoutError as error:
        raise TimedOut("Nobody signed in within five minutes.") from error


async def browser_refresh(options: OidcOptions, refresh_token: str) -> Tokens:
    """New tokens of the issuer. Raises SignedOut, Unreachable or BadAnswer as ``browser_sign_in`` does."""
    async with _asking(options) as http:
        found = await _discover(http, options)
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": options.client_id}
        return _tokens(await _json(http, "POST", found["token_endpoint"], data=form))


@contextlib.asynccontextmanager
async def _asking(options: OidcOptions) -> AsyncIterator[httpx.AsyncClient]:
    try:
        async with httpx.AsyncClient(timeout=10) as http:
            yield http
    except httpx.TransportError as error:
        raise Unreachable(f"The sign-in service {options.issuer} cannot be reached.") from error
    except (KeyError, ValueError, TypeError) as error:
        raise BadAnswer(f"The sign-in service {options.issuer} answered something unusable: {error}.") from error


async def _discover(http: httpx.AsyncClient, options: OidcOptions) -> dict[str, Any]:
    return await _json(http, "GET", f"{options.issuer.rstrip('/')}/.well-known/openid-configuration")


def _tokens(got: dict[str, Any]) -> Tokens:
    now = datetime.now(UTC)
    return Tokens(
        access_token=got["access_token"],
        refresh_token=got.get("refresh_token"),
        expires_at=now + timedelta(seconds=float(got.get("expires_in", 300))),
        as_of=now,
    )


async def _json(http: httpx.AsyncClient, method: str, url: str, **more: Any) -> dict[str, Any]:
    response = await http.request(method, url, **more)
    if response.is_server_error:
        raise Unreachable(f"The sign-in service is not available just now (HTTP {response.status_code}).")
    if response.is_error:
        raise SignedOut(f"The sign-in service refused: HTTP {response.status_code}.")
    found = response.json()
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 - as unusable as broken JSON
    return found
