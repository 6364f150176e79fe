"""The wall: that it can be read, what it says, that it rotates and never writes, and where its pages are chosen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.alerts.domain import Alerts
from app.launch.domain import Launches
from tests.views.launch.fixtures import (
    Pad,
    ago,
    all_go,
    closed_poll,
    figure,
    launch,
    launch_office,
    me,
    status,
    vote,
)
from tests.views.office import Office, alert, app_of, shown, turns, until
from views.kit import wall as wall_kit
from views.kit.theme import current
from views.launch import wall_page, wall_parts
from views.shell.dialogs.wall import WallDialog
from views.shell.wall import WallView
from views.shell.wall.screens import wall_plans
from views.shell.wall.view import CAPITAL_PER_DISTANCE, CAPITAL_PER_SIZE, page_specs, smallest_type

KEY = Qt.Key
SCREENS = [(3840, 2160, 55.0, 5.0), (1920, 1080, 55.0, 5.0), (1920, 1080, 75.0, 5.0), (3840, 1600, 85.0, 6.0)]


@pytest.fixture(autouse=True)
def _dark_again(qapp: QApplication) -> Iterator[None]:
    yield
    current().apply("dark", 1.0)


@asynccontextmanager
async def wall_of(profile: Path, *pages: str, **fields: Any) -> AsyncIterator[tuple[Office, Pad, WallView]]:
    """A wall with everything heard."""
    size = fields.pop("size", (1920, 1080))
    async with launch_office(profile, **fields) as (made, pad):
        wall = WallView(made.console, pages)
        wall.resize(*size)
        wall.show()
        launches = made.console.of(Launches)
        await until(lambda: launches.chosen is not None)
        await until(lambda: launches.status(launches.chosen.launch_id).sample)  # type: ignore[union-attr]
        await turns(3)
        try:
            yield made, pad, wall
        finally:
            wall.close()
            await turns()


class Written:
    """Everything that is drawn as text: words and pixel sizes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sizes: list[float] = []
        self.words: list[str] = []
        self.cut: list[str] = []
        make, draw = wall_kit.wall_font, wall_kit.draw_fitted

        def font(pixels: float, weight: int = 400) -> Any:
            self.sizes.append(pixels)
            return make(pixels, weight)

        def fitted(painter: Any, box: QRectF, text: str, made: Any, colour: str) -> None:
            self.words.append(text)
            if QFontMetricsF(made).horizontalAdvance(text) > box.width() + 1:
                self.cut.append(text)
            draw(painter, box, text, made, colour)

        for module in (wall_page, wall_parts):
            monkeypatch.setattr(module, "wall_font", font)
            monkeypatch.setattr(module, "draw_fitted", fitted)


def draw(wall: WallView) -> QImage:
    return wall.grab().toImage()


@pytest.mark.parametrize(("width", "height", "inches", "metres"), SCREENS)
def test_the_smallest_type_can_be_read_from_there(width: int, height: int, inches: float, metres: float) -> None:
    unit = smallest_type(height, width, inches, metres)
    high_mm = inches * 25.4 / (1 + (width / height) ** 2) ** 0.5
    capital_mm = unit * CAPITAL_PER_SIZE * high_mm / height
    wanted = metres * 1000 * CAPITAL_PER_DISTANCE
    assert capital_mm == pytest.approx(wanted) or unit in {height / 20, width / 34}


@pytest.mark.parametrize("size", [(3840, 2160), (1920, 1080), (2560, 1440)])
@pytest.mark.parametrize("alerted", [False, True])
def test_nothing_on_it_is_smaller_than_that_or_cut(
    aio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], alerted: bool
) -> None:
    written = Written(monkeypatch)

    async def run() -> None:
        alerts = [alert(1)] if alerted else []
        async with wall_of(tmp_path, "launch", size=size, alerts=alerts) as (made, _, wall):
            if alerted:
                await until(lambda: made.console.of(Alerts).list().sample)
            written.sizes.clear()
            written.cut.clear()
            draw(wall)
            settings = made.console.settings
            unit = smallest_type(size[1], size[0], settings.screen_diagonal_inches, settings.viewing_distance_metres)
            assert min(written.sizes) >= unit - 1e-6
            assert written.cut == []
            wanted = {"Holding 06:12", "3 items, worst of all", "Support holds", "Director", "votes last", "4 s old"}
            assert wanted <= set(written.words)

    aio(run())


