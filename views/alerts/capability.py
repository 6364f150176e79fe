"""What alerts bring to the window: their panel, the counts in the strip, marks for the palette and the wall."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from app.alerts.domain import Alerts
from models.core.permissions import Permission
from views.kit.capability import ActionSpec, Capability, Home, PanelSpec, StatusCount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.console import Console
    from models.alerts import Alert
    from views.kit.capability import WallPart, Window
    from views.kit.gallery_section import GallerySection
    from views.kit.palette_entry import PaletteEntry
    from views.kit.panel import Panel

PANEL = "alerts"
SHAPES = {"P1": "▲", "P2": "◆"}
"""Severities that the strip counts, and their marks."""
NO_NUMBER = "\N{EN DASH}"


def _panel(window: Window) -> Panel:
    from views.alerts.panel import AlertsPanel

    return AlertsPanel(window.console, partial(_rules, window))


def _rules(window: Window) -> None:
    from views.alerts.rules_dialog import RulesDialog

    RulesDialog(window.console, window.as_parent).open()


def _rules_blocker(window: Window) -> str | None:
    from views.alerts.panel import rules_blocker

    return rules_blocker(window.console)


def _decide(verb: str, window: Window) -> None:
    window.panel(PANEL).decide(verb)


def _decide_blocker(window: Window) -> str | None:
    sample = window.console.of(Alerts).list().sample
    if sample is None or not _unacknowledged(sample.value):
        return "nothing waits to be acknowledged"
    return window.console.write_blocker(Permission.MANAGE_ALERTS)


def _unacknowledged(alerts: Sequence[Alert]) -> list[Alert]:
    return [alert for alert in alerts if alert.state == "active" and alert.shelved_until is None]


class _Watched:
    """The strip counts alerts whatever is on the screen: those of the instant that is looked at."""

    def __init__(self, window: Window) -> None:
        self._console = window.console
        self._watch = self._console.of(Alerts).list().watch()
        self._console.time.changed.connect(self._rewatch)

    def _rewatch(self) -> None:
        self._watch.close()
        self._watch = self._console.of(Alerts).list().watch()


def _connect(window: Window) -> None:
    window.shared(_Watched)


def _status(console: Console) -> Sequence[StatusCount]:
    sample = console.of(Alerts).list().sample
    alerts = sample.value if sample is not None else ()
    waiting = _unacknowledged(alerts)
    shown = []
    for severity, shape in SHAPES.items():
        count = sum(1 for alert in waiting if alert.severity == severity)
        known = str(count) if sample is not None else "unknown"
        name = f"Unacknowledged {severity} alerts: {known}"
        key = severity.lower()
        if count:
            shown.append(StatusCount(key, f"{shape} {severity}  {count}", name, PANEL, "filled", key))
        else:
            shown.append(StatusCount(key, f"{severity}  {NO_NUMBER if sample is None else 0}", name, PANEL))
    shelved = sum(1 for alert in alerts if alert.shelved_until is not None)
    words = f"{shelved} shelved" if shelved else ""
    return (*shown, StatusCount("shelved", words, "Shelved alerts", PANEL, "outline"))


def _palette(window: Window, text: str) -> tuple[str, Sequence[PaletteEntry]]:
    from views.kit.palette_entry import PaletteEntry, hits

    sample = window.console.of(Alerts).list().sample
    found = [
        PaletteEntry(alert.title, f"alert {alert.severity}, {alert.state}", run=partial(window.open_panel, PANEL))
        for alert in (sample.value if sample is not None else ())
        if text and hits(text, alert.title)
    ]
    return "Alerts", found


def _wall_bar(console: Console) -> WallPart:
    from views.alerts.wall_bar import AlertBar

    return AlertBar(console)


def _gallery() -> GallerySection:
    from views.alerts.gallery import section

    return section()


def _action(name: str, title: str, key: str) -> ActionSpec:
    run, permission = partial(_decide, name), Permission.MANAGE_ALERTS
    return ActionSpec(f"alerts.{name}", title, "Alerts", run, key, permission, _decide_blocker, bound=True)


CAPABILITY = Capability(
    name="alerts",
    panels=(PanelSpec(PANEL, "Alerts", _panel, (Home("war-room", 1, 0, 652),)),),
    actions=(
        _action("acknowledge", "Acknowledge alert…", "A"),
        _action("shelve", "Shelve alert…", "S"),
        ActionSpec("alerts.rules", "Alert rules…", "Alerts", _rules, blocker=_rules_blocker),
    ),
    connect=_connect,
    status=_status,
    palette=_palette,
    wall_bar=_wall_bar,
    gallery=_gallery,
)
