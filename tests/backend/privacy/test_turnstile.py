"""A form that must be filled in by a person: without a clear yes nothing is recorded."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr

from backend.core.settings import Settings
from backend.integrations import turnstile
from tests.backend.privacy.fixtures import Desk, rows

# Cloudflare's own for tests: always passes, always fails, token already spent.
PASSES = "1x0000000000000000000000000000000AA"
FAILS = "2x0000000000000000000000000000000AA"
SPENT = "3x0000000000000000000000000000000AA"
FORM = {"consents": [{"userId": "c-17", "consentType": "marketing", "status": "granted"}]}
TOKEN = {"turnstileToken": "XXXX.DUMMY.TOKEN.XXXX"}
SHOP = "storefront"


class Cloudflare(BaseHTTPRequestHandler):
    """Answers as siteverify does to its dummy secrets."""

    raw: ClassVar[bytes | None] = None
    asked: ClassVar[list[dict[str, list[str]]]] = []

    def do_POST(self) -> None:
        """One look at a token."""
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.asked.append(form)
        errors = {PASSES: [], FAILS: ["invalid-input-response"], SPENT: ["timeout-or-duplicate"]}
        codes = errors.get(form["secret"][0], ["invalid-input-secret"])
        content = (
            self.raw if self.raw is not None else json.dumps({"success": not codes, "error-codes": codes}).encode()
        )
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: object) -> None:
        """Nothing."""


@pytest.fixture
def cloudflare(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Cloudflare]]:
    Cloudflare.raw, Cloudflare.asked = None, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Cloudflare)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    kind = turnstile.Turnstile
    url = f"http://127.0.0.1:{server.server_address[1]}/siteverify"
    monkeypatch.setattr("backend.integrations.Turnstile", lambda secret: kind(secret, url))
    yield Cloudflare
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def secret() -> str:
    return PASSES


@pytest.fixture
def settings(settings: Settings, cloudflare: type[Cloudflare], secret: str) -> Settings:
    return settings.model_copy(update={"turnstile_secret": SecretStr(secret)})


def recorded(desk: Desk) -> Any:
    return rows(desk.api.owner_url, "select count(*) from consent")[0][0]


def test_a_form_that_passed_is_recorded(desk: Desk, cloudflare: type[Cloudflare]) -> None:
    desk.done("POST", "/consent/form", FORM | TOKEN, SHOP)
    assert recorded(desk) == 1
    assert cloudflare.asked == [{"secret": [PASSES], "response": [TOKEN["turnstileToken"]]}]
    assert desk.done("POST", "/consent", FORM["consents"][0], SHOP)  # what the shop itself says is no form


@pytest.mark.parametrize("secret", [FAILS, SPENT])
def test_a_form_that_did_not_pass_is_not(desk: Desk) -> None:
    for body in (FORM | TOKEN, FORM, FORM | {"turnstileToken": ""}):
        answer = desk.send("POST", "/consent/form", body, SHOP)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/turnstileToken")
    assert recorded(desk) == 0


@pytest.mark.expects_errors("Turnstile refuses to tell")
@pytest.mark.parametrize("secret", ["x" * 20])
def test_a_wrong_secret_is_our_fault_and_lets_nobody_through(desk: Desk) -> None:
    answer = desk.send("POST", "/consent/form", FORM | TOKEN, SHOP)
    assert answer.status_code == 503
    assert "OPSCONSOLE_TURNSTILE_SECRET" in answer.json()["detail"]
    assert recorded(desk) == 0


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"success": "true"}', b'{"success": null}', b'{"success": 1}'])
def test_an_answer_that_makes_no_sense_lets_nobody_through(
    desk: Desk, cloudflare: type[Cloudflare], raw: bytes
) -> None:
    cloudflare.raw = raw
    assert desk.send("POST", "/consent/form", FORM | TOKEN, SHOP).status_code in {422, 503}
    assert recorded(desk) == 0
