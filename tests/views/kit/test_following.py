"""Panels that exchange what they ask while they are shown."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from app.core.signals import Signal
from views.kit.following_panel import FollowingPanel
from views.kit.theme import Theme

NOW = datetime(2026, 11, 24, 14, 2, tzinfo=UTC)


class _Query:
    """Knows whether somebody watches it."""

    changed = Signal()

    def __init__(self) -> None:
        self.watched = False

    def watch(self, *, visible: bool = True) -> Any:
        self.watched = visible

        def set_visible(shown: bool) -> None:
            self.watched = shown

        return SimpleNamespace(set_visible=set_visible, close=lambda: set_visible(False))


class _Heard:
    changed = Signal()


class _Panel(FollowingPanel):
    def __init__(self, *queries: Any) -> None:
        session, time, link = _Heard(), _Heard(), _Heard()
        session.me, session.may = object(), lambda _permission: True  # type: ignore[attr-defined]
        time.as_of, link.state = None, "up"  # type: ignore[attr-defined]
        super().__init__(SimpleNamespace(session=session, time=time, link=link))  # type: ignore[arg-type]
        self.use(*queries)


@pytest.mark.parametrize("first", [0, 1], ids=["nothing asked before", "one thing asked before"])
def test_what_is_asked_instead_is_asked_at_once(qapp: Any, first: int) -> None:
    Theme(qapp).apply("dark")
    before = [_Query() for _ in range(first)]
    panel = _Panel(*before)
    panel.set_visible(True)
    instead = _Query()
    panel.follow(before[0] if before else None, instead)  # type: ignore[arg-type]
    assert instead.watched
    assert not any(query.watched for query in before)
    panel.set_visible(False)
    assert not instead.watched
