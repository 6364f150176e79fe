"""The first start, in a process of its own against the real API: welcome, sign-in, figures; then a storm of resizes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.conftest import Api

PASSWORD = "correct horse"
ALLOWED = "This plugin does not support propagateSizeHints()"

# Every step waits for what it needs, does it, and says so; the last one closes the window.
SCRIPT = """
import itertools, pathlib, sys
import keyring.backends.null
import keyring
keyring.set_keyring(keyring.backends.null.Keyring())
from PySide6.QtCore import QTimer, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from views.shell.run import run
import views.shell.application
apps = []
real = views.shell.application.ConsoleApplication.show
def show(self, *a):
    apps.append(self)
    real(self, 1200, 800)
views.shell.application.ConsoleApplication.show = show
def page(kind):
    app = apps[-1] if apps else None
    found = app.window.stack.currentWidget() if app else None
    return found if type(found).__name__ == kind and found.isEnabled() else None
def enter(field, text):
    field.setFocus()
    field.clear()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)
def welcome():
    if found := page("WelcomePage"):
        enter(found.address, "operations.example.com")
        assert "https://operations.example.com" in found.error, found.error
        assert found.address.property("wrong")
        enter(found.address, {server!r})
        return "address given"
def wrong_password():
    if found := page("SignInPage"):
        found.account.setText("jane")
        enter(found.password, "wrong horse")
        return "wrong password given"
def password():
    found = page("SignInPage")
    if found and found.error and found.password.isEnabled():
        assert found.account.text() == "jane"
        enter(found.password, {password!r})
        return "password given"
counted = []
def panel(known):
    return apps[-1].window.panels.panel(known)
def tile():
    return panel("dashboard.figures").tiles[5].figure
def figures():
    app = apps[-1]
    shown = app.console.figures
    if page("QWidget") and shown is not None and app.console.link.state == "up" and app.window.first is None:
        if tile() is not None and panel("dashboard.revenue").chart is not None:
            counted.append(tile().value)
            return f"figures {{tile().title}} {{tile().value}}"
turns_of_storm = itertools.count()
def storm():
    n = next(turns_of_storm)
    if n == 150:
        return "storm over"
    apps[-1].window.resize(640 + n * 37 % 1300, 480 + n * 53 % 700)
    apps[-1].console.queries.invalidate_all()
def is_calm():
    console, chart = apps[-1].console, panel("dashboard.revenue").chart
    return console.link.state, str(console.quality()), chart.redraws > 1, tile().value != counted[0]
def calm():
    # However quick the machine was: orders keep coming in, so that it is drawn and counted anew.
    if is_calm() == ("up", "fresh", True, True):
        return f"calm {{tile().value}}"
def close():
    apps[-1].window.close()
    return "closed"
steps = [welcome, wrong_password, password, figures, storm, calm, close]
application = QApplication([])
timer = QTimer(interval=15)
def turn():
    said = steps[0]()
    if said:
        print(said, flush=True)
        steps.pop(0)
        if not steps:
            timer.stop()
timer.timeout.connect(turn)
timer.start()
def give_up():
    more = is_calm() if steps[0] is calm else ""
    print("gave up at", steps[0].__name__, next(turns_of_storm), more, flush=True)
    apps[-1].window.close()
QTimer.singleShot(120000, give_up)
sys.exit(run(data_dir=pathlib.Path({folder!r})))
"""


def _land(api: Api, number: int) -> None:
    at = datetime.now(UTC) - timedelta(hours=30, seconds=number)
    order = {"id": f"o{number}", "placedAt": at.isoformat(), "currency": "EUR", "total": 100_000 + number}
    answer = httpx.post(
        f"{api.base_url}/api/ingest/orders", json={"rows": [order]}, headers=api.headers("pipeline"), timeout=30
    )
    assert answer.status_code == 200, answer.text


@pytest.fixture
def shop(api: Api) -> Iterator[Api]:
    """An API with an account of a person and seven orders; more come in once somebody has signed in."""
    api.add_person("jane", "Jane Doe", PASSWORD)
    for number in range(7):
        _land(api, number)
    ended = threading.Event()

    def trade() -> None:
        with psycopg.connect(api.owner_url, autocommit=True) as connection:
            while not ended.wait(0.1) and not connection.execute("select 1 from refresh_token").fetchone():
                pass
        number = 7
        while not ended.wait(0.02):
            _land(api, number)
            number += 1

    trader = threading.Thread(target=trade, daemon=True)
    trader.start()
    yield api
    ended.set()
    trader.join(10)


def test_from_the_first_start_to_figures_and_through_a_storm(tmp_path: Path, shop: Api) -> None:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "OPSCONSOLE_PROFILE": str(tmp_path / "profile")}
    script = SCRIPT.format(server=shop.base_url, password=PASSWORD, folder=str(tmp_path / "data"))
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=180, check=False
    )
    said = done.stdout.splitlines()
    assert said[:3] == ["address given", "wrong password given", "password given"], done.stderr
    assert len(said) == 7, (said[-1], done.stderr[-3000:])
    assert said[3].startswith("figures Orders, 7 d "), said
    before = int(said[3].split()[-1].replace(",", ""))
    assert said[4] == "storm over"
    after = int(said[5].removeprefix("calm ").replace(",", ""))
    assert 7 <= before < after
    assert said[6:] == ["closed"]
    assert [line for line in done.stderr.splitlines() if line.strip() and line != ALLOWED] == []
    assert done.returncode == 0
    # The next start goes straight to where this one was.
    assert '"server_url"' in (tmp_path / "profile" / "settings.json").read_text()
