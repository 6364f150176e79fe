"""A real browser without a window, driven by the DevTools protocol through a pipe: no driver, no package."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BEGIN = """
import os, sys
reading, writing = (os.dup(int(each)) for each in sys.argv[1:3])
os.dup2(reading, 3)
os.dup2(writing, 4)
os.set_inheritable(3, True)
os.set_inheritable(4, True)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""The browser reads from descriptor 3 and writes to 4."""


def found() -> str | None:
    """The browser's program; ``None`` where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Page:
    """One page of the browser."""

    def __init__(self, to: int, back: int) -> None:
        self._to, self._back, self._rest = to, back, b""
        self._number = 0
        self._session = ""
        self.requested: list[str] = []

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask the browser, and wait for its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            heard = self._read()
            if heard.get("method") == "Network.requestWillBeSent":
                self.requested.append(heard["params"]["request"]["url"])
            if heard.get("id") == self._number:
                assert "error" not in heard, heard
                result: dict[str, Any] = heard["result"]
                return result

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            piece = os.read(self._back, 65_536)
            assert piece, "the browser has ended"
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\0")
        heard: dict[str, Any] = json.loads(line)
        return heard

    def open(self, url: str, script: str = "") -> None:
        """Go there; ``script`` runs before anything of the page."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")
        self.call("Network.enable")
        if script:
            self.call("Page.addScriptToEvaluateOnNewDocument", source=script)
        self.call("Page.navigate", url=url)

    def evaluate(self, expression: str) -> Any:
        """What an expression is worth there."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def wait_for(self, expression: str) -> None:
        """Wait until it is true."""
        end = time.monotonic() + 20.0
        while not self.evaluate(expression):
            assert time.monotonic() < end, f"{expression}: {self.evaluate('document.body.innerText')}"

    def press(self, key: str, code: int, text: str = "") -> None:
        """Press a key of the keyboard."""
        common = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def tab(self) -> str:
        """Press Tab; the name or the text of what has the focus."""
        self.press("Tab", 9)
        return str(self.evaluate("document.activeElement.name || document.activeElement.textContent"))

    def space(self) -> None:
        """Press Space."""
        self.press(" ", 32, " ")


@contextmanager
def browsing(program: str, folder: Path) -> Iterator[Page]:
    """A browser with a profile of its own, as long as the block."""
    to_read, to = os.pipe()
    back, back_write = os.pipe()
    arguments = [
        program,
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--no-first-run",
        "--accept-lang=de",
        f"--user-data-dir={folder}",
        "--remote-debugging-pipe",
    ]

    begin = [sys.executable, "-c", BEGIN, str(to_read), str(back_write), *arguments]
    child = subprocess.Popen(
        begin, pass_fds=(to_read, back_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(to_read)
    os.close(back_write)
    try:
        yield Page(to, back)
    finally:
        child.terminate()
        child.wait(20)
        os.close(to)
        os.close(back)
