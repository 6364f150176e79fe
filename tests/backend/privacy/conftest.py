"""An API that has keys of personal data."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.core.keys import new_signing_key
from backend.core.settings import Settings
from tests.backend.privacy.fixtures import KEYS, Desk
from tests.conftest import Api, _seed, serve_in_thread


@pytest.fixture
def desk(settings: Settings, owner_url: str, tmp_path: Path) -> Iterator[Desk]:
    (tmp_path / "audit.key").write_text(new_signing_key())
    given = {"privacy_key": Settings(privacy_key=KEYS).privacy_key, "audit_key_file": tmp_path / "audit.key"}  # type: ignore[arg-type]
    settings = settings.model_copy(update=given)
    asyncio.run(_seed(settings))
    base_url, stop = serve_in_thread(settings)
    yield Desk(Api(base_url, settings, owner_url, stop))
    stop()
