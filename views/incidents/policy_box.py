"""Whom one can page, as a field: filled as soon as it is heard of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QDialog

from app.incidents.domain import Incidents

if TYPE_CHECKING:
    from app.console import Console
    from models.oncall.policies import Policy

WIDE = 16


class PolicyBox(QComboBox):
    """Escalation policies by name."""

    def __init__(
        self, console: Console, dialog: QDialog, name: str, *, nobody: str = "", chosen: str | None = None
    ) -> None:
        """``nobody`` is what paging none is called, where that can be chosen; the policies are asked for with it."""
        super().__init__()
        self._nobody, self._chosen = nobody, chosen
        self.setAccessibleName(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(WIDE)
        self._query = console.of(Incidents).policies()
        watch = self._query.watch()
        self._query.changed.connect(self._show)
        dialog.finished.connect(lambda *_: watch.close())
        self._show()

    @property
    def chosen(self) -> str | None:
        """Id of the policy; ``None``: nobody is paged, or nobody was chosen yet."""
        found: str | None = self.currentData()
        return found

    def _show(self) -> None:
        before = self.chosen if self.count() else self._chosen
        sample = self._query.sample
        known: tuple[Policy, ...] = sample.value if sample is not None else ()
        self.clear()
        if self._nobody:
            self.addItem(self._nobody, None)
        for one in known:
            self.addItem(one.name, one.id)
        if before is not None and self.findData(before) < 0:  # archived, or not heard of yet: it stays as it is
            self.addItem("the policy of now", before)
        self.setCurrentIndex(self.findData(before) if before is not None else 0 if self.count() else -1)
        if sample is not None:
            self.setPlaceholderText("There is no policy yet")
        elif self._query.error is not None:
            self.setPlaceholderText(f"Not loaded: {self._query.error}")
        else:
            self.setPlaceholderText("Waiting for the server…")
