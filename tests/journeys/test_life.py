"""A console's whole life in a process of its own: it ends with 0 and without a word, whatever is going on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.settings import Settings, SettingsFile
from views.shell.wall.view import page_specs
from views.shell.window.arrangement import BUILT_IN
from views.shell.window.layouts import LayoutStore, Workspace, Workspaces

ALLOWED = "This plugin does not support propagateSizeHints()"

SCRIPT = """
import sys, pathlib
from PySide6.QtCore import QTimer
import views.shell.application
real = views.shell.application.ConsoleApplication.show
def show(self, *a):
    real(self, 1200, 800)
    PLAN(self)
views.shell.application.ConsoleApplication.show = show
{plan}
from views.shell.run import run
sys.exit(run(server={server!r}, data_dir=pathlib.Path({folder!r})))
"""

CLOSE = "def PLAN(app): QTimer.singleShot({after}, app.window.close)"
STAY = "def PLAN(app): print('shown', flush=True)"
STORM = """
def PLAN(app):
    window, turns = app.window, iter(range(200))
    timer = QTimer(window, interval=5)
    def step():
        n = next(turns, None)
        if n is None:
            timer.stop()
            print(window.width(), window.isVisible(), flush=True)
            window.close()
        else:
            window.resize(640 + n * 37 % 1300, 480 + n * 53 % 700)
            app.console.queries.invalidate_all()
    timer.timeout.connect(step)
    timer.start()
"""


def _start(tmp_path: Path, server: str, plan: str) -> subprocess.Popen[str]:
    return _run(tmp_path, SCRIPT.format(plan=plan, server=server, folder=str(tmp_path / "data")))


def _run(tmp_path: Path, script: str) -> subprocess.Popen[str]:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "OPSCONSOLE_PROFILE": str(tmp_path / "profile")}
    return subprocess.Popen(
        [sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _ended(process: subprocess.Popen[str], seconds: float = 40) -> str:
    out, err = process.communicate(timeout=seconds)
    assert process.returncode == 0, err
    assert [line for line in err.splitlines() if line.strip() and line != ALLOWED] == []
    return out


@pytest.fixture
def hanging() -> Iterator[str]:
    """A server that takes every request and never answers."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    held: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                held.append(listener.accept()[0])
            except OSError:
                return

    threading.Thread(target=accept, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()
    for connection in held:
        connection.close()


PICTURES = """
import pathlib, sys
import views.shell.screenshots
from app.core.query import Queries
views.shell.screenshots.SETTLED = 0.05
Queries.all_answered = True
from views.shell.run import run
sys.exit(run(server="http://127.0.0.1:1", data_dir=pathlib.Path({folder!r}), screenshots=pathlib.Path({pictures!r})))
"""


def test_drawing_pictures_changes_nothing_in_the_profile_and_says_the_files_only(tmp_path: Path) -> None:
    profile, pictures = tmp_path / "profile", tmp_path / "pictures"
    workspaces = Workspaces()
    own = Workspace("evening", "Evening")
    LayoutStore(profile / "layouts.json").save(replace(workspaces, items=(*workspaces.items, own), active="evening"))
    SettingsFile(profile).save(Settings(theme="light", font_scale=1.15))
    before = {path.name: path.read_bytes() for path in profile.iterdir()}
    script = PICTURES.format(folder=str(tmp_path / "data"), pictures=str(pictures))
    out, err = _run(tmp_path, script).communicate(timeout=120)
    assert err == ""
    names = {f"{item}-{look}.png" for item in (*BUILT_IN, "evening") for look in ("dark", "light", "dark-1440")}
    # Without a server, nothing is known that these two would show.
    names |= {f"wall-{page.id}-dark.png" for page in page_specs() if page.id not in {"incidents", "oncall"}}
    assert set(out.splitlines()) == {str(pictures / name) for name in names}
    assert {path.name: path.read_bytes() for path in profile.iterdir()} == before


def test_with_the_server_down_it_opens_and_closes(tmp_path: Path) -> None:
    _ended(_start(tmp_path, "http://127.0.0.1:1", CLOSE.format(after=600)))


def test_closed_while_requests_run_it_ends_at_once(tmp_path: Path, hanging: str) -> None:
    process = _start(tmp_path, hanging, CLOSE.format(after=900))
    begun = time.monotonic()
    _ended(process)
    assert time.monotonic() - begun < 20


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM for windows")
def test_told_to_stop_it_stops(tmp_path: Path, hanging: str) -> None:
    process = _start(tmp_path, hanging, STAY)
    assert process.stdout is not None
    assert process.stdout.readline() == "shown\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    _ended(process)


def test_a_resize_storm_while_requests_fail_leaves_the_window_usable(tmp_path: Path) -> None:
    out = _ended(_start(tmp_path, "http://127.0.0.1:1", STORM))
    assert out.split()[-1] == "True"
