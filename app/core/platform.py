"""What differs between Linux, macOS and Windows on the console's side: starting our own server beside us."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path


def own_command(*arguments: str) -> list[str]:
    """The command line of this program itself, from source or as a one-folder build."""
    if getattr(sys, "frozen", False):
        return [sys.executable, *arguments]
    return [sys.executable, "-m", "app", *arguments]


def start_detached(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    """Start a program whose life does not depend on ours; its output goes to ``log``."""
    environment = dict(os.environ)
    if not getattr(sys, "frozen", False):
        # ``-m app`` must find our packages whatever folder we were started in.
        root = str(Path(__file__).resolve().parents[2])
        environment["PYTHONPATH"] = os.pathsep.join(p for p in (root, environment.get("PYTHONPATH", "")) if p)
    with log.open("ab") as output:
        if sys.platform == "win32":
            flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, creationflags=flags
            )
        else:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, start_new_session=True
            )
    # Somebody must take note of its end, or it stays a zombie for as long as we live.
    threading.Thread(target=process.wait, name="wait for the server", daemon=True).start()
    return process
