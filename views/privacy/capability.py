"""What privacy brings to the window: a workspace of requests by their clock, their steps, proof, and consent."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from views.kit.capability import Capability, ColumnSpec, Home, PanelSpec, WorkspaceSpec
from views.privacy.actions import ACTIONS, CONSENT, PANELS, POLICIES, PROOF, REQUEST, REQUESTS, RETENTION, TRENDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from views.kit.capability import Window
    from views.kit.palette_entry import PaletteEntry
    from views.kit.panel import Panel

DESK = "privacy.desk"
FOUND_MOST = 8


def _make(module: str, name: str, window: Window) -> Panel:
    panel: Panel = getattr(import_module(f"views.privacy.{module}"), name)(window)
    return panel


def _connect(window: Window) -> None:
    for panel_id in PANELS:
        window.when_made(panel_id, partial(_bind, window))


def _bind(window: Window, panel: Panel) -> None:
    from views.privacy.keys import bind

    bind(window, panel.widget)


def _palette(window: Window, text: str) -> tuple[str, Sequence[PaletteEntry]]:
    """Requests by reference and kind, as far as they are listed; nobody is found by who they are."""
    from views.kit.palette_entry import PaletteEntry, hits
    from views.privacy.desk import PrivacyDesk
    from views.privacy.wording import request_name, state_words

    known = window.shared(PrivacyDesk).requests if text.strip() else ()
    found = [
        PaletteEntry(request_name(each), state_words(each), run=partial(_look_at, window, each.request_id))
        for each in known
        if hits(text, request_name(each))
    ]
    return "Privacy requests", found[:FOUND_MOST]


def _look_at(window: Window, request_id: str) -> None:
    from views.privacy.desk import PrivacyDesk

    window.open_panel(REQUESTS)
    window.shared(PrivacyDesk).choose(request_id)


def _panel(panel_id: str, title: str, module: str, name: str, home: Home) -> PanelSpec:
    return PanelSpec(panel_id, title, partial(_make, module, name), (home,))


_home = partial(Home, DESK)

CAPABILITY = Capability(
    name="privacy",
    workspaces=(WorkspaceSpec(DESK, "Privacy", "privacy", (ColumnSpec(760), ColumnSpec(1064))),),
    panels=(
        _panel(REQUESTS, "Privacy requests", "requests_panel", "RequestsPanel", _home(0, 0, 664)),
        _panel(POLICIES, "Policies", "policies_panel", "PoliciesPanel", _home(0, 0, 664, 1)),
        _panel(RETENTION, "Retention", "retention_panel", "RetentionPanel", _home(0, 0, 664, 2)),
        _panel(TRENDS, "Consent granted", "trends_panel", "TrendsPanel", _home(0, 1, 336)),
        _panel(CONSENT, "Consent of a person", "consent_panel", "ConsentPanel", _home(0, 1, 336, 1)),
        _panel(REQUEST, "Request", "request_panel", "RequestPanel", _home(1, 0, 614)),
        _panel(PROOF, "Step and receipt", "proof_panel", "ProofPanel", _home(1, 1, 386)),
    ),
    actions=ACTIONS,
    connect=_connect,
    badge_of=DESK,
    palette=_palette,
)
