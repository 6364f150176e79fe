"""Who is on call, on the wall display: until when, who is next, and what they are paged about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.oncall.domain import VIEW, OnCall
from app.oncall.wording import people_words, when
from models.oncall.pages import PageState
from views.kit.wall_rows import RowsPage, WallRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from app.console import Console
    from models.oncall.pages import PageSummary
    from models.oncall.rosters import OnCallNow


def oncall_page(console: Console) -> RowsPage:
    """The page."""
    board, pages = console.of(OnCall).now(), console.of(OnCall).pages()

    def rows() -> Sequence[WallRow]:
        sample = board.sample
        if sample is None:
            return ()
        waiting = [each for each in pages.sample.value if each.state is PageState.OPEN] if pages.sample else []
        now = console.clock.now()
        return [row_of(each, sample.value.names, waiting, now) for each in sample.value.schedules]

    return RowsPage(console, "On call", VIEW, (board, pages), rows)


def row_of(shown: OnCallNow, names: Mapping[str, str], waiting: Sequence[PageSummary], now: datetime) -> WallRow:
    """What a schedule says."""
    paged = [each.severity for each in waiting if set(each.paged) & set(shown.people)]
    hole = not shown.people and shown.must_be_covered
    who = people_words(shown.people, names) if shown.people else "Nobody" if hole else "Nobody, by plan"
    until = f"until {when(shown.until, shown.zone, now)}" if shown.until is not None else "for weeks"
    following = ""
    if shown.next_people:
        comes = shown.next_from or shown.until
        at = f" {when(comes, shown.zone, now)}" if comes is not None and comes != shown.until else ""
        following = f"then {people_words(shown.next_people, names)}{at}"
    words = "somebody must be on" if hole else f"paged, {min(paged)}" if paged else ""
    return WallRow(
        who,
        until,
        ", ".join(filter(None, (shown.schedule_name, words))),
        following,
        "P2" if hole else min(paged, default=""),
    )
