"""What can be done in Triage, with its keys. No Qt: the palette knows it before the queue is made."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from views.kit.capability import ActionSpec

if TYPE_CHECKING:
    from views.kit.capability import Window

QUEUE, CASE = "triage.queue", "triage.case"
NO_ENTRY, NO_ROW = "choose an entry first", "put the cursor on a row first"


def _run(name: str, window: Window) -> None:
    from views.risk.triage.verdicts import Verdicts

    if not window.panel(QUEUE).widget.isVisible():  # nobody decides about what cannot be seen
        window.open_panel(QUEUE)
    window.shared(Verdicts).run(name)


def _blocker(name: str, unmade: str | None, window: Window) -> str | None:
    from views.risk.triage.verdicts import Verdicts

    return unmade if window.made(QUEUE) is None else window.shared(Verdicts).blocker(name)


def _action(name: str, title: str, key: str, unmade: str | None = None) -> ActionSpec:
    """``unmade`` is the blocker as long as nobody has seen the queue."""
    run, blocker = partial(_run, name), partial(_blocker, name, unmade)
    return ActionSpec(f"triage.{name}", title, "Triage", run, key, blocker=blocker, bound=True)


TRIAGE_ACTIONS = (
    _action("next", "Next entry", "J"),
    _action("previous", "Previous entry", "K"),
    _action("approve", "Approve the order", "A", NO_ENTRY),
    _action("reject", "Reject the order…", "R", NO_ENTRY),
    _action("escalate", "Escalate the order…", "E", NO_ENTRY),
    _action("snooze", "Snooze the entry…", "H", NO_ENTRY),
    _action("snooze-rule", "Snooze a rule for somebody…", "Shift+H", NO_ENTRY),
    _action("claim", "Claim, release or take over", "C", NO_ENTRY),
    _action("note", "Write a note", "N", NO_ENTRY),
    _action("select", "Select for a decision about several", "X", NO_ROW),
    _action("take", "Take the next entry", "T"),
    _action("filter", "Filter the queue", "/"),
    _action("undo", "Take the last decision back", "Z"),
    _action("save-filter", "Save this filter of the queue…", ""),
    _action("copy-link", "Copy this filter of the queue as a link", ""),
)
