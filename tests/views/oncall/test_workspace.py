"""The On call workspace: days of 23 and 25 hours, keys, reasons, what viewers may, what is read without a server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.core.errors import OperationsError
from app.oncall.calendar import Kind, calendar_of
from app.oncall.domain import OnCall, acknowledge_page, specs
from app.oncall.zones import days_of
from models.oncall.rosters import LayerSpans
from tests.app.oncall.rosters import at, board, gap, override, roster, span, swap
from tests.conftest import Api
from tests.views.access.test_workspace import signed_in
from tests.views.oncall.fixtures import add_rosters
from tests.views.oncall.test_journey import LEAD, Workspace, until
from views.kit.theme import current
from views.oncall.calendar_view import CalendarView, window_days
from views.oncall.override_dialogs import OverrideDialog

KEY = Qt.Key
NOW = datetime(2026, 11, 24, 14, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _dark_again(qapp: QApplication) -> Iterator[None]:
    yield
    current().apply("dark", 1.0)


def view_of(qtbot: Any, now: datetime = NOW) -> CalendarView:
    view = CalendarView(lambda: now)
    qtbot.addWidget(view)
    view.resize(1300, 500)
    view.show()
    return view


# --- days and zones ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("monday", "hours"), [(date(2026, 3, 23), 23), (date(2026, 10, 19), 25)])
def test_a_day_of_23_or_25_hours_is_as_wide_as_it_is_long(qtbot: Any, monday: date, hours: int) -> None:
    view = view_of(qtbot)
    days = days_of("Europe/Berlin", monday, 14)
    found = board(roster(span(days[0].start, days[-1].end, "tomas")), start=days[0].start, end=days[-1].end)
    view.show_calendar(calendar_of(found, (), days[0].start, days[-1].end), days, "Europe/Berlin", ["UTC"])
    widths = [view.scale.x(day.end) - view.scale.x(day.start) for day in days]
    sunday = 6
    assert days[sunday].hours == hours
    usual = widths[0]
    assert widths[sunday] == pytest.approx(usual * hours / 24)
    assert all(width == pytest.approx(usual) for number, width in enumerate(widths) if number != sunday)
    picture = view.grab()  # drawn with its length in words, and without a complaint of Qt
    assert picture.width() == 1300


def test_a_hand_over_at_nine_stands_at_nine_on_both_sides_of_the_change(qtbot: Any) -> None:
    view = view_of(qtbot)
    days = days_of("Europe/Berlin", date(2026, 3, 23), 14)
    before, after = datetime(2026, 3, 27, 8, tzinfo=UTC), datetime(2026, 3, 30, 7, tzinfo=UTC)  # 09:00 in Berlin
    found = board(
        roster(span(days[0].start, before, "tomas"), span(before, after, "mei"), span(after, days[-1].end, "rui")),
        start=days[0].start,
        end=days[-1].end,
    )
    view.show_calendar(calendar_of(found, (), days[0].start, days[-1].end), days, "Europe/Berlin", [])
    place = [
        view.scale.x(bar.start) - view.scale.x(days[n].start) for n, bar in zip((4, 7), _on(view)[1:], strict=True)
    ]
    assert place[0] == pytest.approx(place[1])
    view.choose(1, _on(view)[1])
    assert "Fri 27 Mar 09:00 to Mon 30 Mar 09:00 Berlin" in view.accessibleDescription()


def _on(view: CalendarView) -> Any:
    return view.calendar.rows[1].bars


def test_weeks_begin_on_the_monday_of_the_zone_that_is_read() -> None:
    sunday_night = datetime(2026, 11, 29, 23, 30, tzinfo=UTC)  # Monday already in Berlin
    assert window_days("UTC", sunday_night, 0, 2)[0].date == date(2026, 11, 23)
    berlin = window_days("Europe/Berlin", sunday_night, 0, 2)
    assert (berlin[0].date, berlin[0].start) == (date(2026, 11, 30), datetime(2026, 11, 29, 23, tzinfo=UTC))
    assert window_days("UTC", sunday_night, 1, 2)[0].date == date(2026, 11, 30)
    assert len(window_days("UTC", sunday_night, 0, 5)) == 35


# --- drawing and keys --------------------------------------------------------------------------------------------


def busy() -> Any:
    """Two layers, an override, a gap and a swap."""
    spans = (span(at(-1), at(5, 8), "tomas"), span(at(5, 8), at(5, 20), "jana"), span(at(6, 8), at(15), "mei"))
    layers = (LayerSpans(name="Day", rank=2, spans=spans), LayerSpans(name="Night", rank=1, spans=spans))
    full = roster(
        *spans, layers=layers, overrides=(override(at(5, 8), at(5, 20), "jana"),), gaps=(gap(at(5, 20), at(6, 8)),)
    )
    return board(full), (swap(at(8), at(9)),)


def test_keys_go_from_bar_to_bar_and_say_what_is_there(qtbot: Any) -> None:
    view = view_of(qtbot)
    found, swaps = busy()
    days = days_of("UTC", date(2026, 11, 23), 14)
    view.show_calendar(calendar_of(found, swaps, days[0].start, days[-1].end), days, "UTC", [])
    view.setFocus()
    said = []
    for key in (KEY.Key_Down, KEY.Key_Right, KEY.Key_Right, KEY.Key_Right, KEY.Key_Home, KEY.Key_End):
        QTest.keyClick(view, key)
        said.append(view.accessibleDescription())
    assert said[0] == "On call: Tomas Keller, until Sat 28 Nov 08:00 UTC"
    assert said[1].endswith("by an override: A wedding")
    assert said[2] == "On call: Nobody is on call, and somebody must be: Sat 28 Nov 20:00 to Sun 29 Nov 08:00 UTC, 12 h"
    assert said[3] == said[5] == "On call: Mei Tanaka, from Sun 29 Nov 08:00 on UTC"
    assert said[4] == said[0]
    rows = []
    for _ in range(4):
        QTest.keyClick(view, KEY.Key_Down)
        rows.append(view.chosen[0].title if view.chosen else "")
    assert rows == ["Day", "Night", "Overrides and swaps", "Overrides and swaps"]
    with qtbot.waitSignal(view.opened):
        QTest.keyClick(view, KEY.Key_Return)


def test_the_cursor_stays_on_its_shift_when_there_is_a_newer_answer(qtbot: Any) -> None:
    view = view_of(qtbot)
    found, swaps = busy()
    days = days_of("UTC", date(2026, 11, 23), 14)
    calendar = calendar_of(found, swaps, days[0].start, days[-1].end)
    view.show_calendar(calendar, days, "UTC", [])
    view.choose(1, calendar.rows[1].bars[2])
    view.show_calendar(calendar_of(found, (), days[0].start, days[-1].end), days, "UTC", [])
    assert view.chosen is not None
    assert view.chosen[1].kind is Kind.GAP


@pytest.mark.parametrize("theme", ["dark", "light", "high-contrast"])
def test_what_is_wrong_is_framed_and_shaped_not_only_coloured(qtbot: Any, theme: str) -> None:
    current().apply(theme, 1.0)
    view = view_of(qtbot)
    found, swaps = busy()
    days = days_of("UTC", date(2026, 11, 23), 14)
    view.show_calendar(calendar_of(found, swaps, days[0].start, days[-1].end), days, "UTC", [])
    picture = view.viewport().grab().toImage()
    hole = view._bar_box(view.calendar.rows[1], view.calendar.rows[1].bars[2], *view._tops()[1][1:])
    ratio = picture.devicePixelRatio()
    seen = {
        picture.pixelColor(int(x * ratio), int(y * ratio)).name().upper()
        for x in range(int(hole.left()), int(hole.right()))
        for y in range(int(hole.top()), int(hole.bottom()))
    }
    assert current().tokens.p3.upper() in seen
    point = QPointF(hole.center())
    assert view._at(point) == (1, view.calendar.rows[1].bars[2])


def test_at_twice_the_font_rows_scroll_and_nothing_is_lost(qtbot: Any) -> None:
    current().apply("dark", 2.0)
    view = view_of(qtbot)
    found, swaps = busy()
    days = days_of("UTC", date(2026, 11, 23), 14)
    view.resize(1300, 200)
    view.show_calendar(calendar_of(found, swaps, days[0].start, days[-1].end), days, "UTC", [])
    assert view.verticalScrollBar().maximum() == view.rows_height - view.viewport().height()
    view.setFocus()
    for _ in range(6):
        QTest.keyClick(view, KEY.Key_Down)
    assert view.verticalScrollBar().value() > 0
    _, top, high = view._tops()[len(view.calendar.rows) - 1]
    assert top + high <= view.viewport().height()


# --- who may what ------------------------------------------------------------------------------------------------


def test_nothing_about_who_is_on_call_is_kept_for_later() -> None:
    assert all(spec.irreversible for spec in specs())
    assert not any("feed.create" in spec.name for spec in specs())  # an address with a secret is in no outbox


def workspace(aio: Any, api: Api, profile: Path, role: str, steps: Callable[[Workspace], Awaitable[None]]) -> None:
    """Run steps in a workspace with a roster, a swap, a policy, a page and a calendar of the lead's."""
    add_rosters(api, LEAD)

    async def run() -> None:
        async with signed_in(api, role, profile) as console:
            it = Workspace(console)
            try:
                await until(lambda: it.on_call() and it.policies.chosen is not None and it.swaps.cards)
                await steps(it)
            finally:
                await it.close()

    aio(run())


