"""What to look at: broken glass to review, access that differs outside, permissions nobody uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.access.domain import Access
from models.core.permissions import Permission, permission_words
from views.kit.query_panel import QueryPanel
from views.kit.theme import current
from views.kit.widgets.discard import discard
from views.kit.widgets.pill import Look, Pill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.console import Console
    from models.access import AccessDifference, AccessReview, UnusedPermissions

SHOWN_MOST = 50
KINDS = {
    "only_outside": "has it there, no such role here",
    "only_here": "has the role here, no access there",
    "unknown_role": "has a role there that nobody has mapped",
}


class OversightPanel(QueryPanel):
    """Three short lists; what is empty is not shown."""

    def __init__(self, console: Console) -> None:
        super().__init__(console, (Permission.VIEW_AUDIT,))
        access = console.of(Access)
        self._reviews, self._drift, self._hints = access.reviews(), access.drift(), access.hints()
        self._shown: object = None
        self._inside = QWidget()
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QScrollArea.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(self._inside)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._area)
        self.use(self._reviews, self._drift, self._hints)

    def refresh(self) -> None:
        """Build the lists anew when they say something else."""
        samples = (self._reviews.sample, self._drift.sample, self._hints.sample)
        reason = self.console.write_blocker(Permission.APPROVE_ROLES, irreversible=True)
        look = (current().tokens.name, current().px(100))
        state = (*(None if s is None else s.value for s in samples), reason, look)
        if state == self._shown:
            return
        self._shown = state
        fresh = QWidget()
        column = QVBoxLayout(fresh)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(4)
        for piece in self._pieces(reason):
            column.addWidget(piece)
        column.addStretch(1)
        old = self._area.takeWidget()
        self._area.setWidget(fresh)
        if old is not None:
            discard(old)

    def _pieces(self, reason: str | None) -> Iterator[QWidget]:
        reviews = self._reviews.sample.value if self._reviews.sample is not None else ()
        drift = self._drift.sample.value if self._drift.sample is not None else None
        hints = self._hints.sample.value if self._hints.sample is not None else ()
        differences = drift.differences if drift is not None else ()
        problems = [report for report in (drift.reports if drift is not None else ()) if report.problem]
        if reviews:
            yield _heading(f"Broken glass to review: {len(reviews)}")
            yield from (self._review(review, reason) for review in reviews[:SHOWN_MOST])
        if differences or problems:
            yield _heading(f"Outside access differs: {len(differences)}")
            yield from (_line(f"◆ {report.system}: {report.problem}") for report in problems)
            yield from (_difference(difference) for difference in differences[:SHOWN_MOST])
        if hints:
            yield _heading("Not used for 90 days")
            yield from (_hint(hint) for hint in hints[:SHOWN_MOST])
        if not (reviews or differences or problems or hints):
            known = self._reviews.sample is not None and drift is not None
            yield _line("Nothing to look at." if known else "Waiting for the first answer…")
            if drift is not None and not drift.reports:
                yield _line("No outside system reports its access yet; the administrators' guide says how.", quiet=True)

    def _review(self, review: AccessReview, reason: str | None) -> QWidget:
        given = review.assignment
        row = QWidget()
        across = QHBoxLayout(row)
        across.setContentsMargins(0, 0, 0, 0)
        since = f"{review.opened_at.day} {review.opened_at:%b %H:%M} UTC"
        words = f"◆ {given.role_name} for {given.user_name}, since {since}: “{given.reason}”"
        across.addWidget(_line(words), 1)
        close = Pill("Close…", Look.BUTTON, name=f"Close the review of {given.role_name} for {given.user_name}")
        me = self.console.session.me
        concerned = me is not None and me.user_id in {given.user_id, given.granted_by}
        why = reason or ("you asked for it or gained by it" if concerned else None)
        close.setEnabled(why is None)
        close.setToolTip(why or "")
        close.setAccessibleDescription(why or "")
        close.clicked.connect(lambda: self._close(review))
        across.addWidget(close)
        return row

    def _close(self, review: AccessReview) -> None:
        from views.access.grant_dialogs import ReviewDialog

        ReviewDialog(self.console, review, self.widget.window()).open()


def _difference(difference: AccessDifference) -> QWidget:
    role = f" ({difference.role_name} here)" if difference.role_name else ""
    words = f"{difference.system}: {difference.user_name}, {difference.outside_role}{role}: {KINDS[difference.kind]}"
    return _line(f"■ {words}, since {difference.first_seen.day} {difference.first_seen:%b %H:%M} UTC")


def _hint(hint: UnusedPermissions) -> QWidget:
    keys = ", ".join(permission_words(key) for key in hint.permissions)
    return _line(f"● {hint.user_name} as {hint.role_name}: {keys}")


def _heading(words: str) -> QLabel:
    label = QLabel(words)
    current().set_font(label, 10, 600)
    return label


def _line(words: str, *, quiet: bool = False) -> QLabel:
    label = QLabel(words)
    label.setWordWrap(True)
    current().set_font(label, 9 if quiet else 10)
    return label
