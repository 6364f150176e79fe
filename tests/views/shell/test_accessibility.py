"""Everything can be reached with the keyboard, has a name, and is whole at twice the font."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QScrollArea,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.alerts.domain import Alerts
from models.accounts import SampleAccess, SampleAccount
from models.core.permissions import BUILT_IN_ROLES
from tests.views.office import alert, app_of, office, rule, turns
from views.alerts.dialogs import AcknowledgeDialog, ShelveDialog
from views.alerts.rules_dialog import RulesDialog
from views.kit.theme import current
from views.shell.pages.sign_in import SignInPage
from views.shell.pages.starting import StartingPage
from views.shell.pages.welcome import WelcomePage
from views.shell.window.rail import RailItem

SIZES = [(1440, 900), (1920, 1080)]


@pytest.fixture(autouse=True)
def _dark_again(qapp: QApplication) -> Iterator[None]:
    yield
    current().apply("dark", 1.0)


def controls(root: QWidget) -> list[QWidget]:
    """What Tab should reach."""
    found = [
        w
        for w in root.findChildren(QWidget)
        if w.isVisible() and w.isEnabled() and w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.focusProxy() is None
    ]
    # A combo box that can be typed into, or a spin box, has the keyboard itself: its field is a part of it.
    return [w for w in found if not isinstance(w.parent(), QAbstractSpinBox | QComboBox)]


def name(widget: QWidget) -> str:
    """What a screen reader says."""
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    return widget.accessibleName() or text


def path(widget: QWidget) -> str:
    """Where it is, for messages."""
    parts, at = [], widget
    while at is not None:
        parts.append(type(at).__name__)
        at = at.parentWidget()
    return f"{name(widget)!r} {'<'.join(parts[:5])}"


def clipped(root: QWidget) -> list[str]:
    """Texts that have less room than they need, unless they can be scrolled to or are meant to be shortened."""
    short = []
    for widget in root.findChildren(QWidget):
        if not widget.isVisible() or not isinstance(widget, QAbstractButton | QLabel | QLineEdit | QAbstractSpinBox):
            continue
        need = widget.minimumSizeHint()
        if isinstance(widget, QLabel) and widget.wordWrap():
            need.setWidth(0)
            need.setHeight(widget.heightForWidth(widget.width()))
        if widget.width() < need.width() - 1 or widget.height() < need.height() - 1:
            short.append(f"{path(widget)} has {widget.width()}x{widget.height()}, needs {need.width()}x{need.height()}")
        short += outside(widget, root)
    return short


def outside(widget: QWidget, root: QWidget) -> list[str]:
    """Whether a part of it lies outside what holds it, where nothing scrolls."""
    at = widget
    box = widget.rect()
    while at is not root and (above := at.parentWidget()) is not None:
        if isinstance(above.parentWidget(), QScrollArea | QAbstractScrollArea):
            return []
        box.translate(at.pos())
        if not above.rect().adjusted(-1, -1, 1, 1).contains(box):
            return [f"{path(widget)} {box} lies outside {type(above).__name__} {above.rect()}"]
        at = above
    return []


def tab_round(window: QWidget, first: QWidget) -> list[QWidget]:
    """What has the keyboard one after the other when Tab is pressed, until it is where it began."""
    first.setFocus(Qt.FocusReason.TabFocusReason)
    seen: list[QWidget] = []
    for _ in range(400):
        at = QApplication.focusWidget()
        assert at is not None
        if at in seen:
            return seen
        seen.append(at)
        QTest.keyClick(at, Qt.Key.Key_Tab)
    raise AssertionError("Tab does not come round")


def test_every_control_of_the_window_has_a_name_and_tab_reaches_it_in_order(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with office(tmp_path, alerts=[alert(1), alert(2, severity="P1")]) as made, app_of(made) as app:
            window = app.window
            wanted = controls(window)
            assert [path(w) for w in wanted if not name(w)] == []
            reached = tab_round(window, app.window.strip.live)
            assert [path(w) for w in wanted if w not in reached] == []
            regions = (window.strip, window.rail, window.stack, window.message_bar)
            order = [next(n for n, r in enumerate(regions) if r.isAncestorOf(w)) for w in reached]
            begin = order.index(0)
            assert order[begin:] + order[:begin] == sorted(order)

    aio(run())


def test_f6_goes_through_the_docks_and_back(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with office(tmp_path, alerts=[alert()]) as made, app_of(made) as app:
            app.window.strip.live.setFocus()

            def step(shift: bool) -> str:
                modifier = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
                focus = QApplication.focusWidget()
                assert focus is not None
                QTest.keyClick(focus, Qt.Key.Key_F6, modifier)
                at = QApplication.focusWidget()
                assert at is not None
                panels = {i: p for i in app.window.panels.specs if (p := app.window.panels.made(i)) is not None}
                return next(i for i, p in panels.items() if p.widget is at or p.widget.isAncestorOf(at))

            forward = [step(shift=False) for _ in range(7)]
            assert forward == [
                "dashboard.figures",
                "dashboard.revenue",
                "dashboard.orders",
                "dashboard.downloads",
                "dashboard.community",
                "alerts",
                "sources",
            ]
            assert [step(shift=True) for _ in range(6)] == forward[-2::-1]

    aio(run())


@pytest.mark.parametrize("size", SIZES)
def test_the_window_is_whole_at_twice_the_font(aio: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    async def run() -> None:
        alerts = [alert(1), alert(2, severity="P1", guidance="")]
        async with office(tmp_path, alerts=alerts) as made, app_of(made, *size, scale=2.0) as app:
            assert clipped(app.window) == []
            made.server.answer = lambda _: None
            made.console.link.mark_down("The server cannot be reached.")
            await turns(5)
            assert clipped(app.window) == []

    aio(run())


@pytest.mark.parametrize(("size", "scale"), [((1024, 700), 1.0), ((1440, 900), 1.0), ((1920, 1080), 2.0)])
def test_the_rail_holds_nine_workspaces_without_scrolling(
    aio: Any, tmp_path: Path, size: tuple[int, int], scale: float
) -> None:
    async def run() -> None:
        async with office(tmp_path) as made, app_of(made, *size, scale=scale) as app:
            while len(app.window.workspaces.items) < 9:
                app.window.save_workspace_as(f"Mine {len(app.window.workspaces.items)}")
            await turns(5)
            rail = app.window.rail
            for item in rail.findChildren(RailItem):
                if item.isVisible():
                    assert item.visibleRegion().boundingRect().size() == item.size(), item.text()

    aio(run())


SAMPLE = SampleAccess(
    accounts=tuple(SampleAccount(id=role.id, name=role.name) for role in BUILT_IN_ROLES if not role.service),
    password="sample-shop",
    authenticator_key="K" * 32,
)
PAGES: dict[str, Callable[[], QWidget]] = {
    "welcome": WelcomePage,
    "sign in": lambda: SignInPage("Production", "https://operations.example.com", browser=True),
    "sign in to the sample shop": lambda: SignInPage("Sample shop", "", sample=SAMPLE),
    "starting": lambda: StartingPage("Starting the sample shop"),
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_pages_are_whole_named_and_in_order(qapp: QApplication, qtbot: QtBot, page: str, scale: float) -> None:
    current().apply("dark", scale)
    shown = PAGES[page]()
    shown.resize(900, 700)
    shown.show()
    shown.activateWindow()
    if isinstance(shown, StartingPage):
        shown.failed("The port is taken by another program. End it, or choose another one with --port.")
    qapp.processEvents()
    qtbot.waitUntil(lambda: clipped(shown) == [])  # a page that scrolls is laid out in more than one turn
    wanted = controls(shown)
    assert wanted
    assert [path(w) for w in wanted if not name(w)] == []
    reached = tab_round(shown, wanted[0])
    assert set(wanted) <= set(reached)
    places = [w.mapTo(shown, w.rect().topLeft()).y() for w in reached]
    begin = places.index(min(places))
    assert places[begin:] + places[:begin] == sorted(places)
    shown.close()
    shown.deleteLater()


DIALOGS = ("keys", "about", "settings", "past", "save-workspace", "rules", "acknowledge", "shelve")


@pytest.mark.parametrize("which", DIALOGS)
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_dialogs_are_whole_named_and_open_on_the_field(aio: Any, tmp_path: Path, which: str, scale: float) -> None:
    async def run() -> None:
        async with office(tmp_path, alerts=[alert()], rules=[rule()]) as made, app_of(made, scale=scale) as app:
            sample = made.console.of(Alerts).list().sample
            assert sample is not None

            async def nothing(*_: Any) -> None:
                return None

            match which:
                case "rules":
                    RulesDialog(made.console, app.window).open()
                case "acknowledge":
                    AcknowledgeDialog(sample.value[0], nothing, made.console.tasks, app.window).open()
                case "shelve":
                    ShelveDialog(sample.value[0], made.clock.now, nothing, made.console.tasks, app.window).open()
                case _:
                    app.window.page_asked.emit(which)
            await turns(10)
            dialog = QApplication.activeModalWidget()
            assert dialog is not None
            assert dialog.windowTitle()
            assert clipped(dialog) == []
            wanted = controls(dialog)
            assert [path(w) for w in wanted if not name(w)] == []
            focus = dialog.focusWidget()
            assert focus is not None
            fields = [w for w in wanted if isinstance(w, QLineEdit) or w.inherits("QPlainTextEdit")]
            assert not fields or not isinstance(focus, QAbstractButton) or focus.inherits("QRadioButton"), path(focus)
            assert set(wanted) <= set(tab_round(dialog, focus)) | set(dialog.findChildren(QAbstractButton))
            QTest.keyClick(focus, Qt.Key.Key_Escape)
            await turns()
            assert QApplication.activeModalWidget() is None

    aio(run())
