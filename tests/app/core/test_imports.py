"""The engine knows no Qt, and what is needed before the first paint is light."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

APP = Path(__file__).parents[3] / "app"


def _loaded(statement: str, *, whole: bool = False) -> set[str]:
    """Packages that are loaded after a statement, or the whole names of modules."""
    name = "m" if whole else "m.partition('.')[0]"
    script = f"import sys\n{statement}\nprint(' '.join(sorted({{{name} for m in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


def test_no_module_of_the_engine_imports_qt_or_the_server() -> None:
    modules = [f"app.{path.stem}" for path in APP.glob("*.py") if not path.stem.startswith("__")]
    loaded = _loaded("import " + ", ".join(modules))
    assert not loaded & {"PySide6", "PySide6QtAds", "qasync", "pyqtgraph", "backend", "views"}


def test_the_last_picture_is_read_with_the_standard_library(tmp_path: Path) -> None:
    loaded = _loaded(
        "import pathlib, app.console\n"
        "from app.core.snapshot import read_first\n"
        f"assert read_first(pathlib.Path({str(tmp_path / 'none.db')!r})) is None"
    )
    assert not loaded & {"pydantic", "httpx", "sqlite_utils", "keyring", "numpy"}


def test_the_window_is_painted_without_the_heavy_packages() -> None:
    loaded = _loaded("import views.shell.application, views.shell.run")
    assert not loaded & {"pydantic", "httpx", "sqlite_utils", "keyring", "numpy", "pyqtgraph"}
