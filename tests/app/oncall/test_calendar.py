"""Rows and bars of a calendar: who is paged, cut where an override or a second seat begins, and what is wrong."""

from __future__ import annotations

from app.oncall.calendar import Bar, Calendar, Kind, Row, calendar_of
from app.oncall.wording import bar_words, wrong_words
from models.oncall.rosters import LayerSpans
from tests.app.oncall.rosters import NAMES, at, board, gap, override, roster, span, swap, twice

START, END = at(0), at(14)


def row(calendar: Calendar, title: str) -> Row:
    return next(each for each in calendar.rows if each.title == title)


def short(bars: tuple[Bar, ...]) -> list[tuple[str, float, float]]:
    """People and hours after Monday."""
    hours = [tuple((each - START).total_seconds() / 3600 for each in (bar.start, bar.end)) for bar in bars]
    return [(" ".join(bar.people), *span) for bar, span in zip(bars, hours, strict=True)]


def test_who_is_paged_is_cut_at_the_window_and_where_an_override_acts() -> None:
    found = roster(
        span(at(-1), at(5, 8), "tomas"),
        span(at(5, 8), at(5, 20), "jana"),
        span(at(5, 20), at(15), "tomas"),
        overrides=(override(at(5, 8), at(5, 20), "jana"),),
    )
    calendar = calendar_of(board(found), (), START, END)
    on = row(calendar, "On call").bars
    assert short(on) == [("tomas", 0, 128), ("jana", 128, 140), ("tomas", 140, 336)]
    assert [bar.override is not None for bar in on] == [False, True, False]
    assert [bar.kind for bar in row(calendar, "Overrides").bars] == [Kind.OVERRIDE]
    assert "Jana Novak for Tomas Keller" in bar_words(row(calendar, "Overrides").bars[0], NAMES, "UTC")


def test_a_second_seat_is_marked_only_as_long_as_it_lasts() -> None:
    found = roster(span(at(-1), at(15), "tomas"))
    other = roster(span(at(-1), at(15), "tomas"), schedule_id="payments", schedule_name="Payments")
    doubled = (twice("tomas", at(2), at(3), "operations", "payments"),)
    calendar = calendar_of(board(found, other, double_bookings=doubled), (), START, END)
    on = calendar.rows[1].bars
    assert short(on) == [("tomas", 0, 48), ("tomas", 48, 72), ("tomas", 72, 336)]
    assert [bar.twice for bar in on] == [(), ("tomas",), ()]
    assert [each.kind for each in calendar.wrong] == [Kind.ON]
    assert wrong_words(calendar.wrong[0], "UTC", START) == ("Twice", "Tomas Keller from Wed 00:00, 24 h")


def test_two_policies_with_the_same_schedules_are_told_once() -> None:
    found = roster(span(at(-1), at(15), "tomas"))
    both = (twice("tomas", at(2), at(3), "operations", "x"), twice("tomas", at(2), at(3), "operations", "x"))
    assert len(calendar_of(board(found, double_bookings=both), (), START, END).wrong) == 1


def test_nobody_is_a_gap_only_where_somebody_must_be() -> None:
    holes = roster(span(at(0), at(5), "tomas"), span(at(6), at(14), "tomas"))
    assert not calendar_of(board(holes), (), START, END).wrong
    told = roster(*holes.spans, gaps=(gap(at(5), at(6)), gap(at(-1), START), gap(at(14), at(15))))
    calendar = calendar_of(board(told), (), START, END)
    assert [bar.kind for bar in row(calendar, "On call").bars] == [Kind.ON, Kind.GAP, Kind.ON]
    assert [wrong_words(each, "UTC", START)[1] for each in calendar.wrong] == ["Operations, Sat 00:00, 24 h"]


def test_one_layer_without_overrides_needs_no_row_of_its_own() -> None:
    plain = roster(span(at(0), at(14), "tomas"))
    assert [each.title for each in calendar_of(board(plain), (), START, END).rows] == ["Operations", "On call"]
    two = (LayerSpans(name="Day", rank=2, spans=plain.spans), LayerSpans(name="Night", rank=1, spans=plain.spans))
    layered = roster(*plain.spans, layers=two)
    titles = [each.title for each in calendar_of(board(layered), (), START, END).rows]
    assert titles == ["Operations", "On call", "Day", "Night"]


def test_a_swap_that_waits_is_shown_on_both_its_sides() -> None:
    asked = swap(at(1), at(2), to="mei", to_name="Mei Tanaka", back_start=at(8), back_end=at(9))
    calendar = calendar_of(board(roster(span(at(0), at(14), "tomas"))), (asked,), START, END)
    bars = row(calendar, "Overrides and swaps").bars
    assert [(bar.kind, bar.people) for bar in bars] == [(Kind.SWAP, ("tomas",)), (Kind.SWAP, ("mei",))]
    assert "asks Mei Tanaka to take Tue 24 Nov 00:00 to Wed 25 Nov 00:00" in bar_words(bars[0], NAMES, "UTC")


def test_only_mine_and_only_what_is_wrong() -> None:
    mine = roster(span(at(0), at(14), "mei"))
    wrong = roster(span(at(0), at(13), "rui"), schedule_id="risk", schedule_name="Risk", gaps=(gap(at(13), at(14)),))
    both = board(mine, wrong)

    def shown(calendar: Calendar) -> list[str]:
        return [each.title for each in calendar.rows if each.kind is None]

    assert shown(calendar_of(both, (), START, END)) == ["Operations", "Risk"]
    assert shown(calendar_of(both, (), START, END, only="mei")) == ["Operations"]
    assert shown(calendar_of(both, (), START, END, only_wrong=True)) == ["Risk"]


def test_a_cancelled_override_and_one_without_effect_frame_nobody() -> None:
    gone = override(at(1), at(2), "jana", cancelled_at=at(0, 1))
    vain = override(at(3), at(4), "jana", id="o2", has_effect=False)
    found = roster(span(at(0), at(14), "tomas"), overrides=(gone, vain))
    calendar = calendar_of(board(found), (), START, END)
    assert short(row(calendar, "On call").bars) == [("tomas", 0, 336)]
    assert "without effect" in bar_words(row(calendar, "Overrides").bars[0], NAMES, "UTC")
