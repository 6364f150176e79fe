"""An API with a key, so that events can be held."""

from __future__ import annotations

import pytest

from backend.core.keys import Key
from backend.core.settings import Settings
from tests.backend.analytics.fixtures import Planner
from tests.conftest import Api


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(database_url=database_url, token_key="k" * 40, environment="Test", connection_key=Key.make())


@pytest.fixture
def planner(api: Api) -> Planner:
    return Planner(api)
