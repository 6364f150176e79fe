"""What several test modules of the backend share."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.settings import Settings
from tests.backend.sealed_log import Log


@pytest.fixture
def log(settings: Settings, owner_url: str, tmp_path: Path) -> Log:
    """An audit log with a key, and a folder for its checkpoints."""
    return Log(settings, owner_url, tmp_path)
