"""How the process that opens a window begins."""

from __future__ import annotations

import subprocess
import sys


def test_imports_stay_pythons_own() -> None:
    """PySide6's own one asks half imported modules of pydantic for attributes; then a start failed, seldom."""
    script = (
        "import builtins; own = builtins.__import__\n"
        "from app.__main__ import load_window; load_window()\n"
        "assert 'PySide6.QtWidgets' in __import__('sys').modules\n"
        "assert builtins.__import__ is own, builtins.__import__\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
