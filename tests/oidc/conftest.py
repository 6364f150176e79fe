"""The npm package oidc-provider, started on loopback, and somebody who uses its pages in place of a browser."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import queue
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.core.browser_sign_in import trusted

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build"
OFFLINE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH")


@lru_cache
def a_key(name: str) -> rsa.RSAPrivateKey:
    """Made once: providers may share one, their issuers differ."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Provider:
    """A running provider, and the key it signs with: tests forge with it what it would never sign."""

    audience = client_id = "opsconsole"

    def __init__(self, node: str, folder: Path) -> None:
        self._process = subprocess.Popen(
            [node, "provider.mjs"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._said: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self.sign_with("one")

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.put(line.decode().strip())
        self._said.put("")

    def sign_with(self, kid: str) -> None:
        """Make it publish a new key, and only that."""
        self.kid, self.key = kid, a_key(kid)
        private = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key))
        del private["key_ops"]  # it would be for signing alone, and the provider checks its own ID tokens too
        line = json.dumps({"keys": [private | {"kid": kid, "use": "sig", "alg": "RS256"}]})
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()
        word, _, self.issuer = self._said.get(timeout=20).partition(" ")
        assert word == "ready", "the provider did not start"

    def stop(self) -> None:
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            self._process.wait(10)
        finally:
            self._process.kill()
            if self._process.stdout is not None:
                self._process.stdout.close()

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Those of an access token of this provider; ``None`` leaves one out."""
        now = int(time.time())
        standard = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": "ada",
            "name": "Ada",
            "iat": now,
            "exp": now + 300,
            "scope": "operations.*",
        }
        return {name: value for name, value in (standard | changed).items() if value is not None}

    def forge(self, key: Any = None, kid: str | None = None, **changed: Any) -> str:
        """A token with these claims, by the provider's key unless another is given."""
        header = {"kid": kid or self.kid, "typ": "at+jwt"}
        return jwt.encode(self.claims(**changed), key or self.key, algorithm="RS256", headers=header)

    def forge_with_public_key(self) -> str:
        """A token whose HMAC is made with the public key as the secret."""
        secret = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        parts = [{"alg": "HS256", "typ": "JWT", "kid": self.kid}, self.claims()]
        head = b".".join(_base64(json.dumps(part).encode()) for part in parts)
        return (head + b"." + _base64(hmac.digest(secret, head, hashlib.sha256))).decode()

    def forge_unsigned(self) -> str:
        return jwt.encode(self.claims(), None, algorithm="none", headers={"kid": self.kid})


def _base64(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


class Browser:
    """Somebody with a browser: opens what it is told to, fills the login form, comes back to loopback.

    ``form`` is what is typed when the provider asks. ``ask`` may change the query it is sent off with, ``back`` the
    address it comes back to.
    """

    def __init__(self, **form: str) -> None:
        self.form = form
        self.ask: Callable[[dict[str, str]], dict[str, str]] = lambda query: query
        self.back: Callable[[str], str] = lambda address: address
        self.asked: list[dict[str, str]] = []
        """The query of every address that was opened."""
        self.logins = 0
        self.page = ""
        """The last page that was shown."""
        self.status = 0
        self._http = httpx.AsyncClient(timeout=10, verify=trusted())
        self._visits: list[asyncio.Task[None]] = []

    def __call__(self, address: str) -> None:
        parts = urlsplit(address)
        query = dict(parse_qsl(parts.query))
        self.asked.append(query)
        address = urlunsplit(parts._replace(query=urlencode(self.ask(query))))
        self._visits.append(asyncio.get_running_loop().create_task(self._visit(address)))

    async def _visit(self, address: str) -> None:
        answer = await self._http.get(address)
        for _ in range(12):
            if answer.has_redirect_location:
                there = str(answer.url.join(answer.headers["location"]))
                answer = await self._http.get(self.back(there) if "/signed-in" in there else there)
            elif "Who are you?" in answer.text:
                self.logins += 1
                answer = await self._http.post(answer.url, data=self.form)
            elif 'id="op.logoutForm"' in answer.text:
                field = re.search(r'action="([^"]+)".*name="xsrf" value="([^"]+)"', answer.text)
                assert field is not None
                answer = await self._http.post(field[1], data={"xsrf": field[2], "logout": "yes"})
            else:
                break
        self.page, self.status = answer.text, answer.status_code

    async def done(self) -> None:
        """Wait until every page has loaded."""
        await asyncio.gather(*self._visits)

    async def close(self) -> None:
        await self.done()
        await self._http.aclose()


def _installed() -> tuple[str, Path]:
    """node, and a folder that holds the locked packages. Skips where there is no network to fetch them."""
    node, npm = shutil.which("node"), shutil.which("npm")
    assert node is not None
    assert npm is not None
    if (HERE / "node_modules").is_dir():
        return node, HERE
    content = {name: (HERE / name).read_bytes() for name in ("package.json", "package-lock.json", "provider.mjs")}
    ready = BUILD / f"oidc-{hashlib.sha256(b''.join(content.values())).hexdigest()[:16]}"
    if not ready.is_dir():
        BUILD.mkdir(exist_ok=True)
        # Made aside and renamed whole: workers of a parallel run may all be here at once, and any may be interrupted.
        making = Path(tempfile.mkdtemp(prefix="oidc-making-", dir=BUILD))
        try:
            for name, text in content.items():
                (making / name).write_bytes(text)
            _install(npm, making)
            try:
                making.rename(ready)
            except OSError:
                assert ready.is_dir()  # another was quicker
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return node, ready


def _install(npm: str, folder: Path) -> None:
    command = [
        npm,
        "ci",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--fetch-retries=1",
        "--fetch-retry-mintimeout=1000",
    ]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not fetch oidc-provider within two minutes")
    if done.returncode != 0:
        words = done.stderr.strip()
        if any(code in words for code in OFFLINE):
            pytest.skip("npm cannot reach its registry: sign-in is not tested against a real OIDC provider")
        pytest.fail(f"npm ci of tests/oidc failed: {words[-800:]}", pytrace=False)


@pytest.fixture(scope="session")
def start_provider() -> Iterator[Callable[[], Provider]]:
    """Starts a provider of one's own, to be turned or stopped; all end with the session."""
    started: list[Provider] = []
    node, folder = _installed()

    def start() -> Provider:
        started.append(Provider(node, folder))
        return started[-1]

    yield start
    for provider in started:
        provider.stop()


@pytest.fixture(scope="session")
def provider(start_provider: Callable[[], Provider]) -> Provider:
    """The provider most tests share."""
    return start_provider()
