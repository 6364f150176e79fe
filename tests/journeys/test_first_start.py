"""The first start, in a process of its own against the real API: welcome, sign-in, figures; then a storm of resizes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from psycopg.conninfo import make_conninfo

from backend.database import APPLICATION_ROLE, Database
from backend.session.accounts import set_account
from tests.conftest import Api

PASSWORD = "correct horse"
ALLOWED = "This plugin does not support propagateSizeHints()"

# Every step waits for what it needs, does it, and says so; the last one closes the window.
SCRIPT = """
import pathlib, sys
import keyring.backends.null
import keyring
keyring.set_keyring(keyring.backends.null.Keyring())
from PySide6.QtCore import QTimer, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from views.run import run
import views.desk
desks = []
real = views.desk.Desk.show
def show(self, *a):
    desks.append(self)
    real(self, 1200, 800)
views.desk.Desk.show = show
def page(kind):
    desk = desks[-1] if desks else None
    found = desk.window.stack.currentWidget() if desk else None
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
def figures():
    desk = desks[-1]
    shown = desk.console.figures
    if page("QWidget") and shown is not None and desk.console.link.state == "up" and desk.window.first is None:
        tile = desk.panels.figures.tiles[5]
        if tile.figure is not None and desk.panels.charts[0].chart is not None:
            return f"figures {{tile.figure.title}} {{tile.figure.value}}"
storm_turns = iter(range(150))
def storm():
    desk = desks[-1]
    n = next(storm_turns, None)
    if n is not None:
        desk.window.resize(640 + n * 37 % 1300, 480 + n * 53 % 700)
        desk.console.queries.invalidate("*")
        return None
    assert desk.console.link.state == "up" and str(desk.console.quality()) == "fresh"
    return f"storm over, {{desk.panels.charts[0].chart.redraws > 1}}"
def close():
    desks[-1].window.close()
    return "closed"
steps = [welcome, wrong_password, password, figures, storm, close]
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
    print("gave up at", steps[0].__name__, flush=True)
    desks[-1].window.close()
QTimer.singleShot(60000, give_up)
sys.exit(run(data_dir=pathlib.Path({folder!r})))
"""


@pytest.fixture
def shop(api: Api) -> Api:
    """An API with an account of a person and a few orders."""

    async def prepare() -> None:
        database = Database(make_conninfo(api.owner_url, user=APPLICATION_ROLE))
        await database.open()
        async with database.transaction() as tx:
            await set_account(tx, account="jane", name="Jane Doe", role="operations-lead", password=PASSWORD)
        await database.close()

    asyncio.run(prepare())
    at = datetime.now(UTC) - timedelta(hours=1)
    orders = [
        {"id": f"o{n}", "placedAt": (at - timedelta(minutes=n)).isoformat(), "currency": "EUR", "total": 1000 + n}
        for n in range(7)
    ]
    answer = httpx.post(f"{api.base_url}/api/ingest/orders", json={"rows": orders}, headers=api.headers("pipeline"))
    assert answer.status_code == 200, answer.text
    return api


def test_from_the_first_start_to_figures_and_through_a_storm(tmp_path: Path, shop: Api) -> None:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "OPSCONSOLE_PROFILE": str(tmp_path / "profile")}
    script = SCRIPT.format(server=shop.base_url, password=PASSWORD, folder=str(tmp_path / "data"))
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=90, check=False
    )
    said = done.stdout.splitlines()
    assert said == [
        "address given",
        "wrong password given",
        "password given",
        "figures Orders, 7 d 7",
        "storm over, True",
        "closed",
    ], done.stderr
    assert [line for line in done.stderr.splitlines() if line.strip() and line != ALLOWED] == []
    assert done.returncode == 0
    # The next start goes straight to where this one was.
    assert '"server_url"' in (tmp_path / "profile" / "settings.json").read_text()
