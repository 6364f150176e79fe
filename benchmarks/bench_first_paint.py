"""P7: first window painted from the snapshot with the server away, whole process, against a bare empty window."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.samples import desk_screen, keep_snapshot
from benchmarks.table import Result

RUNS = 9
SERVER = "http://127.0.0.1:1"

FLOOR = """
import sys
from PySide6.QtWidgets import QApplication, QWidget
from PySide6.QtCore import QTimer
application = QApplication([])
window = QWidget(); window.resize(1440, 900); window.show()
QTimer.singleShot(0, application.quit)
application.exec()
"""

# The real console, ended from inside the first paint of what is asked for.
CONSOLE = """
import os, pathlib, sys
from app.__main__ import load_window
run = load_window()
WHAT = {what!r}
def done():
    sys.stdout.flush(); os._exit(0)
if WHAT == "figures":
    from views.kit.widgets.figure import FigureTile
    paint = FigureTile.paintEvent
    def painted(self, event):
        paint(self, event)
        if self.figure is not None and self.figure.name == "community.showcases":
            done()
    FigureTile.paintEvent = painted
else:
    import importlib
    real = importlib.import_module
    from views.dashboard import chart_panels
    make = chart_panels.ChartPanel._chart
    drawn = set()
    def charted(self):
        chart = make(self)
        if not hasattr(chart, "_timed"):
            chart._timed = True
            draw = chart._redraw
            def redraw():
                draw(); drawn.add(self.title)
                if len(drawn) == 4: done()
            chart._timer.timeout.disconnect(); chart._timer.timeout.connect(redraw)
        return chart
    chart_panels.ChartPanel._chart = charted
run(server={server!r}, data_dir=pathlib.Path({folder!r}))
"""


def _seconds(script: str, profile: Path) -> float:
    environment = os.environ | desk_screen(profile) | {"OPSCONSOLE_PROFILE": str(profile)}
    # An installed program has its bytecode on disk; without it every start compiles our modules and no others.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(profile / "bytecode")
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", script], env=environment, check=True, timeout=60, capture_output=True)
    return (time.perf_counter() - begun) * 1000


def run() -> list[Result]:
    """Interleaved runs, medians; milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder)
        keep_snapshot(profile, SERVER)
        scripts = {"floor": FLOOR} | {
            what: CONSOLE.format(what=what, server=SERVER, folder=folder) for what in ("figures", "charts")
        }
        times: dict[str, list[float]] = {name: [] for name in scripts}
        for turn in range(RUNS + 1):
            for name, script in scripts.items():
                seconds = _seconds(script, profile)
                if turn:  # the first turn warms the disk and writes the bytecode
                    times[name].append(seconds)
    median = {name: statistics.median(found) for name, found in times.items()}
    return [
        Result("P7 first paint, figures readable", median["figures"], median["floor"], "ms", 2.5),
        Result("P7 first paint, charts drawn", median["charts"], median["floor"], "ms", 7.0),
    ]
