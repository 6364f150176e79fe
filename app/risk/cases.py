"""Cases of the risk queue, fetched ahead: the one that is read, and its neighbours while nothing else is asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from app.core.errors import OperationsError, SignedOut
from app.core.signals import Signal

if TYPE_CHECKING:
    from app.core.tasks import Tasks
    from models.risk.case import RiskCase
    from models.risk.queue import RiskQueueEntry

KEPT = 24
AT_ONCE = 2


class CaseCache:
    """The last cases, by entry."""

    changed = Signal(str)
    """Carries the id of an entry whose case, or whose failure to load, is known now."""

    def __init__(
        self,
        ask: Callable[[str], Awaitable[RiskCase]],
        tasks: Tasks,
        *,
        on_case: Callable[[RiskCase, bool], None] = lambda _case, _shown: None,
        recall: Callable[[str], Awaitable[RiskCase | None]] | None = None,
    ) -> None:
        """``on_case`` is told each case as it comes, and whether it is read or a neighbour.

        ``recall`` gives what an earlier run kept of one, for when the server cannot be asked.
        """
        self.errors: dict[str, OperationsError] = {}
        """Why a wanted case could not be loaded."""
        self._ask, self._tasks = ask, tasks
        self._on_case, self._recall = on_case, recall
        self._read = ""
        """Id of the one that is read."""
        self._cases: OrderedDict[str, RiskCase] = OrderedDict()
        self._stale: set[str] = set()
        self._wanted: list[str] = []
        self._under_way: set[str] = set()

    def get(self, entry_id: str) -> RiskCase | None:
        """The case as it was last heard; ``None`` for one that was not."""
        return self._cases.get(entry_id)

    def __len__(self) -> int:
        return len(self._cases)

    def want(self, entry_ids: Sequence[str]) -> None:
        """Load these, in this order, where they are missing or out of date; what was wanted before is dropped."""
        for entry_id in reversed(entry_ids):
            if entry_id in self._cases:
                self._cases.move_to_end(entry_id)
        self._read = entry_ids[0] if entry_ids else ""
        self._wanted = [i for i in entry_ids if i not in self._cases or i in self._stale]
        self._pump()

    def note_entry(self, entry: RiskQueueEntry) -> None:
        """An entry as it is now: a case that is older is out of date. Notes leave the version as it is."""
        case = self._cases.get(entry.entry_id)
        if case is None:
            return
        known = case.entry
        if known.version < entry.version or len(known.notes) < len(entry.notes):
            self._stale.add(entry.entry_id)

    def outdate(self, entry_id: str) -> None:
        """What bears on it may have changed; it is shown as it was, and with its error, until it is heard anew."""
        if entry_id in self._cases:
            self._stale.add(entry_id)

    def clear(self) -> None:
        """Somebody else signed in: nothing of what the last one saw is kept."""
        self._cases.clear()
        self._stale.clear()
        self.errors.clear()
        self._wanted.clear()

    def _pump(self) -> None:
        while self._wanted and len(self._under_way) < AT_ONCE:
            entry_id = self._wanted.pop(0)
            if entry_id not in self._under_way:
                self._under_way.add(entry_id)
                self._tasks.start(self._load(entry_id), name="load a case")

    async def _load(self, entry_id: str) -> None:
        self._stale.discard(entry_id)  # what changes from here on may be missing from the answer
        try:
            case = await self._ask(entry_id)
        except OperationsError as error:
            self.errors[entry_id] = error
            away = error.lost_link or isinstance(error, SignedOut)
            if away and entry_id not in self._cases and self._recall is not None:
                kept = await self._recall(entry_id)
                if kept is not None:
                    self._hold(entry_id, kept)
            self._stale.add(entry_id)
        else:
            self.errors.pop(entry_id, None)
            self._hold(entry_id, case)
            self._on_case(case, entry_id == self._read)
        finally:
            self._under_way.discard(entry_id)
        self.changed.emit(entry_id)
        self._pump()

    def _hold(self, entry_id: str, case: RiskCase) -> None:
        self._cases[entry_id] = case
        self._cases.move_to_end(entry_id)
        while len(self._cases) > KEPT:
            gone, _ = self._cases.popitem(last=False)
            self._stale.discard(gone)
