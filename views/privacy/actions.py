"""What can be done about people's requests. No Qt: the palette knows it before a panel is made."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from models.core.permissions import Permission
from views.kit.capability import ActionSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from views.kit.capability import Window
    from views.privacy.desk import PrivacyDesk

REQUESTS, REQUEST, PROOF, TRENDS = "privacy.requests", "privacy.request", "privacy.proof", "privacy.trends"
CONSENT, POLICIES, RETENTION = "privacy.consent", "privacy.policies", "privacy.retention"
PANELS = (REQUESTS, REQUEST, PROOF, TRENDS, CONSENT, POLICIES, RETENTION)
GROUP = "Privacy"
VIEW, MANAGE = Permission.VIEW_PRIVACY_REQUESTS, Permission.MANAGE_PRIVACY_REQUESTS
SUBMIT, LOOK = Permission.SUBMIT_PRIVACY_REQUESTS, Permission.VIEW_PERSONAL_DATA


def _desk(window: Window) -> PrivacyDesk:
    from views.privacy.desk import PrivacyDesk

    return window.shared(PrivacyDesk)


def _open_dialog(module: str, name: str, window: Window) -> None:
    getattr(import_module(f"views.privacy.{module}"), name)(_desk(window), window.as_parent).open()


def _blocker(which: str, window: Window) -> str | None:
    found: str | None = getattr(_desk(window), f"{which}_blocker")()
    return found


def _move(step: int, window: Window) -> None:
    window.open_panel(REQUESTS)
    window.panel(REQUESTS).move(step)


def _find(window: Window) -> None:
    window.open_panel(REQUESTS)
    window.panel(REQUESTS).find()


def _run(name: str, window: Window) -> None:
    from views.privacy import work

    getattr(work, name)(_desk(window))


def _look_up(window: Window) -> None:
    window.open_panel(CONSENT)
    window.panel(CONSENT).begin_look()


def _of_policies(name: str, window: Window) -> None:
    window.open_panel(POLICIES)
    getattr(window.panel(POLICIES), name)()


def _policy_blocker(name: str, window: Window) -> str | None:
    panel = window.made(POLICIES)
    if panel is None:
        return "choose a version first"
    found: str | None = getattr(panel, f"{name}_blocker")()
    return found


def _set_retention(window: Window) -> None:
    window.open_panel(RETENTION)
    window.panel(RETENTION).switch()


def _retention_blocker(window: Window) -> str | None:
    panel = window.made(RETENTION)
    if panel is None:
        return "choose a rule first"
    found: str | None = panel.switch_blocker()
    return found


def _action(
    verb: str,
    title: str,
    key: str,
    run: Callable[[Window], object],
    blocker: Callable[[Window], str | None],
    permission: Permission | None = VIEW,
) -> ActionSpec:
    return ActionSpec(f"privacy.{verb}", title, GROUP, run, key, permission, blocker, bound=bool(key))


def _dialog(
    verb: str, title: str, key: str, opens: tuple[str, str], blocker: str, permission: Permission = MANAGE
) -> ActionSpec:
    return _action(verb, title, key, partial(_open_dialog, *opens), partial(_blocker, blocker), permission)


def _free(_window: Window) -> str | None:
    return None


_can = partial(partial, _blocker)

ACTIONS = (
    _action("next", "Next privacy request", "J", partial(_move, 1), _free),
    _action("previous", "Privacy request before", "K", partial(_move, -1), _free),
    _action("find", "Find a privacy request by its reference", "/", _find, _free),
    _dialog("new", "New privacy request for a person…", "N", ("intake_dialog", "IntakeDialog"), "intake", SUBMIT),
    _action("claim", "Take the privacy request, or give it back", "C", partial(_run, "claim"), _can("claim"), MANAGE),
    _dialog("person", "See who the request is from…", "W", ("person_dialog", "PersonDialog"), "person", LOOK),
    _dialog("verify", "Confirm identity…", "V", ("request_dialogs", "VerifyDialog"), "verify"),
    _dialog("close", "Refuse or withdraw the request…", "X", ("request_dialogs", "CloseDialog"), "close"),
    _dialog("link", "Link with another request…", "D", ("request_dialogs", "LinkDialog"), "link"),
    _action("unlink", "It is no duplicate", "Shift+D", partial(_run, "unlink"), _can("unlink"), MANAGE),
    _dialog("stop-clock", "Stop the clock…", "H", ("clock_dialogs", "StopClockDialog"), "stop"),
    _action("start-clock", "Start the clock", "Shift+H", partial(_run, "start_clock"), _can("start"), MANAGE),
    _dialog("extend", "Extend legal date…", "E", ("clock_dialogs", "ExtendDialog"), "extend"),
    _dialog("ask-approval", "Ask for approval of the erasure…", "Q", ("approval_dialogs", "AskDialog"), "ask"),
    _dialog("approve", "Approve the erasure…", "A", ("approval_dialogs", "ApproveDialog"), "approve"),
    _dialog("deny", "Deny the erasure…", "Shift+A", ("approval_dialogs", "DenyDialog"), "approve"),
    _action("retry", "Retry the step", "R", partial(_run, "retry"), _can("retry"), MANAGE),
    _dialog("complete", "Step is done by hand…", "M", ("step_dialogs", "CompleteDialog"), "complete"),
    _dialog("skip", "Skip the step…", "S", ("step_dialogs", "SkipDialog"), "skip"),
    _dialog("package", "Look through the package…", "P", ("package_dialog", "PackageDialog"), "package", LOOK),
    _action("certificate", "Save the certificate", "Ctrl+S", partial(_run, "save_certificate"), _can("certificate")),
    _action(
        "verify-certificate",
        "Verify the certificate here",
        "Y",
        partial(_run, "verify_certificate"),
        _can("certificate"),
    ),
    _dialog("pause-all", "Pause all privacy runs…", "", ("step_dialogs", "SwitchDialog"), "pause_all"),
    _action("look-up", "Look up a person's consent", "L", _look_up, _can("look_up"), LOOK),
    _dialog("publish", "Publish a policy from a file…", "", ("policy_dialogs", "PublishPolicyDialog"), "policy"),
    _action(
        "outstanding",
        "See who still has to acknowledge…",
        "",
        partial(_of_policies, "show_outstanding"),
        partial(_policy_blocker, "outstanding"),
        LOOK,
    ),
    _action(
        "campaign",
        "Ask people to acknowledge the policy…",
        "",
        partial(_of_policies, "begin_campaign"),
        partial(_policy_blocker, "campaign"),
        MANAGE,
    ),
    _action("retention", "Switch a retention rule on or off…", "", _set_retention, _retention_blocker, MANAGE),
)
"""In the order in which the keys are listed."""
