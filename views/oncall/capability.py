"""What on-call brings to the window: its workspace, and a page that can be answered from anywhere."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from app.oncall.domain import VIEW, OnCall
from models.core.wording import counted
from views.kit.capability import (
    ActionSpec,
    Capability,
    ColumnSpec,
    Home,
    PanelSpec,
    StatusCount,
    WallPageSpec,
    WorkspaceSpec,
)
from views.oncall.actions import (
    ACTIONS,
    CALENDAR,
    FEEDS,
    KEYS,
    LOAD,
    NOW,
    PAGES,
    POLICIES,
    SCHEDULES,
    SWAPS,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.console import Console
    from views.kit.capability import WallPage, Window
    from views.kit.palette_entry import PaletteEntry
    from views.kit.panel import Panel

ROSTERS = "oncall.rosters"
FOUND_MOST = 8


def _now(window: Window) -> Panel:
    from views.oncall.now_panel import NowPanel

    return NowPanel(window)


def _calendar(window: Window) -> Panel:
    from views.oncall.calendar_panel import CalendarPanel

    return CalendarPanel(window)


def _schedules(window: Window) -> Panel:
    from views.oncall.schedules_panel import SchedulesPanel

    return SchedulesPanel(window)


def _swaps(window: Window) -> Panel:
    from views.oncall.swaps_panel import SwapsPanel

    return SwapsPanel(window)


def _load(window: Window) -> Panel:
    from views.oncall.load_panel import LoadPanel

    return LoadPanel(window)


def _policies(window: Window) -> Panel:
    from views.oncall.policies_panel import PoliciesPanel

    return PoliciesPanel(window)


def _pages(window: Window) -> Panel:
    from views.oncall.pages_panel import PagesPanel

    return PagesPanel(window)


def _feeds(window: Window) -> Panel:
    from views.oncall.feeds_panel import FeedsPanel

    return FeedsPanel(window)


def _connect(window: Window) -> None:
    from views.oncall.desk import Desk

    window.shared(Desk)  # whoever is paged must hear of it whatever is on the screen
    for panel_id, actions in KEYS.items():
        window.when_made(panel_id, partial(_bind, window, actions))


def _bind(window: Window, actions: Sequence[ActionSpec], panel: Panel) -> None:
    from views.kit.bound_keys import bind

    bind(window, actions, panel.widget)


def _status(console: Console) -> Sequence[StatusCount]:
    """Pages that wait for an answer, and whether one of them calls whoever is signed in."""
    if not console.session.may(VIEW):
        return ()
    domain = console.of(OnCall)
    sample, me = domain.pages().sample, domain.me()
    waiting = [page for page in (sample.value if sample is not None else ()) if page.state == "open"]
    mine = [page for page in waiting if me in page.paged]
    if mine:
        worst = min(page.severity for page in mine)
        return (
            StatusCount(
                "pages",
                f"You are paged  {len(mine)}",
                f"Pages that call you: {len(mine)}",
                PAGES,
                "filled",
                worst.lower(),
            ),
        )
    words = counted(len(waiting), "page") if waiting else ""
    return (StatusCount("pages", words, f"Pages without an answer: {len(waiting)}", PAGES, "outline"),)


def _palette(window: Window, text: str) -> tuple[str, Sequence[PaletteEntry]]:
    """Schedules by name, with who is on now."""
    from app.core.actions import fuzzy
    from app.oncall.wording import people_words
    from views.kit.palette_entry import PaletteEntry

    sample = window.console.of(OnCall).now().sample
    found = []
    for each in sample.value.schedules if sample is not None and text.strip() else ():
        match = fuzzy(text, each.schedule_name)
        if match is not None and sample is not None:
            who = people_words(each.people, sample.value.names)
            run = partial(_open, window, each.schedule_id)
            found.append((-match[0], PaletteEntry(each.schedule_name, f"on call: {who}", run=run)))
    found.sort(key=lambda hit: hit[0])
    return "On call", [entry for _, entry in found[:FOUND_MOST]]


def _open(window: Window, schedule_id: str) -> None:
    window.open_panel(CALENDAR)
    window.panel(CALENDAR).show_schedule(schedule_id)


def _wall_page(console: Console) -> WallPage:
    from views.oncall.wall_page import oncall_page

    return oncall_page(console)


_home = partial(Home, ROSTERS)

CAPABILITY = Capability(
    name="oncall",
    workspaces=(WorkspaceSpec(ROSTERS, "On call", "phone", (ColumnSpec(1300), ColumnSpec(524))),),
    panels=(
        PanelSpec(NOW, "On call now", _now, (_home(0, 0, 148),)),
        PanelSpec(CALENDAR, "Calendar", _calendar, (_home(0, 1, 592),)),
        PanelSpec(SCHEDULES, "Rotations", _schedules, (_home(0, 1, 592, 1),)),
        PanelSpec(SWAPS, "Swap requests", _swaps, (_home(0, 2, 248),)),
        PanelSpec(LOAD, "Load per person", _load, (_home(0, 2, 248, 1),)),
        PanelSpec(POLICIES, "Escalation", _policies, (_home(1, 0, 416),)),
        PanelSpec(PAGES, "Pages", _pages, (_home(1, 1, 352),)),
        PanelSpec(FEEDS, "Calendar feeds", _feeds, (_home(1, 2, 220),)),
    ),
    actions=ACTIONS,
    connect=_connect,
    badge_of=ROSTERS,
    status=_status,
    palette=_palette,
    wall_pages=(WallPageSpec("oncall", "On call", _wall_page),),
)
