"""What can be done about events. No Qt: the palette knows it before a panel is made."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from models.core.permissions import Permission
from views.kit.capability import ActionSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.analytics import EventSchemaDefinition, SchemaState
    from models.analytics.events import QuarantineGroup, ViolationGroup
    from views.analytics.chosen import ChosenEvent
    from views.kit.capability import Window

PLAN, GOVERNANCE, VIOLATIONS = "analytics.plan", "analytics.governance", "analytics.violations"
COMPARE, DEFINITION, RADIUS = "analytics.compare", "analytics.definition", "analytics.radius"
TAIL, QUARANTINE = "analytics.tail", "analytics.quarantine"
GROUP = "Events"
VIEW, MANAGE = Permission.VIEW_SCHEMA, Permission.MANAGE_SCHEMA
NO_EVENT, NO_DRAFT = "choose an event first", "it has no draft"


def _chosen(window: Window) -> ChosenEvent:
    from views.analytics.chosen import ChosenEvent

    return window.shared(ChosenEvent)


def _link_blocker(window: Window) -> str | None:
    return window.console.write_blocker(MANAGE, irreversible=True)


# --- violations --------------------------------------------------------------------------------------------------


def _group(window: Window) -> ViolationGroup | None:
    panel = window.made(VIOLATIONS)
    found: ViolationGroup | None = panel.table.at_cursor if panel is not None else None
    return found


def _violation_blocker(verb: str, window: Window) -> str | None:
    group = _group(window)
    if group is None:
        return "choose a violation first"
    if window.console.mutations.of(f"violation:{group.id}"):
        return "what was decided about it is being sent"
    if verb == "claim" and group.assigned_to == _chosen(window).me:
        return "it is yours already"
    if verb == "reopen" and group.state == "open":
        return "it is open"
    if verb == "fix" and group.state == "fixed":
        return "it is said to be fixed already"
    return window.console.write_blocker(MANAGE)


def _run_violation(verb: str, window: Window) -> None:
    from models.analytics.events import ViolationChange, ViolationState
    from views.analytics import dialogs

    group, console, parent = _group(window), window.console, window.as_parent
    if group is None:
        return
    match verb:
        case "claim":
            _send(window, group, ViolationChange(assigned_to=_chosen(window).me), "Assigned to me")
        case "assign":
            dialogs.AssignDialog(console, group, _chosen(window).names, parent).open()
        case "mute":
            dialogs.MuteDialog(console, group, parent).open()
        case "fix":
            _send(window, group, ViolationChange(state=ViolationState.FIXED), "Fixed")
        case "reopen":
            _send(window, group, ViolationChange(state=ViolationState.OPEN), "Opened again")


def _send(window: Window, group: ViolationGroup, request: object, words: str) -> None:
    from app.analytics.changes import change_violation
    from app.core.errors import OperationsError
    from app.core.mutation_types import InConflict

    console = window.console

    async def send() -> None:
        try:
            await change_violation(console.mutations, group, request, words)  # type: ignore[arg-type]
        except InConflict:
            pass  # the choice is asked for in a view of its own
        except OperationsError as error:
            console.messages.post(f"{words} was not done: {error}", "error")

    console.tasks.start(send(), name=words)


# --- versions ----------------------------------------------------------------------------------------------------


def _version_read(window: Window) -> EventSchemaDefinition | None:
    """The version that the definition shows, else the one that is judged by."""
    panel = window.made(DEFINITION)
    found: EventSchemaDefinition | None = panel.version if panel is not None else None
    return found or _chosen(window).judged_by


def _observed(window: Window) -> EventSchemaDefinition | None:
    return next((each for each in _chosen(window).versions if each.state == "observed"), None)


def _next_states(version: EventSchemaDefinition | None) -> tuple[SchemaState, ...]:
    """What a version that is published can be taken to but enforcement."""
    from models.analytics import SchemaState

    if version is None:
        return ()
    return {
        SchemaState.OBSERVED: (SchemaState.RETIRED,),
        SchemaState.ENFORCED: (SchemaState.DEPRECATED,),
        SchemaState.DEPRECATED: (SchemaState.RETIRED, SchemaState.DEPRECATED),
    }.get(version.state, ())


def _is_looked_at(window: Window) -> bool:
    """Whether the blast radius of the draft, as it is now, is known."""
    from app.analytics.domain import Events

    chosen, draft = _chosen(window), _chosen(window).draft
    sample = window.console.of(Events).radii(chosen.name).sample
    known = sample.value if sample is not None else ()
    return draft is not None and any(
        (each.schema_version, each.revision, each.state) == (draft.version, draft.revision, "done") for each in known
    )


def _version_blocker(verb: str, window: Window) -> str | None:
    from models.analytics import SchemaState

    chosen = _chosen(window)
    if not chosen.name:
        return NO_EVENT
    draft, event = chosen.draft, chosen.planned
    reason: str | None = None
    match verb:
        case "publish" | "radius" | "edit" | "discard-draft" if draft is None:
            reason = NO_DRAFT
        case "publish" if event is not None and event.volume and not _is_looked_at(window):
            reason = "events of this name come in: ask for the blast radius of the draft first"
        case "new-version" if draft is not None:
            reason = "it has a draft already: edit that one"
        case "new-version" if not chosen.versions:
            reason = "the plan does not know this event"
        case "enforce" if _observed(window) is None:
            reason = "no version of it is observed"
        case "mode" if event is None or event.state is SchemaState.DRAFT:
            reason = "it was never published"
        case "retire" if not _next_states(_version_read(window)):
            reason = "this version cannot be deprecated or retired from here"
    return reason or _link_blocker(window)


def _run_version(verb: str, window: Window) -> None:
    from models.analytics import SchemaState
    from views.analytics import dialogs
    from views.analytics.draft_dialog import DraftDialog

    chosen, console, parent = _chosen(window), window.console, window.as_parent
    draft, observed, read = chosen.draft, _observed(window), _version_read(window)
    match verb:
        case "publish" if draft is not None:
            dialogs.StateDialog(console, draft, (SchemaState.OBSERVED,), _asks(window), parent).open()
        case "radius" if draft is not None:
            dialogs.RadiusDialog(console, draft, parent).open()
        case "edit" if draft is not None:
            DraftDialog(console, draft, chosen.me, chosen.choose, parent).open()
        case "discard-draft" if draft is not None:
            dialogs.DiscardDraftDialog(console, draft, chosen.names, parent).open()
        case "new-version" if read is not None:
            DraftDialog(console, read, chosen.me, chosen.choose, parent).open()
        case "enforce" if observed is not None:
            dialogs.StateDialog(console, observed, (SchemaState.ENFORCED,), (), parent).open()
        case "mode" if chosen.planned is not None:
            dialogs.ModeDialog(console, chosen.planned, parent).open()
        case "retire" if read is not None:
            dialogs.StateDialog(console, read, _next_states(read), (), parent).open()


def _asks(window: Window) -> tuple[str, ...]:
    """Why somebody else must agree to the draft, as far as that is known."""
    panel = window.made(COMPARE)
    comparison = panel.comparison if panel is not None else None
    return tuple(comparison.asks) if comparison is not None else ()


def _new(window: Window) -> None:
    from views.analytics.draft_dialog import DraftDialog

    chosen = _chosen(window)
    DraftDialog(window.console, None, chosen.me, chosen.choose, window.as_parent).open()


def _infer(window: Window) -> None:
    from views.analytics.dialogs import InferDialog

    chosen = _chosen(window)
    InferDialog(window.console, "" if chosen.versions else chosen.name, window.as_parent).open()


def _open_definition(window: Window) -> None:
    window.open_panel(DEFINITION)


# --- the live tail and the quarantine ----------------------------------------------------------------------------


def _filter(window: Window) -> None:
    """The search of the panel with the keyboard, or of the plan."""
    made = [panel for known in (TAIL, GOVERNANCE) if (panel := window.made(known)) is not None]
    panel = next((each for each in made if each.widget.isAncestorOf(each.widget.window().focusWidget())), None)
    if panel is None:
        window.open_panel(PLAN)
        panel = window.panel(PLAN)
    panel.search.setFocus()
    panel.search.selectAll()


def _pause(window: Window) -> None:
    window.panel(TAIL).hold_still()


def _pause_blocker(window: Window) -> str | None:
    return "the live tail is not open" if window.made(TAIL) is None else None


def _held(window: Window) -> QuarantineGroup | None:
    panel = window.made(QUARANTINE)
    found: QuarantineGroup | None = panel.at_cursor if panel is not None else None
    return found


def _held_blocker(verb: str, window: Window) -> str | None:
    panel = window.made(QUARANTINE)
    if panel is None or panel.at_cursor is None:
        return "nothing is held" if panel is not None else "choose what is held first"
    if verb == "try":
        return None if window.console.link.state == "up" else "needs the link"
    reason: str | None = panel.replay_blocker() if verb == "replay" else None
    return reason or _link_blocker(window)


def _run_held(verb: str, window: Window) -> None:
    from views.analytics.dialogs import DiscardEventsDialog, ReplayEventsDialog

    panel = window.panel(QUARANTINE)
    if not panel.widget.isVisible():  # nobody decides about what cannot be seen
        window.open_panel(QUARANTINE)
    group: QuarantineGroup | None = panel.at_cursor
    if group is None:
        return
    match verb:
        case "replay":
            ReplayEventsDialog(window.console, group, panel.trial_of(group), window.as_parent).open()
        case "discard":
            DiscardEventsDialog(window.console, group, window.as_parent).open()
        case "try":
            panel.try_again()


def _action(
    verb: str,
    title: str,
    key: str,
    run: Callable[[Window], object],
    permission: Permission = MANAGE,
    blocker: Callable[[Window], str | None] = _link_blocker,
) -> ActionSpec:
    return ActionSpec(f"analytics.{verb}", title, GROUP, run, key, permission, blocker, bound=True)


def _of_violation(verb: str, title: str, key: str) -> ActionSpec:
    return _action(verb, title, key, partial(_run_violation, verb), MANAGE, partial(_violation_blocker, verb))


def _of_version(verb: str, title: str, key: str = "") -> ActionSpec:
    return _action(verb, title, key, partial(_run_version, verb), MANAGE, partial(_version_blocker, verb))


def _of_held(verb: str, title: str, key: str, permission: Permission = MANAGE) -> ActionSpec:
    return _action(verb, title, key, partial(_run_held, verb), permission, partial(_held_blocker, verb))


def _nothing(_window: Window) -> str | None:
    return None


ACTIONS = (
    _action("filter", "Search the plan or filter events", "/", _filter, VIEW, _nothing),
    _action("new", "New event…", "N", _new),
    _action("infer", "Draft an event from what came in…", "I", _infer),
    _action("open-definition", "Read the definition of the chosen event", "", _open_definition, VIEW, _nothing),
    _of_violation("claim", "Assign the chosen violation to me", "C"),
    _of_violation("assign", "Assign the chosen violation…", "A"),
    _of_violation("mute", "Mute the chosen violation…", "M"),
    _of_violation("fix", "Say that the chosen violation is fixed", "F"),
    _of_violation("reopen", "Open the chosen violation again", "O"),
    _of_version("publish", "Publish the draft of the chosen event…", "P"),
    _of_version("radius", "Ask for the blast radius of the draft…", "B"),
    _of_version("edit", "Edit the draft of the chosen event…", "E"),
    _of_version("new-version", "Write a new version of the chosen event…", "V"),
    _of_version("enforce", "Enforce the observed version…"),
    _of_version("mode", "Change what happens to events that do not fit…"),
    _of_version("retire", "Deprecate or retire a version…"),
    _of_version("discard-draft", "Discard the draft of the chosen event…"),
    _action("pause", "Hold the live tail still, or let it go on", "L", _pause, VIEW, _pause_blocker),
    _of_held("replay", "Replay held events…", "R"),
    _of_held("discard", "Discard held events…", "D"),
    _of_held("try", "Try again what a replay would do", "T", VIEW),
)
