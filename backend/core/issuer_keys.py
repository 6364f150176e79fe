"""The keys of the OIDC issuer, found by discovery.

Whoever sends a token makes us look for its key, signed in or not. So one look serves all who wait for it, it has an
end, it takes no thread from anybody, and an issuer that did not answer is not asked again for a while.
"""

from __future__ import annotations

import asyncio
import json
import math
import ssl
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import jwt

from backend.core.problems import ProblemError
from models.core.problems import Code

if TYPE_CHECKING:
    import httpx

KEPT_SECONDS = 300.0
KEPT_IN_AN_OUTAGE = 12 * 3600.0
"""Seconds: while the sign-in service is away, whoever it has signed in goes on; no one new gets in by that."""
KEYS_AT_MOST_EVERY: Final = 1.0
"""Seconds: a new key of the issuer is good at once, yet tokens that name no key cannot make us ask without end."""
LOOK_SECONDS = 5.0
"""For discovery and keys together, however slowly they come."""
AWAY_SECONDS = 5.0
"""How long an issuer that did not answer counts as away."""
DOCUMENT_MOST: Final = 1 << 20


class IssuerKeys:
    """The keys of one issuer. Belongs to the event loop it is first asked in."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._address: str | None = None
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._found_at = self._failed_at = -math.inf
        self._failure = ("", 0)
        self._looking: asyncio.Task[None] | None = None

    async def key_of(self, token: str) -> jwt.PyJWK:
        """The key a token names. Raises PyJWTError when there is none, ProblemError 503 when nobody can tell."""
        kid: str = jwt.get_unverified_header(token).get("kid") or ""
        age = time.monotonic() - self._found_at
        if age > KEPT_SECONDS or (kid not in self._keys and age > KEYS_AT_MOST_EVERY):
            try:
                await self._look()
            except ProblemError:
                if kid not in self._keys or age > KEPT_IN_AN_OUTAGE:
                    raise
        if kid not in self._keys:
            raise jwt.PyJWKClientError("the issuer has no such key")
        return self._keys[kid]

    async def _look(self) -> None:
        if self._looking is None and time.monotonic() - self._failed_at > AWAY_SECONDS:
            self._looking = asyncio.create_task(self._fetch(), name="keys of the issuer")
        if self._looking is not None:
            await asyncio.shield(self._looking)  # whoever leaves leaves it to the others
        if self._failed_at > self._found_at:
            words, seconds = self._failure
            raise ProblemError(Code.UNAVAILABLE, words, headers={"Retry-After": str(seconds)})

    async def _fetch(self) -> None:
        import httpx  # a fifth of a second that only those pay who have an issuer

        try:
            # The system's certificates: an issuer of the house is often vouched for by the house.
            client = httpx.AsyncClient(verify=ssl.create_default_context(), timeout=LOOK_SECONDS)
            async with asyncio.timeout(LOOK_SECONDS), client:
                if self._address is None:
                    self._address = await self._discover(client)
                found = jwt.PyJWKSet.from_dict(await _document(client, self._address)) if self._address else None
            if found is not None:
                usable = (each for each in found.keys if each.public_key_use in {"sig", None} and each.key_id)
                self._keys = {str(each.key_id): each for each in usable}
                self._found_at = time.monotonic()
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, RecursionError, jwt.PyJWTError):
            # A page where JSON should be, or keys that are none, say nothing about the token either.
            self._fail("The sign-in service does not answer; try again soon.", 5)
        finally:
            self._looking = None

    async def _discover(self, client: httpx.AsyncClient) -> str | None:
        document = await _document(client, f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        if document.get("issuer") == self._issuer and "jwks_uri" in document:
            return str(document["jwks_uri"])
        # Another issuer's keys must not vouch for this one (OpenID Connect Discovery 4.3).
        self._fail(
            f"The sign-in service at {self._issuer} does not describe itself as that issuer; an administrator must set "
            "OPSCONSOLE_OIDC_ISSUER to exactly the name it uses.",
            60,
        )
        return None

    def _fail(self, words: str, seconds: int) -> None:
        self._failure = words, seconds
        self._failed_at = time.monotonic()


async def _document(client: httpx.AsyncClient, address: str) -> dict[str, Any]:
    """A JSON object. Raises ValueError for anything else, and what httpx raises."""
    body = b""
    async with client.stream("GET", address) as answer:
        answer.raise_for_status()
        async for piece in answer.aiter_bytes():
            body += piece
            if len(body) > DOCUMENT_MOST:
                raise ValueError("it has no end")
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError("it is no object")  # noqa: TRY004 - what came is wrong, not our use of it
    return found
