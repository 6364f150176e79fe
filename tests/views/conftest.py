"""What every test of widgets needs."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def _widgets(garbage: None) -> None:
    """Widgets die in their own thread."""
