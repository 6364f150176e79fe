"""What every test of widgets needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from views.garbage import Garbage


@pytest.fixture(scope="session", autouse=True)
def _garbage(qapp: QApplication) -> Iterator[None]:
    """As in the console: what tests leave behind is collected in the thread of the widgets."""
    garbage = Garbage(qapp)
    yield
    garbage.close()
