"""A panel about rules one of whose queries depends on what is chosen in it."""

from __future__ import annotations

from views.kit.following_panel import FollowingPanel


class FollowingRules(FollowingPanel):
    """As a FollowingPanel, and it knows the currency of amounts in rules."""

    @property
    def currency(self) -> str:
        """The reporting currency."""
        return self.console.figures.currency if self.console.figures else "EUR"
