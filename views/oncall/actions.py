"""What can be done about who is on call. No Qt: the palette knows it before a panel is made."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from app.oncall.domain import MANAGE, RESPOND, VIEW, OnCall
from views.kit.capability import ActionSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.oncall.pages import PageSummary
    from models.oncall.policies import Policy
    from models.oncall.schedules import Override, Schedule, Swap
    from views.kit.capability import Window
    from views.oncall.desk import Desk

NOW, CALENDAR, SCHEDULES = "oncall.now", "oncall.calendar", "oncall.schedules"
SWAPS, LOAD = "oncall.swaps", "oncall.load"
POLICIES, PAGES, FEEDS = "oncall.policies", "oncall.pages", "oncall.feeds"
GROUP = "On call"
NOT_LOADED = "nothing has been heard from the server yet"


def desk(window: Window) -> Desk:
    """What the panels have in common."""
    from views.oncall.desk import Desk

    return window.shared(Desk)


def _write(permission: Any, window: Window) -> str | None:
    return window.console.write_blocker(permission, irreversible=True)


# --- schedules and overrides -------------------------------------------------------------------------------------


def _new_schedule(window: Window) -> None:
    from views.oncall.schedule_dialog import ScheduleDialog

    ScheduleDialog(window.console, None, window.as_parent).open()


def _schedule(window: Window) -> Schedule | None:
    """The schedule that is looked at: of the list, else of the calendar, else the first."""
    schedules, found = window.made(SCHEDULES), window.made(CALENDAR)
    if schedules is not None and schedules.widget.isVisible() and schedules.chosen is not None:
        chosen: Schedule = schedules.chosen
        return chosen
    known = desk(window).schedules
    row = found.chosen[0].schedule_id if found is not None and found.chosen is not None else ""
    return next((each for each in known if each.id == row), None) or next(iter(known), None)


def _schedule_blocker(window: Window) -> str | None:
    if window.console.of(OnCall).schedules().sample is None:
        return "open Rotations first: what there is has not been heard yet"
    return "there is no schedule" if _schedule(window) is None else _write(MANAGE, window)


def _revise(window: Window) -> None:
    from views.oncall.schedule_dialog import ScheduleDialog

    if (schedule := _schedule(window)) is not None:
        ScheduleDialog(window.console, schedule, window.as_parent).open()


def _change_schedule(window: Window) -> None:
    from views.oncall.schedule_change_dialog import ScheduleChangeDialog

    if (schedule := _schedule(window)) is not None:
        ScheduleChangeDialog(window.console, schedule, window.as_parent).open()


def _roster_blocker(permission: Any, window: Window) -> str | None:
    sample = window.console.of(OnCall).roster().sample
    if sample is None:
        return NOT_LOADED
    return "there is no schedule" if not sample.value.rosters else _write(permission, window)


def _override(window: Window) -> None:
    from views.oncall.override_dialogs import OverrideDialog

    calendar = window.made(CALENDAR)
    chosen = calendar.chosen if calendar is not None and calendar.widget.isVisible() else None
    OverrideDialog(window.console, desk(window), chosen, window.as_parent).open()


def _chosen_override(window: Window) -> Override | None:
    calendar = window.made(CALENDAR)
    found: Override | None = calendar.chosen_override if calendar is not None else None
    return found


def _cancel_blocker(window: Window) -> str | None:
    override = _chosen_override(window)
    if override is None:
        return "put the cursor of the calendar on an override first"
    if override.end <= window.console.clock.now():
        return "it is over: what it did stays"
    return _write(MANAGE, window)


def _cancel(window: Window) -> None:
    from views.oncall.override_dialogs import CancelOverrideDialog

    if (override := _chosen_override(window)) is not None:
        CancelOverrideDialog(window.console, desk(window), override, window.as_parent).open()


def _explain(window: Window) -> None:
    from views.oncall.shift_dialog import ShiftDialog

    calendar = window.made(CALENDAR)
    if calendar is not None and calendar.chosen is not None:
        ShiftDialog(window, calendar.chosen, window.as_parent).open()


def _explain_blocker(window: Window) -> str | None:
    calendar = window.made(CALENDAR)
    return None if calendar is not None and calendar.chosen is not None else "put the cursor on a shift first"


def _move(step: int, window: Window) -> None:
    window.open_panel(CALENDAR)
    window.panel(CALENDAR).move(step)


# --- swaps -------------------------------------------------------------------------------------------------------


def _ask_swap(window: Window) -> None:
    from views.oncall.swap_dialogs import SwapDialog

    calendar = window.made(CALENDAR)
    chosen = calendar.chosen if calendar is not None and calendar.widget.isVisible() else None
    SwapDialog(window.console, desk(window), chosen, window.as_parent).open()


def _swap(window: Window) -> Swap | None:
    panel = window.made(SWAPS)
    found: Swap | None = panel.chosen if panel is not None else None
    return found


def _swap_blocker(verb: str, window: Window) -> str | None:
    swap = _swap(window)
    if swap is None:
        return "no swap request waits" if window.made(SWAPS) is not None else "open Swap requests first"
    found: str | None = window.panel(SWAPS).blocker(swap, verb)
    return found


def _decide(verb: str, window: Window) -> None:
    if (swap := _swap(window)) is not None:
        window.panel(SWAPS).decide(swap, verb)


# --- pages and policies ------------------------------------------------------------------------------------------


def _first_waiting(window: Window) -> PageSummary | None:
    return next(iter(desk(window).waiting), None)


def _acknowledge_blocker(window: Window) -> str | None:
    from views.oncall.pages_panel import page_blocker

    page = _first_waiting(window)
    return "no page waits for an answer" if page is None else page_blocker(window, page, "acknowledge")


def _acknowledge(window: Window) -> None:
    if (page := _first_waiting(window)) is not None:
        desk(window).acknowledge(page)


def _page_blocker(verb: str, window: Window) -> str | None:
    panel = window.made(PAGES)
    if panel is None:
        return "open Pages first"
    found: str | None = panel.blocker(verb)
    return found


def _acknowledge_chosen(window: Window) -> None:
    page: PageSummary | None = window.panel(PAGES).chosen
    if page is not None:
        desk(window).acknowledge(page)


def _resolve(window: Window) -> None:
    from views.oncall.page_dialogs import ResolvePageDialog

    page: PageSummary | None = window.panel(PAGES).chosen
    if page is not None:
        ResolvePageDialog(window.console, page, window.as_parent).open()


def _test_me(window: Window) -> None:
    desk(window).test()


def _test_others(window: Window) -> None:
    from views.oncall.page_dialogs import TestPagesDialog

    TestPagesDialog(window.console, window.as_parent).open()


def _policy(window: Window) -> Policy | None:
    panel = window.made(POLICIES)
    if panel is not None:
        found: Policy | None = panel.chosen
        return found
    return next(iter(desk(window).policies), None)


def _policy_blocker(permission: Any, window: Window) -> str | None:
    if window.console.of(OnCall).policies().sample is None:
        return "open Escalation first: what there is has not been heard yet"
    return "there is no escalation policy" if _policy(window) is None else _write(permission, window)


def _page(window: Window) -> None:
    from views.oncall.page_dialogs import PageDialog

    PageDialog(window.console, desk(window), _policy(window), window.as_parent).open()


def _new_policy(window: Window) -> None:
    from views.oncall.policy_dialog import PolicyDialog

    PolicyDialog(window.console, desk(window), None, window.as_parent).open()


def _change_policy(window: Window) -> None:
    from views.oncall.policy_dialog import PolicyDialog

    if (policy := _policy(window)) is not None:
        PolicyDialog(window.console, desk(window), policy, window.as_parent).open()


# --- calendars and zones -----------------------------------------------------------------------------------------


def _new_feed(window: Window) -> None:
    from views.oncall.feed_dialogs import FeedDialog

    FeedDialog(window.console, window.as_parent).open()


def _revoke_blocker(window: Window) -> str | None:
    panel = window.made(FEEDS)
    if panel is None:
        return "open Calendar feeds first"
    found: str | None = panel.revoke_blocker()
    return found


def _revoke(window: Window) -> None:
    from views.oncall.feed_dialogs import RevokeFeedDialog

    feed = window.panel(FEEDS).chosen
    if feed is not None:
        RevokeFeedDialog(window.console, feed, window.as_parent).open()


def _zone(window: Window) -> None:
    from views.oncall.feed_dialogs import ZoneDialog

    ZoneDialog(window.console, desk(window), window.as_parent).open()


def _action(
    known: str, title: str, run: Callable[[Window], object], key: str, permission: Any, blocker: Any = None
) -> ActionSpec:
    why = blocker if blocker is not None else partial(_write, permission)
    return ActionSpec(f"oncall.{known}", title, GROUP, run, key, permission, why, bound=bool(key))


def _swap_action(verb: str, title: str, key: str) -> ActionSpec:
    return _action(f"{verb}-swap", title, partial(_decide, verb), key, VIEW, partial(_swap_blocker, verb))


ACKNOWLEDGEABLE, ENDABLE = partial(_page_blocker, "acknowledge"), partial(_page_blocker, "resolve")
PAGEABLE, CHANGEABLE = partial(_policy_blocker, RESPOND), partial(_policy_blocker, MANAGE)
ANY_ROSTER, ANY_ROSTER_TO_MANAGE = partial(_roster_blocker, VIEW), partial(_roster_blocker, MANAGE)

OVERRIDES = (
    _action("override", "Add an override…", _override, "O", MANAGE, ANY_ROSTER_TO_MANAGE),
    _action("cancel", "Cancel the chosen override…", _cancel, "C", MANAGE, _cancel_blocker),
    _action("ask-swap", "Ask for a swap…", _ask_swap, "W", VIEW, ANY_ROSTER),
)
MOVES = (
    _action("explain", "Show the chosen shift…", _explain, "", VIEW, _explain_blocker),
    _action("earlier", "Earlier weeks of the calendar", partial(_move, -1), "[", VIEW, lambda _window: None),
    _action("later", "Later weeks of the calendar", partial(_move, 1), "]", VIEW, lambda _window: None),
    _action("this-week", "This week in the calendar", partial(_move, 0), "", VIEW, lambda _window: None),
)
OF_SCHEDULES = (
    _action("revise", "Edit the layers of a schedule…", _revise, "L", MANAGE, _schedule_blocker),
    _action("change-schedule", "Rename or archive a schedule…", _change_schedule, "", MANAGE, _schedule_blocker),
    _action("new-schedule", "New schedule…", _new_schedule, "N", MANAGE),
)
OF_SWAPS = (
    _swap_action("take", "Take a swap…", "K"),
    _action(
        "decline-swap", "Decline a swap…", partial(_decide, "decline"), "D", VIEW, partial(_swap_blocker, "decline")
    ),
    _action(
        "withdraw-swap",
        "Withdraw a swap request…",
        partial(_decide, "withdraw"),
        "",
        VIEW,
        partial(_swap_blocker, "withdraw"),
    ),
)
OF_PAGES = (
    _action(
        "acknowledge-chosen",
        "Acknowledge the chosen page",
        _acknowledge_chosen,
        "A",
        VIEW,
        partial(_page_blocker, "acknowledge"),
    ),
    _action("resolve", "End the chosen page…", _resolve, "R", VIEW, ENDABLE),
    _action("test-me", "Page myself now", _test_me, "T", VIEW),
    _action("test-others", "Test whether others are reached…", _test_others, "", MANAGE, ANY_ROSTER_TO_MANAGE),
)
OF_POLICIES = (
    _action("page", "Page by an escalation policy…", _page, "P", RESPOND, PAGEABLE),
    _action("change-policy", "Change an escalation policy…", _change_policy, "E", MANAGE, CHANGEABLE),
    _action("new-policy", "New escalation policy…", _new_policy, "", MANAGE),
)
OF_FEEDS = (
    _action("new-feed", "New calendar feed…", _new_feed, "F", VIEW),
    _action("revoke-feed", "Switch a calendar feed off…", _revoke, "X", VIEW, _revoke_blocker),
    _action("zone", "Say in which time zone I live…", _zone, "", VIEW),
)
ANYWHERE = ActionSpec(
    "oncall.acknowledge", "Acknowledge a page", GROUP, _acknowledge, "Ctrl+Shift+K", VIEW, _acknowledge_blocker
)
"""From whatever is on the screen: the page that calls whoever presses it, else the worst."""
KEYS = {
    CALENDAR: (*OVERRIDES, *MOVES),
    SCHEDULES: OF_SCHEDULES,
    SWAPS: (*OF_SWAPS, OVERRIDES[2]),
    PAGES: OF_PAGES,
    POLICIES: OF_POLICIES,
    FEEDS: OF_FEEDS,
    NOW: (OVERRIDES[0],),
    LOAD: (),
}
"""Which keys a panel listens to; no letter means two things in this workspace."""
ACTIONS = (ANYWHERE, *OVERRIDES, *MOVES, *OF_SCHEDULES, *OF_SWAPS, *OF_PAGES, *OF_POLICIES, *OF_FEEDS)
