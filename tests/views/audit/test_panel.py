"""The audit panel as operators use it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from app.console import Console
from tests.app.answers import AS_OF, ME
from tests.app.audit.fixtures import KEY, OTHER_KEY, FakeLog, entry
from tests.app.core.faulty_server import problem
from tests.views.office import Office, office, shown, turns, until
from tests.views.shell.test_accessibility import clipped, controls, name, path
from views.audit.dialogs import ExportDialog, ProofDialog, TrustDialog
from views.audit.panel import AuditPanel
from views.kit.theme import current

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
        "after": {"state": "pending", "details": {"roleId": "r", "roleName": "Risk manager"}},
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


@pytest.mark.parametrize(("width", "scale"), [(839, 1.0), (620, 1.0), (1240, 2.0)])
def test_the_system_is_named_and_what_happened_has_the_rest_of_the_room(
    aio: Any, tmp_path: Path, width: int, scale: float
) -> None:
    actors = ("system:worker", "system:sample-shop", "system:command-line")

    def delivered(position: int) -> dict[str, Any]:
        actor = actors[position % 3]
        more = {"resourceType": "ingest_batch", "resourceLabel": "24 downloads", "action": "shop.downloads.ingested"}
        return entry(position, 30, actor=actor, actorLabel=actor, before=None, after=None, **more)

    async def steps(_made: Office, panel: Shown) -> None:
        current().apply("dark", scale)
        await panel.refresh()
        panel.table.viewport().grab()  # columns that fit what they say know it once it was painted
        await turns(5)
        panel.table.viewport().grab()
        assert {panel.cell(row, 2) for row in range(3)} == {"The system", "Sample shop", "Command line"}
        panel.table.setCurrentIndex(panel.table.records.index(0, 0))
        await turns()
        assert panel.panel.details.by.text().startswith("by the system at ")
        shown = {
            panel.table._fitted[column, panel.table.records.texts(row)[column]][0]
            for row in range(3)
            for column in (2, 3)
        }
        assert shown == {"The system", "Sample shop", "Command line", "Delivery of 24 downloads received"}
        assert panel.table.horizontalHeader().length() <= panel.table.viewport().width()
        panel.table.setColumnWidth(3, 60)
        panel.table.viewport().grab()
        index = panel.table.records.index(0, 3)
        assert panel.table.hint(index) == "Delivery of 24 downloads received"

    journey(aio, tmp_path, FakeLog(30, delivered), steps, size=(width, 420))


def test_new_entries_come_on_top_or_wait_behind_a_pill(aio: Any, tmp_path: Path) -> None:
    async def steps(_made: Office, panel: Shown) -> None:
        assert [panel.cell(0, n) for n in range(3)] == ["1,000", "14:02:37", "TK"]
        assert panel.cell(0, 3) == "Role Support lead changed"
        log.total = 1_001
        await panel.refresh()
        assert panel.cell(0, 0) == "1,001"
        bar = panel.table.verticalScrollBar()
        bar.setValue(5_000)
        await until(lambda: panel.panel.log.entry(panel.table.rowAt(0)) is not None)
        row, value = panel.table.rowAt(0), bar.value()
        seen = panel.cell(row, 0)
        log.total = 1_013
        await panel.refresh()
        assert (panel.cell(panel.table.rowAt(0), 0), bar.value()) == (seen, value)
        assert (panel.panel.news.text(), panel.panel.news.isVisible()) == ("12 new", True)
        panel.panel.news.click()
        await turns()
        assert (panel.cell(0, 0), bar.value(), panel.panel.news.isVisible()) == ("1,013", 0, False)
        # At the top, but somebody is on a row: it stays where it is.
        panel.table.setCurrentIndex(panel.table.records.index(2, 0))
        panel.table.setFocus()
        log.total = 1_014
        await panel.refresh()
        assert panel.cell(2, 0) == "1,011"
        assert panel.panel.news.text() == "1 new"
        panel.panel.news.click()
        await turns()
        assert panel.table.currentIndex().row() == 3
        assert panel.panel.details.entry.position == 1_011

    log = FakeLog(1_000)
    journey(aio, tmp_path, log, steps)


def test_a_million_rows_scroll_with_few_requests_and_placeholders_never_block(aio: Any, tmp_path: Path) -> None:
    async def steps(_made: Office, panel: Shown) -> None:
        table, bar = panel.table, panel.table.verticalScrollBar()
        assert table.records.rowCount() == 1_000_000
        log.asked.clear()
        for number in range(200):
            bar.setValue(bar.maximum() * number // 200)
            table.viewport().grab()
            if number % 20 == 0:
                await asyncio.sleep(0)
        assert panel.cell(table.rowAt(0), 3) == "…"
        bar.setValue(bar.maximum())
        await until(lambda: panel.cell(999_999, 0) == "1", 10)
        assert len(log.asked) < 60
        log.total = 1_000_001
        await panel.refresh()
        panel.panel.news.click()
        assert panel.cell(0, 0) == "1,000,001"

    log = FakeLog(1_000_000)
    journey(aio, tmp_path, log, steps)


def test_the_line_stands_between_sealed_and_not_sealed(aio: Any, tmp_path: Path) -> None:
    async def steps(_made: Office, panel: Shown) -> None:
        await until(lambda: panel.panel.verification.sealed == 28)
        await turns()
        table = panel.table
        high = table.rowHeight(0)
        assert [table.rowHeight(row) > high for row in range(4)] == [False, False, True, False]
        log.sealed = 30
        await panel.refresh()
        await until(lambda: panel.panel.verification.sealed == 30)
        await turns()
        assert [table.rowHeight(row) for row in range(4)] == [high + table._strip(), high, high, high]

    log = FakeLog(30, sealed=28)
    journey(aio, tmp_path, log, steps)


def test_search_by_typing_by_range_and_by_links(aio: Any, tmp_path: Path) -> None:
    async def steps(_made: Office, panel: Shown) -> None:
        audit = panel.panel
        audit.table.setFocus()
        QTest.keyClick(audit.table, Qt.Key.Key_Slash)
        assert audit.search.hasFocus()
        QTest.keyClicks(audit.search, "who:jl")
        QTest.keyClick(audit.search, Qt.Key.Key_Return)
        assert "Understood are actor:" in audit.problem.words
        audit.search.selectAll()
        QTest.keyClicks(audit.search, "actor:jl")
        QTest.keyClick(audit.search, Qt.Key.Key_Return)
        assert audit.problem.words == ""
        await until(lambda: audit.log.complete)
        await turns()
        assert {panel.cell(row, 2) for row in range(audit.log.count)} == {"JL"}
        audit.ranges[1].click()
        await until(lambda: audit.log.complete)
        assert "from=" in log.asked[-1].path or "from=" in log.asked[-2].path
        audit.search.setFocus()
        QTest.keyClick(audit.search, Qt.Key.Key_Escape)
        await until(lambda: audit.log.search.everything and audit.log.entry(0) is not None)
        assert (audit.search.text(), audit.log.count) == ("", 90)
        audit.table.setCurrentIndex(audit.table.records.index(4, 0))
        await turns()
        audit.details.correlation.click()
        await until(lambda: audit.log.complete)
        await turns()
        assert audit.search.text() == 'correlation:"c28"'
        assert [panel.cell(row, 0) for row in range(3)] == ["86", "85", "84"]
        assert audit.details.entry.position == 86
        audit.look_for("nothing has this")
        await until(lambda: audit.log.complete)
        await turns()
        assert audit.state.text() == "No matches."

    log = varied(90)
    journey(aio, tmp_path, log, steps)


def test_arrows_and_enter_open_the_details(aio: Any, tmp_path: Path) -> None:
    async def steps(_made: Office, panel: Shown) -> None:
        audit = panel.panel
        audit.table.setFocus()
        audit.table.setCurrentIndex(audit.table.records.index(0, 0))
        QTest.keyClick(audit.table, Qt.Key.Key_Down)
        assert audit.details.title.text() == "Account Jana Lind confirmed with a second factor, version 7"
        assert audit.details.hidden.text() == "Nothing was changed by it."
        QTest.keyClick(audit.table, Qt.Key.Key_Down)
        assert audit.details.by.text() == "by the system at 2026-11-24 14:02:35 UTC, position 88"
        QTest.keyClick(audit.table, Qt.Key.Key_Down)
        assert audit.details.title.text() == "Asked for: Give Risk manager to Olga Lund, version 7"
        QTest.keyClick(audit.table, Qt.Key.Key_Down)
        QTest.keyClick(audit.table, Qt.Key.Key_Return)
        assert audit.details.hasFocus()
        said = audit.details.difference.accessibleDescription()
        assert said == "Permissions:; before Check orders (risk); after Submit requests (privacy)"
        assert audit.details.hidden.text() == "1 field and 1 permission unchanged are not shown."
        audit.details.show_all.click()
        assert "Manage tickets (support), unchanged" in audit.details.difference.accessibleDescription()
        assert QApplication.focusWidget() is not None
        index = audit.table.records.index(4, 2)
        assert audit.table.hint(index) == "Tariq Khan"

    journey(aio, tmp_path, varied(90), steps)


def test_without_the_permission_nothing_is_asked_until_it_is_there(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        log = FakeLog(30)
        async with office(tmp_path) as made:
            rest = made.answer
            made.server.answer = lambda asked: log.answer(asked) or rest(asked)
            panel = Shown(made.console)
            await turns(10)
            assert panel.panel.missing.isVisible()
            assert "View audit" in panel.panel.missing.text()
            panel.panel.look_for("x")
            panel.panel.look_for("")
            made.console.queries.invalidate("audit")
            await turns(10)
            assert log.asked == []
            assert [action.isEnabled() for action in panel.panel.menu()] == [False] * 6
            made.me = dict(VIEWER)
            await made.console.session.load_me()
            await until(lambda: panel.panel.log.entry(0) is not None)
            assert not panel.panel.missing.isVisible()
            assert panel.panel.note().text.startswith("30 entries, ")
            made.me = dict(ME)
            await made.console.session.load_me()
            asked = len(log.asked)
            made.console.queries.invalidate("audit")
            await turns(10)
            assert panel.panel.missing.isVisible()
            assert len(log.asked) == asked
            panel.close()
            await turns()

    aio(run())


def test_show_proof_says_what_was_checked(aio: Any, tmp_path: Path) -> None:
    async def steps(_made: Office, panel: Shown) -> None:
        audit = panel.panel
        await until(lambda: audit.verification.sealed == 88)
        audit.table.setCurrentIndex(audit.table.records.index(0, 0))
        await turns()
        assert not audit.proof.isEnabled()
        assert "not sealed yet" in audit.proof.toolTip()
        audit.table.setCurrentIndex(audit.table.records.index(4, 0))
        await turns()
        audit.proof.click()
        dialog = shown(ProofDialog)
        await until(dialog.path.isVisible)
        await turns(5)
        if folder := os.environ.get("AUDIT_PICTURES"):
            dialog.grab().save(str(Path(folder) / "proof.png"))
        assert "This entry is in the signed log." in dialog.findings.text()
        assert dialog.path.toPlainText().startswith("entry ")
        assert clipped(dialog) == []
        dialog.reject()

    log = varied(90)
    log.sealed = 88
    journey(aio, tmp_path, log, steps)


def test_a_rewritten_log_is_said_in_words_with_a_shape(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, panel: Shown) -> None:
        audit = panel.panel
        await until(lambda: audit.verification.sealed == 20)
        log.key, log.sealed = OTHER_KEY, 21
        await panel.refresh()
        await until(lambda: audit.verification.broken)
        await turns(5)
        picture(panel, "broken")
        assert "▲" in audit.seal.text()
        assert current().tokens.p1 in audit.seal.text()
        assert any("another key" in m.text and m.level == "error" for m in made.console.messages.history)
        audit.trust.click()
        dialog = shown(TrustDialog)
        QTest.keyClick(dialog, Qt.Key.Key_Return)
        await turns()
        assert audit.verification.broken
        audit.trust.click()
        shown(TrustDialog).submit()
        await until(lambda: audit.verification.seal.level == "good")
        assert made.console.settings.audit_vkeys[made.console.target.name] == log.vkey

    log = FakeLog(30, sealed=20, key=KEY)
    journey(aio, tmp_path, log, steps)


def test_export_asks_for_a_range_a_reason_a_file_and_a_second_factor(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, panel: Shown) -> None:
        audit = panel.panel
        await until(lambda: audit.verification.sealed == 25)
        audit.table.setCurrentIndex(audit.table.records.index(10, 0))
        await turns()
        audit.export.click()
        dialog = shown(ExportDialog)
        assert (dialog.first.text(), dialog.last.text()) == ("20", "20")
        for first, last, words in (("x", "20", "1 to 25"), ("1", "26", "1 to 25"), ("9", "8", "not behind")):
            dialog.first.setText(first)
            dialog.last.setText(last)
            dialog.submit()
            assert words in dialog.error
        dialog.first.setText("2")
        dialog.last.setText("19")
        dialog.submit()
        assert "Say in a few words why" in dialog.error
        dialog.words.setPlainText("asked for by the auditor")

        def choose(path: Path) -> None:
            dialog.submit()
            files = dialog.findChildren(QFileDialog)[-1]
            assert files.acceptMode() is QFileDialog.AcceptMode.AcceptSave
            files.fileSelected.emit(str(path))
            files.reject()

        target = tmp_path / "bundle.zip"
        needed = problem("step-up-needed", 401, "Confirm with your second factor.", **STEP_UP)
        log.refusals = [needed]
        choose(target)
        await until(lambda: bool(dialog.error))
        assert "second factor was not used" in dialog.error
        assert not target.exists()
        asked: list[Any] = []

        def confirm(question: Any) -> None:
            asked.append(question.title)
            question.answered.set_result(True)

        made.console.step_up.listening = True
        made.console.step_up.asked.connect(confirm)
        log.refusals = [needed]
        choose(tmp_path / "no" / "folder.zip")
        await until(lambda: "cannot be written" in dialog.error)
        assert asked == ["Export the audit log"]
        choose(target)
        await until(target.exists)
        await turns(5)
        assert target.read_bytes() == log.export
        assert not [w for w in QApplication.topLevelWidgets() if isinstance(w, ExportDialog) and w.isVisible()]
        sent = [asked for asked in log.asked if asked.path.endswith("/export")][-1]
        assert sent.body == b'{"first":2,"last":19,"reason":"asked for by the auditor"}'
        assert [p.name for p in tmp_path.glob("*.part")] == []

    log = FakeLog(30, sealed=25)
    journey(aio, tmp_path, log, steps)


def test_an_error_is_said_and_tried_again(aio: Any, tmp_path: Path) -> None:
    async def steps(_made: Office, panel: Shown) -> None:
        audit = panel.panel
        panel.table.verticalScrollBar().setValue(12_000)
        log.refusals = [problem("internal", 500, "It broke.")] * 2
        await until(lambda: audit.again.isVisible() and not audit.log.loading)
        assert audit.state.text() == "Not loaded: It broke."
        audit.again.click()
        await until(lambda: not audit.again.isVisible() and audit.log.entry(panel.table.rowAt(0)) is not None)

    log = FakeLog(1_000)
    journey(aio, tmp_path, log, steps)


def test_what_is_listed_can_be_had_as_csv(aio: Any, tmp_path: Path) -> None:
    async def steps(_made: Office, panel: Shown) -> None:
        lines = panel.panel.csv_text().splitlines()
        assert len(lines) == 31
        assert lines[0].startswith("Position,At,By")
        assert lines[1].startswith("30,2026-11-24 14:02:37 UTC,Tariq Khan,Role Support lead changed,rbac.role.changed")
        assert "'=1+1" in lines[1]
        panel.panel.copy_csv()
        assert QApplication.clipboard().text() == panel.panel.csv_text()

    log = FakeLog(30, lambda p: entry(p, 30, reason="=1+1"))
    journey(aio, tmp_path, log, steps)


def test_an_empty_log_says_so(aio: Any, tmp_path: Path) -> None:
    async def steps(_made: Office, panel: Shown) -> None:
        await panel.refresh()
        assert panel.panel.state.text() == "Nothing has been recorded yet."
        assert not panel.panel.export.isEnabled()

    journey(aio, tmp_path, FakeLog(0), steps)
