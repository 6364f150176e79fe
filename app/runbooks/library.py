"""The whole library on this computer: each runbook's text is fetched when it is new or another, and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.errors import OperationsError
from app.core.signals import Signal

if TYPE_CHECKING:
    from app.core.capability import Engine
    from app.core.query import Query, Watch
    from models.alerts import Alert
    from models.runbooks import Runbook, RunbookSummary


class Library:
    """Follows the list of runbooks from ``keep`` on."""

    changed = Signal()
    """More is known of the texts."""

    def __init__(self, engine: Engine, listed: Query[tuple[RunbookSummary, ...]]) -> None:
        self._engine, self._listed = engine, listed
        self._watch: Watch | None = None
        self._bringing = False
        self._again = False
        self.texts: dict[str, Runbook] = {}
        """Runbooks with their texts, by id."""

    def keep(self) -> None:
        """Keep the library current for as long as the console lives, whatever is on the screen."""
        if self._watch is None:
            self._watch = self._listed.watch(shown=False)
            self._listed.changed.connect(self._follow)
            self._follow()

    @property
    def summaries(self) -> tuple[RunbookSummary, ...]:
        """All that are known of, by title."""
        return self._listed.sample.value if self._listed.sample is not None else ()

    def for_alert(self, alert: Alert) -> list[RunbookSummary]:
        """The runbooks an alert leads to, the closest first."""
        from models.runbooks.matching import matching

        return matching(self.summaries, alert)

    def search(self, text: str) -> list[RunbookSummary]:
        """Those in which every word stands: in title, name, kinds, services or text."""
        words = text.casefold().split()
        return [each for each in self.summaries if all(word in self._hay(each) for word in words)]

    def _hay(self, summary: RunbookSummary) -> str:
        known = self.texts.get(summary.id)
        parts = (summary.title, summary.slug, summary.owner_name, *summary.alerts, *summary.services)
        return " ".join((*parts, known.text if known is not None else "")).casefold()

    def _follow(self) -> None:
        if self._listed.sample is None:  # whom it was for has left
            self.texts.clear()
        elif self._bringing:
            self._again = True
        else:
            self._bringing = True
            self._engine.tasks.start(self._bring(), name="keep runbooks")

    async def _bring(self) -> None:
        try:
            self._again = True
            while self._again:
                self._again = False
                for summary in self.summaries:
                    if not await self._bring_one(summary):
                        return
        finally:
            self._bringing = False

    async def _bring_one(self, summary: RunbookSummary) -> bool:
        """Have one as the list says it is; False while the server cannot be asked, which is tried again later."""
        from app.runbooks import requests
        from app.runbooks.domain import runbook_type

        known = self.texts.get(summary.id)
        if known is not None and known.version >= summary.version:
            return True
        key = f"runbook:{summary.id}"
        kept = None if known is not None else await self._engine.kept.get(key, runbook_type)
        if kept is not None:
            self._have(kept.value)
            if kept.value.version >= summary.version:
                return True
        sample = self._listed.sample
        if sample is None or sample.received_mono is None:  # an earlier run's list: only what is kept can be had
            return True
        try:
            fresh = await requests.runbook(self._engine.client, summary.id)
        except OperationsError:
            return False
        self._engine.kept.put(key, runbook_type, self._engine.sample(fresh, self._engine.clock.now()))
        self._have(fresh)
        return True

    def _have(self, runbook: Runbook) -> None:
        self.texts[runbook.id] = runbook
        self.changed.emit()
