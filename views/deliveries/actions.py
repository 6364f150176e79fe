"""What can be done about connections, letters and routes. No Qt: the palette knows it before a panel is made."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from models.core.permissions import Permission
from views.kit.capability import ActionSpec

if TYPE_CHECKING:
    from models.deliveries.connections import Connection
    from views.kit.capability import Window

CONNECTIONS, CONNECTION = "deliveries.connections", "deliveries.connection"
LETTERS, ROUTES = "deliveries.letters", "deliveries.routes"
GROUP = "Systems"
MANAGE, OPERATE = Permission.MANAGE_CONNECTIONS, Permission.REPLAY_LETTERS
NONE_CHOSEN = "choose a connection first"


def _chosen(window: Window) -> Connection | None:
    from views.deliveries.chosen import ChosenConnection

    return window.shared(ChosenConnection).connection


def _connection_blocker(verb: str, permission: Permission, window: Window) -> str | None:
    from views.deliveries.wording import is_turned_off

    connection = _chosen(window)
    if connection is None:
        return NONE_CHOSEN
    if verb == "test":
        from views.deliveries.chosen import ChosenConnection

        if connection.state == "off":
            return f"{connection.name} is off: " + (
                "turn it on" if is_turned_off(connection) else "enter its secret first"
            )
        if window.shared(ChosenConnection).is_testing(connection.id):
            return "a test of it is under way"
    if verb == "pause" and connection.state == "off" and not is_turned_off(connection):
        return f"{connection.name} is off: enter its secret first"
    if verb == "off" and connection.state == "off":
        return f"{connection.name} is off already"
    if verb == "remove" and connection.dead:
        return f"{connection.name} has dead letters: replay, discard or resolve them first"
    return window.console.write_blocker(permission, irreversible=True)


def _run_connection(verb: str, window: Window) -> None:
    from views.deliveries import connection_dialogs as dialogs
    from views.deliveries.chosen import ChosenConnection

    connection, parent = _chosen(window), window.as_parent
    if connection is None:
        return
    match verb:
        case "test":
            window.shared(ChosenConnection).test([connection])
        case "pause" if connection.state in {"paused", "off"}:
            window.shared(ChosenConnection).resume(connection)
        case "pause":
            dialogs.PauseDialog(window.console, connection, parent).open()
        case "secret":
            dialogs.SecretDialog(window.console, connection, parent).open()
        case "change":
            choose = window.shared(ChosenConnection).choose
            dialogs.ConnectionDialog(window.console, connection, choose, parent).open()
        case "off":
            dialogs.TurnOffDialog(window.console, connection, parent).open()
        case "remove":
            dialogs.RemoveDialog(window.console, connection, parent).open()


def _new(window: Window) -> None:
    from views.deliveries.chosen import ChosenConnection
    from views.deliveries.connection_dialogs import ConnectionDialog

    choose = window.shared(ChosenConnection).choose
    ConnectionDialog(window.console, None, choose, window.as_parent).open()


def _manage_blocker(window: Window) -> str | None:
    return window.console.write_blocker(MANAGE, irreversible=True)


def _test_all(window: Window) -> None:
    window.panel(CONNECTIONS).test_all()


def _test_all_blocker(window: Window) -> str | None:
    panel = window.made(CONNECTIONS)
    if panel is None:
        return window.console.write_blocker(OPERATE, irreversible=True)
    found: str | None = panel.test_blocker()
    return found


def _run_letters(verb: str, window: Window) -> None:
    if not window.panel(LETTERS).widget.isVisible():  # nobody decides about what cannot be seen
        window.open_panel(LETTERS)
    window.panel(LETTERS).run(verb)


def _letters_blocker(verb: str, window: Window) -> str | None:
    panel = window.made(LETTERS)
    if panel is None:
        return "choose a letter first"
    found: str | None = panel.blocker(verb)
    return found


def _edit_routes(window: Window) -> None:
    window.panel(ROUTES).edit_routes()


def _routes_blocker(window: Window) -> str | None:
    panel = window.made(ROUTES)
    if panel is None:
        return "open Who hears of what first"
    found: str | None = panel.edit_blocker()
    return found


def _try_message(window: Window) -> None:
    window.open_panel(ROUTES)
    window.panel(ROUTES).show_page(1)


def _edit_text(window: Window) -> None:
    from views.deliveries.text_dialog import TextDialog

    made = window.made(ROUTES)
    chosen = made.template.currentData() if made is not None else None
    TextDialog(window.console, chosen or "", window.as_parent).open()


def _contacts(window: Window) -> None:
    from views.deliveries.contacts_dialog import ContactsDialog

    ContactsDialog(window.console, window.as_parent).open()


def _contacts_blocker(window: Window) -> str | None:
    return "nobody is signed in" if window.console.session.me is None else None


def _connection_action(verb: str, title: str, key: str, permission: Permission) -> ActionSpec:
    run, blocker = partial(_run_connection, verb), partial(_connection_blocker, verb, permission)
    return ActionSpec(f"deliveries.{verb}", title, GROUP, run, key, permission, blocker, bound=True)


def _letters_action(verb: str, title: str, key: str, permission: Permission | None = OPERATE) -> ActionSpec:
    run, blocker = partial(_run_letters, verb), partial(_letters_blocker, verb)
    return ActionSpec(f"deliveries.{verb}", title, GROUP, run, key, permission, blocker, bound=True)


ACTIONS = (
    ActionSpec("deliveries.new", "New connection…", GROUP, _new, "N", MANAGE, _manage_blocker, bound=True),
    _connection_action("test", "Send a test to the chosen connection", "T", OPERATE),
    ActionSpec(
        "deliveries.test-all",
        "Test all connections",
        GROUP,
        _test_all,
        "Shift+T",
        OPERATE,
        _test_all_blocker,
        bound=True,
    ),
    _connection_action("pause", "Pause or resume the chosen connection", "P", OPERATE),
    _connection_action("secret", "Enter or rotate a secret of the chosen connection…", "S", MANAGE),
    _connection_action("change", "Change the chosen connection…", "E", MANAGE),
    _connection_action("off", "Turn the chosen connection off…", "", MANAGE),
    _connection_action("remove", "Remove the chosen connection…", "", MANAGE),
    _letters_action("replay", "Replay dead letters…", "R"),
    _letters_action("replay-all", "Replay all dead letters of the chosen connection…", "Shift+R"),
    _letters_action("discard", "Discard dead letters…", "D"),
    _letters_action("select", "Select a dead letter", "X", None),
    _letters_action("same-cause", "Select dead letters of the same cause", "C", None),
    _letters_action("resolve", "Say what became of a command…", "V"),
    ActionSpec(
        "deliveries.edit-routes",
        "Edit who hears of what…",
        GROUP,
        _edit_routes,
        "",
        MANAGE,
        _routes_blocker,
        bound=True,
    ),
    ActionSpec("deliveries.try-message", "Try a message", GROUP, _try_message, "", Permission.VIEW_CONNECTIONS),
    ActionSpec("deliveries.edit-text", "Edit what messages say…", GROUP, _edit_text, "", MANAGE, _manage_blocker),
    ActionSpec("deliveries.contacts", "My addresses for messages…", GROUP, _contacts, "", None, _contacts_blocker),
)