def test_a_viewer_sees_everything_changes_nothing_and_is_told_why(aio: Any, api: Api, tmp_path: Path) -> None:
    async def steps(it: Workspace) -> None:
        actions = it.console.actions
        await until(lambda: it.pages.listed)
        manage = actions.reason(actions.get("oncall.override"))
        assert manage is not None
        assert "on-call" in manage
        assert not it.calendar.override.isEnabled()
        assert it.calendar.override.toolTip() == manage
        for known in ("oncall.new-schedule", "oncall.new-policy", "oncall.change-policy", "oncall.revise"):
            assert actions.reason(actions.get(known)) == manage, known
        answer = "only those who were paged answer it, and those who manage incidents"
        assert it.pages.buttons["oncall.acknowledge-chosen"].toolTip() == answer
        assert actions.execute("oncall.acknowledge") == answer
        assert it.swaps.cards[0].buttons["take"].isEnabled()  # anyone was asked
        assert it.swaps.cards[0].buttons["decline"].toolTip() == "anyone was asked: leave it, or take it"
        assert actions.reason(actions.get("oncall.test-me")) is None
        await it.press(it.calendar.view, KEY.Key_O)
        assert it.told[-1] == f"Add an override: {manage}."

    workspace(aio, api, tmp_path, "viewer", steps)


