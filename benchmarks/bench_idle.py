"""P13: the idle console with every panel open on a live server: share of one core, and whether memory is flat."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.samples import desk_screen
from benchmarks.table import Result

SECONDS = float(os.environ.get("OPSCONSOLE_BENCH_IDLE_SECONDS", "60"))
WARM = 25.0


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _megabytes(pid: int) -> float:
    """Its own memory: libraries are shared with whatever else runs at that moment."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return 0.0


def run() -> list[Result]:
    """Percent of a core against one percent; megabytes at the end against the beginning. Linux only."""
    if not sys.platform.startswith("linux"):
        return []
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | desk_screen(Path(folder)) | {"OPSCONSOLE_PROFILE": f"{folder}/profile"}
        command = [sys.executable, "-m", "app", "demo", "--data-dir", f"{folder}/data"]
        console = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 90
            while not Path(folder, "data", "serve.json").exists() and time.monotonic() < deadline:
                time.sleep(0.2)
            time.sleep(WARM)
            before, memory = _cpu_seconds(console.pid), _megabytes(console.pid)
            time.sleep(SECONDS)
            share = (_cpu_seconds(console.pid) - before) / SECONDS * 100
            grown = _megabytes(console.pid)
        finally:
            console.terminate()
            console.wait(20)
            time.sleep(5)  # the server gives up three seconds later; the folder is removed after that
    return [
        Result(f"P13 idle console, {SECONDS:.0f} s", share, 1.0, "%", 1.0),
        Result("P13 memory at the end against the beginning", grown, memory, "MB", 1.02),
    ]
