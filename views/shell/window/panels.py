"""The panels of one window: known from the start, made when they are first seen or asked for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from app.core.actions import Action
from views.capabilities import CAPABILITIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from PySide6.QtWidgets import QWidget

    from app.console import Console
    from views.kit.capability import ActionSpec, Capability, PanelSpec, Window
    from views.kit.panel import Panel

S = TypeVar("S")


class Panels:
    """What capabilities see of the window (``views.kit.capability.Window``)."""

    def __init__(
        self,
        console: Console,
        as_parent: QWidget,
        open_panel: Callable[[str], None],
        capabilities: Sequence[Capability] = CAPABILITIES,
        *,
        close_panel: Callable[[str], None] = lambda _panel_id: None,
    ) -> None:
        """``open_panel`` brings the dock of a panel to the front, ``close_panel`` closes it."""
        self.console, self.as_parent = console, as_parent
        self._open_panel, self._close_panel = open_panel, close_panel
        self.specs: Mapping[str, PanelSpec] = {panel.id: panel for each in capabilities for panel in each.panels}
        """In the order of the capabilities."""
        self._capabilities = capabilities
        self._made: dict[str, Panel] = {}
        self._waiting: dict[str, list[Callable[[Any], object]]] = {}
        self._shared: dict[Callable[[Window], Any], Any] = {}

    def connect(self) -> None:
        """Bring panels and actions of all capabilities together. Call once, when the window can open panels."""
        for each in self._capabilities:
            if each.connect is not None:
                each.connect(self)
            for spec in each.actions:
                self.console.actions.add(self._action(spec))

    def _action(self, spec: ActionSpec) -> Action:
        return Action(
            id=spec.id,
            title=spec.title,
            shortcut=spec.shortcut,
            permission=spec.permission,
            run=partial(spec.run, self),
            enabled=partial(spec.blocker, self),
            group=spec.group,
            bound=spec.bound,
        )

    def groups_of(self, panel_ids: Iterable[str]) -> set[str]:
        """Groups of the actions that come from the same capabilities as these panels."""
        wanted = set(panel_ids)
        found = (each for each in self._capabilities if wanted & {panel.id for panel in each.panels})
        return {action.group for each in found for action in each.actions}

    # --- for capabilities ----------------------------------------------------------------------------------------

    def panel(self, panel_id: str) -> Any:
        """The panel, made now if nobody has seen it yet. Raises KeyError."""
        if panel_id not in self._made:
            self._made[panel_id] = self.specs[panel_id].make(self)
            for then in self._waiting.pop(panel_id, ()):
                then(self._made[panel_id])
        return self._made[panel_id]

    def made(self, panel_id: str) -> Any | None:
        """The panel, if it has been made."""
        return self._made.get(panel_id)

    def when_made(self, panel_id: str, then: Callable[[Any], object]) -> None:
        """Hand the panel over as soon as it is made: now, if it is there."""
        if panel_id in self._made:
            then(self._made[panel_id])
        else:
            self._waiting.setdefault(panel_id, []).append(then)

    def open_panel(self, panel_id: str) -> None:
        """Bring its dock to the front."""
        self._open_panel(panel_id)

    def close_panel(self, panel_id: str) -> None:
        """Close its dock, and give the keyboard back to whatever had it when it was opened."""
        self._close_panel(panel_id)

    def shared(self, make: Callable[[Window], S]) -> S:
        """What several panels of one window have in common: made once, at its first use."""
        if make not in self._shared:
            self._shared[make] = make(self)
        found: S = self._shared[make]
        return found
