"""Put this repository with the example capability in it into a folder: ``python scripts/example.py build/example``.

The example is ``docs/developers/example``; ``docs/developers/adding.md`` walks through it. ``make check`` looks at its
types there, and ``tests/test_example.py`` runs it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "docs" / "developers" / "example"

SHARED = (
    ("models/core/topics.py", "    # --- oncall\n", '    # --- notes\n    NOTES = "notes"\n\n'),
    ("backend/capabilities.py", "from backend.oncall", "from backend.notes.capability import CAPABILITY as NOTES\n"),
    ("backend/capabilities.py", "    ONCALL,\n", "    NOTES,\n"),
    ("app/capabilities.py", "from app.oncall", "from app.notes import capability as notes\n"),
    ("app/capabilities.py", "    oncall.CAPABILITY,\n", "    notes.CAPABILITY,\n"),
    ("views/capabilities.py", "from views.oncall", "from views.notes import capability as notes\n"),
    ("views/capabilities.py", "    oncall.CAPABILITY,\n", "    notes.CAPABILITY,\n"),
)
"""File, where in it, and what is put in before: all that changes outside the folders of the capability."""


def files() -> list[str]:
    """What git keeps of this repository, and what it would: with what lies in the work tree."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return [name for name in names if name and (ROOT / name).is_file()]


def copy(target: Path) -> None:
    """The repository as it lies in the work tree. What was there before is gone."""
    shutil.rmtree(target, ignore_errors=True)
    for name in files():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)  # with its time: mypy looks only at what is new


def add(target: Path) -> None:
    """Put the example into a copy."""
    shutil.copytree(EXAMPLE, target, dirs_exist_ok=True)
    for name, before, lines in SHARED:
        file = target / name
        head, found, tail = file.read_text(encoding="utf-8").partition(before)
        if not found:
            raise SystemExit(f"{name} has no {before.strip()!r}: say in scripts/example.py where the line goes now")
        file.write_text(head + lines + found + tail, encoding="utf-8")


if __name__ == "__main__":
    folder = Path(sys.argv[1]).resolve()
    copy(folder)
    add(folder)
