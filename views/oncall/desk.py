"""What the panels of the workspace have in common: which schedule, page and policy are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.core.errors import OperationsError
from app.oncall.domain import VIEW, OnCall, acknowledge_page, send_tests
from models.oncall.pages import PageState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from models.oncall.pages import PageSummary
    from models.oncall.policies import Policy
    from models.oncall.schedules import Schedule
    from views.kit.capability import Window


class Desk(QObject):
    """Lives as long as the window. Pages are asked for all that time: whoever is paged must see it anywhere."""

    schedule_shown = Signal(str)
    """Somebody wants to see a schedule in the calendar."""
    paged = Signal(object)
    """Carries a page that calls whoever is signed in, once."""

    def __init__(self, window: Window) -> None:
        super().__init__(window.as_parent)
        self.console = window.console
        self.domain = window.console.of(OnCall)
        self.zone = "UTC"
        """In which times are shown."""
        self._pages = self.domain.pages()
        self._known: set[str] = set()
        self._watch = self._pages.watch()
        self._watch.shown = False  # its age is none of what is seen
        self._pages.changed.connect(self._heard)
        self.console.session.changed.connect(self._may_changed)
        self._may_changed()

    def show_schedule(self, schedule_id: str) -> None:
        """Have the calendar show a schedule."""
        self.schedule_shown.emit(schedule_id)

    # --- what was heard ----------------------------------------------------------------------------------------

    @property
    def pages(self) -> tuple[PageSummary, ...]:
        """Pages that are not over, and the last ones that are."""
        return self._pages.sample.value if self._pages.sample is not None else ()

    @property
    def waiting(self) -> list[PageSummary]:
        """Open pages, those that call whoever is signed in first, then the worst."""
        me = self.domain.me()
        found = [page for page in self.pages if page.state is PageState.OPEN]
        return sorted(found, key=lambda page: (me not in page.paged, page.severity, page.started_at))

    @property
    def mine(self) -> list[PageSummary]:
        """Open pages that call whoever is signed in."""
        me = self.domain.me()
        return [page for page in self.waiting if me in page.paged]

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        """All schedules, as they were last heard."""
        sample = self.domain.schedules().sample
        return sample.value if sample is not None else ()

    @property
    def policies(self) -> tuple[Policy, ...]:
        """All policies, as they were last heard."""
        sample = self.domain.policies().sample
        return sample.value if sample is not None else ()

    @property
    def schedule_names(self) -> dict[str, str]:
        """Names of schedules by id, from whatever was heard of them."""
        sample = self.domain.roster().sample
        rosters = sample.value.rosters if sample is not None else ()
        return {each.schedule_id: each.schedule_name for each in rosters} | {s.id: s.name for s in self.schedules}

    def _may_changed(self) -> None:
        self._watch.set_visible(self.console.session.may(VIEW))

    def _heard(self) -> None:
        """Say once that one is paged; what was heard at first is in the strip anyway."""
        mine = self.mine
        fresh = [page for page in mine if page.id not in self._known]
        self._known |= {page.id for page in mine}
        for page in fresh:
            self.console.messages.post(
                f"You are paged: {page.severity} {page.title}. “Acknowledge a page” tells everybody that you have it.",
                "warning",
            )
            self.paged.emit(page)

    # --- what is done ------------------------------------------------------------------------------------------

    def acknowledge(self, page: PageSummary) -> None:
        """Answer a page."""
        self._start(acknowledge_page(self.console.mutations, page), f"“{page.title}” was not acknowledged")

    def test(self, people: Sequence[str] = ()) -> None:
        """Page people to see that it reaches them; without any, oneself."""
        self._start(send_tests(self.console.mutations, tuple(people)), "The test was not sent")

    def _start(self, doing: Awaitable[object], failed: str) -> None:
        self.console.tasks.start(self._do(doing, failed), name="on call")

    async def _do(self, doing: Awaitable[object], failed: str) -> None:
        try:
            await doing
        except OperationsError as error:
            self.console.messages.post(f"{failed}: {error}", "error")
