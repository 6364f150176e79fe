"""The script in the SDK's document runs as it stands, and without Qt."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import Api

DOCUMENT = Path(__file__).parents[3] / "docs" / "developers" / "sdk.md"


def test_the_script_of_the_document_reads_a_dashboard(api: Api) -> None:
    found = re.search(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    script = found[1] + "\nimport sys; assert not [m for m in sys.modules if m.startswith('PySide6')]\n"
    environment = os.environ | {"OPSCONSOLE_SERVER": api.base_url, "OPSCONSOLE_TOKEN": api.token("viewer")}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "EUR" in done.stdout