def test_without_the_server_rosters_are_read_and_nothing_is_changed(aio: Any, api: Api, tmp_path: Path) -> None:
    async def steps(it: Workspace) -> None:
        await until(lambda: it.pages.listed and it.schedules.chosen is not None and it.feeds.feeds)
        before, page = it.on_call(), it.pages.listed[0]
        api.stop()
        with suppress(OperationsError):
            await it.domain.now().refresh()
        await until(lambda: it.console.link.state == "down")
        assert it.on_call() == before
        assert it.now.tiles.tiles[0].lines[0] == "Operations lead"
        link = "needs the link, because it cannot be taken back"
        for known in ("oncall.override", "oncall.ask-swap", "oncall.acknowledge", "oncall.new-feed"):
            assert it.console.actions.execute(known) == link, known
        with pytest.raises(OperationsError, match="needs the link"):
            await acknowledge_page(it.console.mutations, page)
        assert not it.console.mutations.pending

    workspace(aio, api, tmp_path, LEAD, steps)


def test_whoever_is_on_call_is_named_while_an_override_is_typed(aio: Any, api: Api, tmp_path: Path) -> None:
    async def steps(it: Workspace) -> None:
        await it.press(it.calendar.view, KEY.Key_Down)
        it.console.actions.execute("oncall.override")
        dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, OverrideDialog) and w.isVisible())
        assert dialog.span.local.text() == "On call then: Operations lead."
        dialog.submit()
        assert "Say in a few words" in dialog.error
        dialog.span.end.setDateTime(dialog.span.start.dateTime().addSecs(-60))
        dialog.submit()
        assert dialog.error == "It ends after it starts."
        assert dialog.span.end.property("wrong")
        dialog.reject()
        it.calendar.show_weeks(5)
        await until(lambda: len(it.calendar.view.days) == 35 and it.calendar.calendar.rows)
        it.calendar.show_zone("Europe/Berlin")
        assert it.calendar.view.zone == "Europe/Berlin"
        it.console.actions.execute("oncall.later")
        await until(lambda: it.calendar.first_week == 5 and it.calendar.calendar.rows)
        assert it.calendar.view.days[0].date > (datetime.now(UTC) + timedelta(days=21)).date()
        it.calendar.move(0)
        assert it.console.of(OnCall).roster(0, 5) is it.calendar._roster

    workspace(aio, api, tmp_path, LEAD, steps)
