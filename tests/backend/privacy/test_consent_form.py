"""The form to embed in a real browser: given, withdrawn, by keyboard alone, with the signal not to be tracked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from tests.backend.privacy.browser import Page, browsing, found
from tests.backend.privacy.fixtures import Desk
from tests.backend.privacy.test_consent import OFFICER, POLICY, SHOP

PAGE = Path(__file__).parents[3] / "docs" / "developers" / "consent-form" / "consent-form.html"
GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
SAVED = "document.querySelector('[role=status]').textContent.startsWith('Saved.')"
DRAWN = "!document.querySelector('form').hidden"


class Shop(BaseHTTPRequestHandler):
    """The shop's own server: the page, and the two addresses it passes on, with who is signed in and its token."""

    desk: ClassVar[Desk]
    reached: ClassVar[bool] = True

    def do_GET(self) -> None:
        """The page, or what the form shows."""
        if not self.path.startswith("/consent/"):
            return self._answer(200, PAGE.read_bytes(), "text/html; charset=utf-8")
        api = self.desk.api
        path = f"{api.base_url}/api/privacy{self.path}"
        answer = httpx.get(path, headers=api.headers(SHOP), timeout=20)
        return self._answer(answer.status_code, answer.content)

    def do_POST(self) -> None:
        """What the form says."""
        if not self.reached:
            return self._answer(503, b"{}")
        body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        for each in body["consents"]:
            each["userId"] = "c-17"
        gpc = {"Sec_GPC": self.headers["Sec-GPC"]} if "Sec-GPC" in self.headers else {}
        answer = self.desk.send("POST", "/consent/form", body, SHOP, **gpc)
        return self._answer(answer.status_code, answer.content)

    def _answer(self, status: int, content: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: object) -> None:
        """Nothing: the test looks at what became of it."""


@pytest.fixture
def shop(desk: Desk) -> Iterator[str]:
    desk.done("POST", "/policies", POLICY, OFFICER)
    Shop.desk, Shop.reached = desk, True
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    program = found()
    if program is None:
        pytest.skip("no Chromium here: on Debian `apt-get install chromium` brings one")
    with browsing(program, tmp_path / "profile") as browser:
        yield browser


def held(desk: Desk) -> dict[str, str]:
    found = desk.done("POST", "/consent/state", {"userId": "c-17"}, SHOP)
    return {each["consentType"]: each["status"] for each in found}


def test_consent_is_given_and_withdrawn_by_keyboard_alone(desk: Desk, shop: str, page: Page) -> None:
    page.open(shop)
    page.wait_for(DRAWN)
    assert page.evaluate("document.querySelector('h1').textContent") == "Dürfen wir?"
    assert page.evaluate("document.querySelectorAll('input:checked').length") == 0  # nothing is ticked for anybody
    assert page.tab() == "marketing"
    page.space()
    assert [page.tab() for _ in range(3)] == ["tracking", "Privacy policy", "Save my choice"]
    page.space()
    page.wait_for(SAVED)
    assert held(desk) == {"marketing": "granted", "tracking": "revoked"}
    assert page.tab() == "Refuse everything"
    page.space()
    page.wait_for(f"{SAVED} && !document.querySelector('[name=marketing]').checked")
    while held(desk) != {"marketing": "revoked", "tracking": "revoked"}:
        page.evaluate("0")
    assert {url.split("/")[2] for url in page.requested} == {shop.split("/")[2]}  # nobody else is asked for anything


def test_a_browser_that_asks_not_to_be_tracked_is_not_asked_for_it(desk: Desk, shop: str, page: Page) -> None:
    page.open(shop, GPC)
    page.wait_for(DRAWN)
    assert page.evaluate("document.querySelector('[name=tracking]').disabled") is True
    page.tab()
    page.space()
    page.evaluate("document.querySelector('[type=submit]').focus()")
    page.space()
    page.wait_for(SAVED)
    assert held(desk) == {"marketing": "granted", "tracking": "revoked"}
    history = desk.done("POST", "/consent/lookup", {"userId": "c-17", "purpose": "test"}, OFFICER)["history"]
    assert {each["gpc"] for each in history} == {True}


def test_what_was_not_saved_says_so(desk: Desk, shop: str, page: Page) -> None:
    page.open(shop)
    page.wait_for(DRAWN)
    Shop.reached = False
    page.evaluate("document.querySelector('[type=submit]').click()")
    page.wait_for("document.querySelector('[role=status]').textContent.startsWith('Not saved.')")
    assert held(desk) == {}