def test_more_roles_and_figures_than_places_come_by_turns(
    aio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Written(monkeypatch)
    many = all_go()
    many["rollCall"] = [vote(n % 9, role=f"r{n}", shortName=f"Role {n}") for n in range(23)]
    many["evidence"] = [figure(f"f{n}", f"Figure {n}", f"F {n}", n / 100, low=0.0) for n in range(9)]

    async def run() -> None:
        async with wall_of(tmp_path, "launch", status=many) as (made, _, wall):
            seen: set[str] = set()
            for _turn in range(6):
                written.words.clear()
                draw(wall)
                shown_now = {words for words in written.words if words.startswith(("Role ", "F "))}
                assert {"of 23", "of 9"} <= set(written.words), "which of how many"
                assert len(shown_now) <= 16
                seen |= shown_now
                made.clock.mono += wall_kit.TURN_SECONDS
            assert {f"Role {n}" for n in range(23)} | {f"F {n}" for n in range(9)} <= seen

    aio(run())


def test_a_lease_that_ends_is_hold_there_too_and_ages_are_always_seen(
    aio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Written(monkeypatch)

    async def run() -> None:
        async with wall_of(tmp_path, "launch", status=all_go()) as (made, _, wall):
            draw(wall)
            assert "nothing holds" in written.words
            assert wall._link_words() == ("Link up, data 0 s old", False)
            made.server.answer = lambda _asked: None
            made.clock.mono += 7
            written.words.clear()
            draw(wall)
            assert "Not watched" in written.words
            assert wall._link_words()[0].endswith("7 s old")

    aio(run())


def test_a_rehearsal_is_marked_and_a_past_instant_shows_no_launch(
    aio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Written(monkeypatch)

    async def run() -> None:
        rehearsal = launch(rehearsalOf="other")
        async with wall_of(tmp_path, "launch", launches=[rehearsal]) as (made, _, wall):
            assert wall._shown.title == "REHEARSAL Turboprop 42"
            plain = draw(wall)
            made.console.time.set_past(made.clock.now().replace(hour=3))
            written.words.clear()
            assert draw(wall) != plain
            assert not [words for words in written.words if "GO" in words]

    aio(run())


def test_it_rotates_pauses_and_passes_over_pages_with_nothing_to_show(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with wall_of(tmp_path, "launch", "revenue", "orders") as (_, __, wall):
            assert [spec.id for spec in wall.specs] == ["launch", "revenue", "orders"]
            for _second in range(15):
                wall._tick()
            assert wall.page == 1
            QTest.keyClick(wall, KEY.Key_Space)
            for _second in range(20):
                wall._tick()
            assert wall.page == 1
            QTest.keyClick(wall, KEY.Key_Right)
            QTest.keyClick(wall, KEY.Key_Right)
            assert wall.page == 0
        viewer = me("reporting.view_reports")
        async with launch_office(tmp_path / "viewer", me=viewer) as (made, _):
            wall = WallView(made.console, ("launch", "revenue"))
            assert wall.wanted_pages == ["revenue"]
            draw(wall)
            assert wall.page == 1
            wall.close()

    aio(run())


def test_whatever_is_pressed_it_writes_nothing_and_signs_nobody_off(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with wall_of(tmp_path, "launch") as (made, pad, wall):
            before = len(made.writes)
            for key in "abcdefghijklmnopqrstuvwxyz?":
                for modifier in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier):
                    QTest.keyClick(wall, key, modifier)
            QTest.mouseClick(wall, Qt.MouseButton.LeftButton)
            await turns(5)
            assert len(made.writes) == before
            assert pad.asked == []
            assert made.console.session.signed_in

    aio(run())


def test_screens_have_the_pages_that_were_chosen_for_them() -> None:
    chosen = {"": "revenue launch", "HDMI-1": "launch", "HDMI-2": "", "DP-9": "orders"}
    assert wall_plans(chosen, ["eDP-1", "HDMI-1", "HDMI-2"]) == [("HDMI-1", ("launch",))]
    assert wall_plans(chosen, ["eDP-1"]) == [("", ("revenue", "launch"))]
    assert wall_plans({"A": "launch", "B": "orders"}, ["A", "B"]) == [("A", ("launch",)), ("B", ("orders",))]
    assert wall_plans({}, ["eDP-1"]) == [("", ())]


def test_a_page_of_another_release_is_passed_over() -> None:
    assert [spec.id for spec in page_specs(("gone", "launch"))] == ["launch"]
    assert [spec.id for spec in page_specs(("gone",))] == [
        "downloads",
        "revenue",
        "orders",
        "incidents",
        "oncall",
        "launch",
    ]


def test_pages_are_chosen_and_ordered_in_the_console_and_the_wall_opens_with_them(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with launch_office(tmp_path) as (made, _), app_of(made) as app:
            app.console.actions.execute("window.wall-pages")
            dialog = shown(WallDialog)
            assert [dialog.list.item(n).text() for n in range(6)][3:] == ["Incidents", "On call", "Launch"]
            await until(dialog.isActiveWindow)
            dialog.list.setCurrentRow(5)
            for _step in range(5):
                QTest.keyClick(dialog.list, KEY.Key_Up, Qt.KeyboardModifier.AltModifier)
            for number in (2, 4, 5):
                dialog.list.item(number).setCheckState(Qt.CheckState.Unchecked)
            dialog.submit()
            assert made.console.settings.wall_pages == {"": "launch downloads orders"}
            assert made.console.settings_file.load().wall_pages == {"": "launch downloads orders"}
            wall = app.open_wall()
            assert [spec.id for spec in wall.specs] == ["launch", "downloads", "orders"]
            name = QApplication.screens()[0].name()
            made.console.change_settings(wall_pages={name: "orders", "not there": "launch"})
            QTest.keyClick(wall, KEY.Key_Escape)
            await until(lambda: not app._walls)
            other = app.open_wall()
            assert [spec.id for spec in other.specs] == ["orders"]
            assert app.open_wall() is other
            QTest.keyClick(other, KEY.Key_F11)
            await until(lambda: not app._walls)

    aio(run())


def test_a_launch_that_is_over_and_one_that_was_scrubbed_say_so(
    aio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Written(monkeypatch)

    async def run() -> None:
        over = launch(state="launched", closedAt=ago(hours=2), decision="On sale")
        told = status(poll=closed_poll(verdict="GO"), validUntil=None)
        async with wall_of(tmp_path, "launch", launches=[over], status=told) as (_, __, wall):
            draw(wall)
            assert "ended 11-24 12:02 UTC" in written.words

    aio(run())
