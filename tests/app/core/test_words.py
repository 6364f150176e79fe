"""Numbers, ages, figures, actions, settings and signals: the small promises."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.actions import Action, ActionRegistry, fuzzy
from app.core.figure_set import Figure, FigureSet
from app.core.freshness import age_words, long_age_words
from app.core.settings import Settings, SettingsFile
from app.core.signals import Signal
from app.core.timeframe import TimeFrame
from app.dashboard.figures import from_dashboard
from models.core.formatting import change_percent, grouped, money
from models.dashboard import OperationsDashboard
from tests.app.answers import dashboard


@given(st.integers(-(10**15), 10**15), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_money_loses_no_minor_unit(minor: int, currency: str) -> None:
    text = money(minor, currency)
    places = {"EUR": 2, "JPY": 0, "KWD": 3}[currency]
    digits = text.replace(",", "").replace("−", "-")
    assert int(digits.replace(".", "")) == minor
    assert len(digits.partition(".")[2]) == places


def test_whole_units_are_rounded_half_up() -> None:
    assert [money(m, "EUR", whole=True) for m in (149, 150, -150, 18295299)] == ["1", "2", "−2", "182,953"]
    assert grouped(-1234) == "−1,234"


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [(110, 100, "+10.0 %"), (90, 100, "−10.0 %"), (5, 0, ""), (-50, -100, "+50.0 %"), (100, 100, "+0.0 %")],
)
def test_changes_say_their_direction(now: int, before: int, words: str) -> None:
    assert change_percent(now, before) == words


@pytest.mark.parametrize(
    ("seconds", "short", "long"),
    [
        (-3, "0 s", "0 s"),
        (12.9, "12 s", "12 s"),
        (256, "4 min", "4 min 16 s"),
        (16_260, "4 h 31", "4 h 31 min"),
        (266_400, "3 d 2 h", "3 d 2 h"),
    ],
)
def test_ages_in_words(seconds: float, short: str, long: str) -> None:
    assert (age_words(seconds), long_age_words(seconds)) == (short, long)


def _figures(**more: object) -> FigureSet:
    return from_dashboard(OperationsDashboard.model_validate(dashboard(**more)), received_at=1000.0, environment="E")


def test_tiles_say_what_the_answer_says() -> None:
    found = {figure.name: figure for figure in _figures().figures}
    revenue = found["revenue.weekly"]
    assert (revenue.title, revenue.value, revenue.unit) == ("Revenue, 7 d", "182,953", "EUR")
    assert (revenue.change, revenue.previous, revenue.limit) == ("+9.9 %", "vs 166,431", "min 120,000")
    rate = found["downloads.failureRate"]
    assert (rate.value, rate.change, rate.breach, rate.severity) == ("2.17", "+1.70 pt", "over max 2.00", "P2")
    assert found["community.discordMembers"].change == "+212"
    for unknown in ("revenue.monthly", "community.showcases"):
        assert found[unknown].value == ""
        assert found[unknown].note
    assert len(revenue.sparkline) == 7
    assert revenue.sparkline[-1] == 24_000


def test_a_figure_over_its_limit_is_marked_while_the_rule_still_waits() -> None:
    answer = dashboard(states={"downloads.failureRate": "normal"}, alerts=[])

    def shown() -> Figure:
        found = from_dashboard(OperationsDashboard.model_validate(answer), received_at=1000.0)
        return {figure.name: figure for figure in found.figures}["downloads.failureRate"]

    assert (shown().state, shown().breach, shown().severity) == ("waiting", "over max 2.00", "P2")
    answer["thresholds"]["downloads.failureRate"]["forSeconds"] = 180
    assert shown().breach == "over max 2.00, alert within 3 min"
    answer["thresholds"]["downloads.failureRate"]["rangeDays"] = 1
    assert shown().state == "normal", "the tile is of another window"


def test_a_set_of_figures_survives_its_text() -> None:
    assert FigureSet.from_json(_figures().to_json()) == _figures()


def test_letters_are_found_in_order_and_starts_of_words_first() -> None:
    assert fuzzy("lst", "Last 7 days") is not None
    assert fuzzy("zz", "Last 7 days") is None
    whole, scattered = fuzzy("ack", "Acknowledge alert…"), fuzzy("ack", "A back lock")
    assert whole is not None
    assert scattered is not None
    assert whole[0] > scattered[0]


def test_actions_tell_why_they_cannot_be_done_and_recent_ones_come_first() -> None:
    held: set[str] = set()
    ran: list[str] = []
    registry = ActionRegistry(held.__contains__)
    registry.add(Action("a", "Alpha", permission="p.do", run=lambda: ran.append("a")))
    registry.add(Action("b", "Beta", run=lambda: ran.append("b"), enabled=lambda: None if ran else "nothing to undo"))
    assert registry.execute("a") == "needs “P: do”"
    assert registry.execute("b") == "nothing to undo"
    held.add("p.do")
    assert registry.execute("a") is None
    assert registry.execute("b") is None
    assert [action.id for action, _ in registry.search("")] == ["b", "a"]
    registry.remove("b")
    with pytest.raises(KeyError):
        registry.execute("b")


class _Source:
    posted = Signal(object)


@pytest.mark.expects_errors("a slot of _Source.posted failed")
def test_a_slot_that_fails_or_is_gone_does_not_silence_the_others() -> None:
    source, heard = _Source(), []

    class Widget:
        def slot(self, value: object) -> None:
            heard.append(("widget", value))

    def broken(_: object) -> None:
        raise ValueError("broken slot")

    def deleted(_: object) -> None:
        raise RuntimeError("Internal C++ object already deleted.")

    widget = Widget()
    for slot in (broken, deleted, widget.slot, heard.append):
        source.posted.connect(slot)
    source.posted.emit(1)
    del widget
    source.posted.emit(2)
    assert heard == [("widget", 1), 1, 2]


@pytest.mark.parametrize("words", ["Internal C++ object already deleted.", "Signal source has been deleted"])
def test_a_slot_of_a_widget_that_qt_has_deleted_is_dropped_without_an_error(words: str) -> None:
    source, called = _Source(), []

    def deleted(value: object) -> None:
        called.append(value)
        raise RuntimeError(words)

    source.posted.connect(deleted)
    source.posted.emit(1)
    source.posted.emit(2)
    assert called == [1]


def test_choices_survive_and_damage_is_set_aside(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path)
    assert not file.exists
    file.save(Settings(theme="light", range_days=30))
    raw = json.loads(file.path.read_text())
    file.path.write_text(json.dumps(raw | {"of_tomorrow": 1, "font_scale": "huge", "range_days": 8}))
    loaded = file.load()
    assert (loaded.theme, loaded.range_days, loaded.font_scale) == ("light", 7, 1.0)
    file.save(loaded)
    assert json.loads(file.path.read_text())["of_tomorrow"] == 1
    for damage in ("{", "[1]", "\x00"):
        file.path.write_text(damage)
        assert file.load() == Settings()
        assert "set aside" in file.problem
    assert list(tmp_path.glob("*.broken"))


@pytest.mark.skipif(os.name != "posix", reason="a file in the way of a folder is a POSIX trick")
def test_a_profile_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        SettingsFile(tmp_path / "file").save(Settings())


def test_the_time_bar_refuses_what_it_cannot_show() -> None:
    time = TimeFrame(8)
    assert time.range_days == 7
    with pytest.raises(ValueError, match="range"):
        time.set_range(8)
