"""The audit panel as operators use it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from app.console import Console
from tests.app.audit_log import FakeLog, entry
from tests.app.samples import AS_OF, ME
from tests.views.office import Office, office, turns, until
from tests.views.test_access import clipped, controls, name, path
from views.audit.panel import AuditPanel
from views.theme import current

VIEWER = ME | {"permissions": [*ME["permissions"], "operations.view_audit"]}
STEP_UP = {"www_authenticate": 'Bearer error="insufficient_user_authentication", max_age="300"'}


@pytest.fixture(autouse=True)
def _dark_again(qapp: QApplication) -> Iterator[None]:
    yield
    current().apply("dark", 1.0)


class Shown:
    """The panel in a window."""

    def __init__(self, console: Console, width: int = 900, height: int = 600) -> None:
        self.panel = AuditPanel(console)
        self.window = self.panel.widget
        self.window.resize(width, height)
        self.window.show()
        self.window.activateWindow()
        self.panel.set_visible(True)

    @property
    def table(self) -> Any:
        return self.panel.table

    def cell(self, row: int, column: int) -> str:
        return self.panel.table.records.texts(row)[column]

    async def refresh(self) -> None:
        await self.panel._query.refresh()
        await turns(5)

    def close(self) -> None:
        self.panel.set_visible(False)
        self.window.close()
        self.panel.deleteLater()
        self.window.deleteLater()


def journey(aio: Any, profile: Path, log: FakeLog, steps: Any, *, size: tuple[int, int] = (900, 600)) -> None:
    """Run steps with a log, an office and its panel, once the first rows are there."""

    async def run() -> None:
        async with office(profile, me=dict(VIEWER)) as made:
            rest = made.answer
            made.server.answer = lambda asked: log.answer(asked) or rest(asked)
            panel = Shown(made.console, *size)
            await until(lambda: log.total == 0 or panel.panel.log.entry(0) is not None)
            await turns(5)
            try:
                await steps(made, panel)
            finally:
                panel.close()
                await turns()

    aio(run())


def picture(panel: Shown, file: str) -> None:
    """For looking at, where a folder is named."""
    if folder := os.environ.get("AUDIT_PICTURES"):
        panel.window.grab().save(str(Path(folder) / f"{file}.png"))


VARIETY: tuple[dict[str, Any], ...] = (
    {},
    {
        "actor": "jl", "actorLabel": "Jana Lind", "action": "session.second_factor_used", "resourceType": "account",
        "resourceId": "jl", "resourceLabel": "Jana Lind", "before": None, "after": None, "reason": None,
    },
    {
        "actor": "system:worker", "actorLabel": None, "action": "alerts.alert.raised", "resourceType": "alert",
        "resourceId": "a1", "resourceLabel": "Downloads failing over limit", "before": None, "reason": None,
        "after": {"severity": "P2", "limit": 0.02, "raisedAt": AS_OF.isoformat(), "shelvedUntil": None},
    },
    {
        "actor": "av", "actorLabel": "Ada Voss", "action": "approvals.asked", "resourceType": "approval",
        "resourceId": "p1", "resourceLabel": "Give Risk manager to Olga Lund", "before": None,
        "after": {"title": "Give Risk manager to Olga Lund", "state": "pending", "details": {"roleId": "r"}},
    },
)  # fmt: skip


def varied(total: int) -> FakeLog:
    return FakeLog(total, lambda position: entry(position, total, **VARIETY[(total - position) % 4]))


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("size", [(760, 420), (1400, 700)])
def test_the_panel_is_whole_and_named(
    aio: Any, tmp_path: Path, theme: str, scale: float, size: tuple[int, int]
) -> None:
    async def steps(_made: Office, panel: Shown) -> None:
        current().apply(theme, scale)
        await panel.refresh()
        await until(lambda: panel.panel.verification.seal.level == "good")
        panel.table.setCurrentIndex(panel.table.records.index(4, 0))
        await turns(10)
        picture(panel, f"{theme}-{scale:.0f}-{size[0]}")
        assert clipped(panel.window) == []
        assert [path(w) for w in controls(panel.window) if not name(w)] == []

    log = varied(90)
    log.sealed, log.outside = 88, {"kind": "folder", "throughSize": 80, "problem": None}
    journey(aio, tmp_path, log, steps, size=size)
