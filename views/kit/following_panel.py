"""A panel one of whose queries depends on what is chosen, and what its controls share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from views.kit.query_panel import QueryPanel

if TYPE_CHECKING:
    from typing import Any

    from app.core.query import Query


class FollowingPanel(QueryPanel):
    """As a QueryPanel, and what it asks may be exchanged while it is shown."""

    def follow(self, before: Query[Any] | None, now: Query[Any] | None) -> None:
        """Ask ``now`` in the place of ``before``."""
        if before is now:
            return
        if before is not None and before in self._queries:
            at = self._queries.index(before)
            before.changed.disconnect(self._renew)
            del self._queries[at]
            if self._watching:
                self._watches.pop(at).close()
        if now is not None and now not in self._queries:
            now.changed.connect(self._renew)
            self._queries.append(now)
            if self._watching:
                self._watches.append(now.watch(visible=self._visible and self.available))


def explain(control: Any, reason: str | None) -> None:
    """Enable it, or say why not: in its tooltip and to screen readers."""
    control.setEnabled(reason is None)
    control.setToolTip(reason or "")
    control.setAccessibleDescription(reason or "")
