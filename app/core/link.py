"""The state of the link to the server, as every part of the window shows it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from app.core.clock import Clock
from app.core.signals import Signal

SKEW_WORTH_SAYING = 120.0


class LinkState(StrEnum):
    """Whether the server answers."""

    CONNECTING = "connecting"
    UP = "up"
    DOWN = "down"
    SIGNED_OUT = "signed_out"


class Link:
    """State, when the server was last heard (wall clock of this computer), and why it is not up."""

    changed = Signal()

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.state = LinkState.CONNECTING
        self.last_heard: datetime | None = None
        self.detail = ""
        self.clock_skew = 0.0
        """Seconds this computer's clock is ahead, by the Date of the server's answers. Figures do not use it."""

    def mark_up(self, server_time: datetime | None = None) -> None:
        """The server answered something."""
        self.last_heard = self._clock.now()
        if server_time is not None:
            self.clock_skew = (self.last_heard - server_time).total_seconds()
        self._set(LinkState.UP, "")

    def mark_down(self, why: str) -> None:
        """A request got no answer."""
        if self.state is not LinkState.SIGNED_OUT:
            self._set(LinkState.DOWN, why)

    def mark_signed_out(self, why: str = "") -> None:
        """The server answers, but not to us."""
        self._set(LinkState.SIGNED_OUT, why)

    def mark_connecting(self) -> None:
        """A new attempt begins."""
        self._set(LinkState.CONNECTING, "")

    @property
    def skew_words(self) -> str:
        """How wrong this computer's clock is, where somebody should know; else empty."""
        if abs(self.clock_skew) <= SKEW_WORTH_SAYING:
            return ""
        words = f"{abs(self.clock_skew) / 60:.0f} min {'ahead of' if self.clock_skew > 0 else 'behind'}"
        return f"This computer's clock is {words} the server's. Figures and ages are not affected."

    def _set(self, state: LinkState, detail: str) -> None:
        if (state, detail) != (self.state, self.detail):
            self.state, self.detail = state, detail
            self.changed.emit()
