"""What can be done about launches. No Qt: the palette knows it before a panel is made."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from models.core.permissions import Permission
from views.kit.capability import ActionSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from views.kit.capability import Window
    from views.launch.desk import LaunchDesk

COUNT, CHECKLIST, PLANS, REVIEW = "launch.count", "launch.checklist", "launch.plans", "launch.review"
POLL, POLLS, FIGURES, RECORD = "launch.poll", "launch.polls", "launch.figures", "launch.record"
GROUP = "Launch"
VIEW, SIGN, MANAGE = Permission.VIEW_CHECKLIST, Permission.COMPLETE_CHECKLIST, Permission.MANAGE_CHECKLIST
VOTE, DIRECT = Permission.LAUNCH_VOTE, Permission.LAUNCH_DIRECT
REHEARSALS_ONLY = "faults are injected into rehearsals only; begin one first"


def _desk(window: Window) -> LaunchDesk:
    from views.launch.desk import LaunchDesk

    return window.shared(LaunchDesk)


def _open_dialog(module: str, name: str, window: Window) -> None:
    from importlib import import_module

    getattr(import_module(f"views.launch.{module}"), name)(_desk(window), window.as_parent).open()


def _blocker(which: str, window: Window) -> str | None:
    found: str | None = getattr(_desk(window), f"{which}_blocker")()
    return found


def _permitted(permission: Permission, window: Window) -> str | None:
    return _desk(window).blocker(permission)


def _fault_blocker(window: Window) -> str | None:
    launch = _desk(window).launch
    if launch is not None and launch.rehearsal_of is None:
        return REHEARSALS_ONLY
    return _desk(window).blocker(MANAGE)


def _rehearse_blocker(window: Window) -> str | None:
    launch = _desk(window).launch
    if launch is not None and launch.rehearsal_of is not None:
        return "this is a rehearsal itself; choose the launch it is of"
    return window.console.write_blocker(MANAGE, irreversible=True) if launch is not None else "there is no launch"


def _manage_blocker(window: Window) -> str | None:
    return window.console.write_blocker(MANAGE, irreversible=True)


def _lesson_blocker(window: Window) -> str | None:
    if _desk(window).launch is None:
        return "there is no launch"
    return _manage_blocker(window)


def _export_blocker(window: Window) -> str | None:
    from app.core.link import LinkState

    if _desk(window).launch is None:
        return "there is no launch"
    return "needs the link" if window.console.link.state is not LinkState.UP else None


def _vote_other(choice: str, window: Window) -> None:
    from models.launch.poll import Choice
    from views.launch.poll_dialogs import VoteDialog

    VoteDialog(_desk(window), window.as_parent, Choice(choice)).open()


def _evidence_blocker(window: Window) -> str | None:
    item = _desk(window).item
    if item is None:
        return "choose an item first"
    return None if item.evidence else "the item has no link"


def _open_evidence(window: Window) -> None:
    from views.kit.browser import browse

    item = _desk(window).item
    if item is not None and item.evidence:
        browse(item.evidence[0].url)


def _export(form: str, window: Window) -> None:
    from views.launch.files import export_items

    export_items(_desk(window), form)


def _save_record(window: Window) -> None:
    from views.launch.files import save_record

    save_record(_desk(window))


def _verify_record(window: Window) -> None:
    window.open_panel(RECORD)
    _desk(window).verify()


def _take_lessons_blocker(window: Window) -> str | None:
    panel = window.made(REVIEW)
    if panel is None or not panel.lessons:
        return "nothing was kept of this launch; open Afterwards to see"
    return _manage_blocker(window)


def _switch(step: int, window: Window) -> None:
    desk = _desk(window)
    known = [launch.launch_id for launch in desk.launches.known]
    if known:
        at = known.index(desk.launch_id) if desk.launch_id in known else -step
        desk.launches.choose(known[(at + step) % len(known)])


def _action(
    verb: str,
    title: str,
    key: str,
    run: Callable[[Window], object],
    blocker: Callable[[Window], str | None],
    permission: Permission | None = None,
) -> ActionSpec:
    return ActionSpec(f"launch.{verb}", title, GROUP, run, key, permission, blocker, bound=bool(key))


def _dialog(
    verb: str,
    title: str,
    key: str,
    opens: tuple[str, str],
    blocker: Callable[[Window], str | None],
    permission: Permission | None = None,
) -> ActionSpec:
    return _action(verb, title, key, partial(_open_dialog, *opens), blocker, permission)


_can = partial(partial, _blocker)

ACTIONS = (
    _action("vote", "Vote…", "V", partial(_open_dialog, "poll_dialogs", "VoteDialog"), _can("vote"), VOTE),
    _action("vote-hold", "Vote HOLD…", "Shift+V", partial(_vote_other, "HOLD"), _can("vote"), VOTE),
    _action("vote-no-go", "Vote NO-GO…", "N", partial(_vote_other, "NO-GO"), _can("vote"), VOTE),
    _dialog("open-poll", "Open a poll…", "P", ("poll_dialogs", "OpenPollDialog"), _can("open"), DIRECT),
    _dialog("close-poll", "Close the poll…", "Shift+P", ("poll_dialogs", "ClosePollDialog"), _can("close"), DIRECT),
    _dialog("override", "Go against a NO-GO…", "", ("poll_dialogs", "OverrideDialog"), _can("override"), DIRECT),
    _dialog("ask-again", "Ask again…", "A", ("poll_dialogs", "AskAgainDialog"), _can("ask_again"), MANAGE),
    _dialog("delegate", "Let somebody else vote…", "D", ("poll_dialogs", "DelegateDialog"), _can("delegate"), VOTE),
    _dialog("undelegate", "Take my vote back…", "", ("poll_dialogs", "TakeBackDialog"), _can("take_back"), VOTE),
    _dialog("hold", "Hold the count…", "H", ("clock_dialogs", "HoldDialog"), _can("hold"), VOTE),
    _dialog("release", "Resume the count…", "R", ("clock_dialogs", "ReleaseDialog"), _can("release"), DIRECT),
    _dialog(
        "recycle",
        "Recycle to an earlier point…",
        "Shift+R",
        ("clock_dialogs", "RecycleDialog"),
        partial(_permitted, DIRECT),
        DIRECT,
    ),
    _dialog("scrub", "Scrub the launch…", "", ("clock_dialogs", "ScrubDialog"), partial(_permitted, DIRECT), DIRECT),
    _dialog("finish", "The launch is done…", "", ("clock_dialogs", "FinishDialog"), _can("finish"), DIRECT),
    _dialog("sign", "Sign off the item at the cursor…", "S", ("item_dialogs", "SignDialog"), _can("sign"), SIGN),
    _dialog("reopen", "Reopen the item at the cursor…", "O", ("item_dialogs", "ReopenDialog"), _can("reopen"), SIGN),
    _dialog("waive", "Go without the item at the cursor…", "W", ("item_dialogs", "WaiveDialog"), _can("waive"), MANAGE),
    _dialog(
        "change-item",
        "Change the item at the cursor…",
        "E",
        ("item_dialogs", "ChangeItemDialog"),
        _can("change_item"),
        MANAGE,
    ),
    _action("evidence", "Open the evidence of the item at the cursor", "L", _open_evidence, _evidence_blocker),
    _dialog("new", "New launch…", "Shift+N", ("launch_dialogs", "NewLaunchDialog"), _manage_blocker, MANAGE),
    _dialog(
        "change",
        "Change the launch…",
        "",
        ("launch_dialogs", "ChangeLaunchDialog"),
        partial(_permitted, MANAGE),
        MANAGE,
    ),
    _dialog("rehearse", "Rehearse the launch…", "", ("launch_dialogs", "RehearseDialog"), _rehearse_blocker, MANAGE),
    _dialog("fault", "Let a figure fail…", "", ("launch_dialogs", "FaultDialog"), _fault_blocker, MANAGE),
    _action("next", "Look at the next launch", "]", partial(_switch, 1), lambda _: None),
    _action("previous", "Look at the launch before", "[", partial(_switch, -1), lambda _: None),
    _dialog("templates", "Templates…", "T", ("file_dialogs", "TemplatesDialog"), lambda _: None, VIEW),
    _action("export-yaml", "Save the checklist as YAML", "", partial(_export, "yaml"), _export_blocker, VIEW),
    _action("export-csv", "Save the checklist as CSV", "", partial(_export, "csv"), _export_blocker, VIEW),
    _dialog(
        "import-items",
        "Take items from a file…",
        "",
        ("file_dialogs", "ImportItemsDialog"),
        partial(_permitted, MANAGE),
        MANAGE,
    ),
    _dialog(
        "lesson", "Keep an item for the next launch…", "", ("review_dialogs", "LessonDialog"), _lesson_blocker, MANAGE
    ),
    _dialog(
        "take-lessons",
        "Take the lessons into the template…",
        "",
        ("review_dialogs", "TakeLessonsDialog"),
        _take_lessons_blocker,
        MANAGE,
    ),
    _action("save-record", "Save the record", "Ctrl+S", _save_record, _can("record"), VIEW),
    _action("verify-record", "Verify the record here", "Y", _verify_record, _can("record"), VIEW),
)
