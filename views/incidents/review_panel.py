"""The review of the chosen incident: filled from what is known, written, approved by somebody else, published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QScrollArea, QVBoxLayout, QWidget

from app.core.errors import OperationsError
from app.core.mutation_types import InConflict
from app.incidents import decisions
from app.incidents.domain import WORK
from models.core.wording import counted
from models.incidents.reviews import ReviewChange, ReviewState
from views.incidents.following import IncidentFollower
from views.incidents.review_dialogs import ActionDialog, FactorsDialog, VerdictDialog
from views.incidents.wording import is_open, span_words
from views.kit.following_panel import explain
from views.kit.panel import Note
from views.kit.query_panel import unheard_words
from views.kit.theme import SECTION, current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.problem import ProblemLine
from views.kit.widgets.section import Lines, Pair, Section
from views.kit.widgets.table import Column, RecordTable

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from models.incidents.reviews import ActionItem, IncidentReview
    from views.kit.capability import Window

TEXTS = (
    ("summary", "Summary", "What happened, in a few sentences"),
    ("impact", "Impact", "Who was hit, how, for how long"),
    ("detection", "Detection", "How it was noticed, and what would have noticed it sooner"),
    ("response", "Response", "What was tried, and what helped"),
    ("went_well", "What went well", "What to keep"),
    ("went_badly", "What went badly", "What to change"),
)
STATE_WORDS = {
    ReviewState.DRAFT: "Draft",
    ReviewState.SUBMITTED: "Waits for approval",
    ReviewState.APPROVED: "Approved",
    ReviewState.PUBLISHED: "Published",
}
VERBS = (
    ("begin", "Begin the review", Look.PRIMARY),
    ("save", "Save", Look.PRIMARY),
    ("submit", "Ask for approval", Look.BUTTON),
    ("approve", "Approve…", Look.PRIMARY),
    ("send-back", "Send back…", Look.BUTTON),
    ("publish", "Publish", Look.PRIMARY),
    ("factors", "Factors…", Look.BUTTON),
    ("action", "Action item…", Look.BUTTON),
    ("done", "Item done", Look.BUTTON),
)
FIELD_HIGH = 84
NO_REVIEW = "nobody has begun it"


class ReviewPanel(IncidentFollower):
    """The panel. What is typed stays until it is saved, whatever the server answers meanwhile."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.title, self.about = QLabel(), QLabel()
        for label, name in ((self.title, "Review"), (self.about, "About it")):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setAccessibleName(name)
        self.buttons = {verb: Pill(words, look, name=words.rstrip("…")) for verb, words, look in VERBS}
        for verb, pill in self.buttons.items():
            pill.clicked.connect(lambda _=False, v=verb: self.do(v))
        self.problem = ProblemLine()
        self.fields: dict[str, QPlainTextEdit] = {}
        self._shown: dict[str, str] = {}
        """What the fields held when they were last filled from an answer."""
        self._shown_for = ""
        self._base: IncidentReview | None = None
        """The review what is typed is based on."""
        self._busy = False
        sections = []
        for name, words, hint in TEXTS:
            field = self.fields[name] = QPlainTextEdit()
            field.setAccessibleName(words)
            field.setPlaceholderText(hint)
            field.setTabChangesFocus(True)
            field.setFixedHeight(current().px(FIELD_HIGH))
            field.textChanged.connect(self._explain)
            sections.append(Section(words, field, points=10))
        self.figures, self.factors, self.moments = Lines("Figures"), Lines("Contributing factors"), Lines("Moments")
        self.items = RecordTable(
            (
                Column("Action item", lambda each: each.title, 160, stretch=True),
                Column("Owner", lambda each: each.owner_name, 96, quiet=True, fits=True),
                Column("Due", _due, 96, chip=True, fits=True),
            ),
            "Action items",
        )
        self.items_section = Section("Action items", self.items, points=10)
        self._body = QWidget()
        column = QVBoxLayout(self._body)
        column.setContentsMargins(14, 0, 14, 12)
        column.setSpacing(14)
        column.addWidget(
            Pair(Section("Figures", self.figures, points=10), Section("Contributing factors", self.factors, points=10))
        )
        for left, right in zip(sections[::2], sections[1::2], strict=True):
            column.addWidget(Pair(left, right))
        column.addWidget(Section("Moments that tell the story", self.moments, points=10))
        column.addWidget(self.items_section)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self._body)
        head = QVBoxLayout()
        head.setContentsMargins(14, 10, 14, 0)
        head.setSpacing(4)
        for widget in (self.title, self.about, self.problem):
            head.addWidget(widget)
        outer = QVBoxLayout(self.content)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(6)
        outer.addLayout(head)
        outer.addWidget(Flow(*self.buttons.values(), gap=WIDE_GAP))
        outer.addWidget(area, 1)
        save = QShortcut(QKeySequence.StandardKey.Save, self.widget)
        save.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        save.activated.connect(lambda: self.do("save"))
        self.items.activated_row.connect(self._edit_item)
        self.items.selectionModel().currentRowChanged.connect(lambda *_: self._explain())
        self.widget.setAccessibleName("Review")
        self.use()
        self.follow_chosen()

    # --- panel -------------------------------------------------------------------------------------------------------

    @property
    def review(self) -> IncidentReview | None:
        """The review as it is known."""
        found: IncidentReview | None = self.answer("review")
        return found

    def own_note(self) -> Note:
        """Whether something is not saved, else the age."""
        if self.changed_fields:
            return Note("not saved yet", "late")
        return self.age_note()

    def own_menu(self) -> list[QAction]:
        """All that can be done with it."""
        made = []
        for verb, words, _ in VERBS:
            action = QAction(words, self)
            reason = self.blocker(verb)
            action.setEnabled(reason is None)
            action.setToolTip(reason or "")
            action.triggered.connect(lambda _=False, v=verb: self.do(v))
            made.append(action)
        return made

    def follow_chosen(self) -> None:
        """Ask about the chosen incident."""
        known = self.desk.incident_id
        self.ask("review", self.domain.review(known) if known else None)
        self.ask("actions", self.domain.actions(known) if known else None)

    def refresh(self) -> None:
        """Show the newest answers; fields somebody has typed in stay."""
        incident, review, theme = self.incident, self.review, current()
        theme.set_font(self.title, SECTION, 600)
        theme.set_font(self.about, 9)
        self.title.setText(
            "No incident is chosen." if incident is None else f"Review of {incident.reference}: {incident.title}"
        )
        self.about.setText(self._about_words())
        self._body.setVisible(review is not None)
        if review is not None:
            self._fill(review)
            self.figures.show_lines(figure_lines(review), 150)
            factors = [(str(each.kind), each.text, False) for each in review.factors]
            self.factors.show_lines(factors or [("", "None is named yet.", False)], 96)
            moments = [(f"{each.at:%H:%M}", each.text, False) for each in review.moments]
            self.moments.show_lines(moments or [("", "Pin entries of the log: X on an entry.", False)], 52)
            items: tuple[ActionItem, ...] = self.answer("actions") or ()
            self.items.renew_rows(items)
            high = self.items.verticalHeader().defaultSectionSize()
            self.items.setFixedHeight(self.items.horizontalHeader().height() + max(1, min(8, len(items))) * high + 2)
            left = sum(1 for each in items if each.done_at is None)
            self.items_section.heading.say(f"{left} of {len(items)} to do" if items else "none yet")
        self._explain()

    def _about_words(self) -> str:
        incident, review = self.incident, self.review
        if incident is None:
            return ""
        if review is None:
            if is_open(incident):
                return "A review begins when the incident is resolved."
            needed = (
                "Its severity asks for a review." if incident.review_required else "None is needed; it can have one."
            )
            return f"{needed} Nobody has begun it." if self._heard else unheard_words(self.console)
        parts = [STATE_WORDS[review.state]]
        if review.due_at is not None and review.state is not ReviewState.PUBLISHED:
            parts.append(f"due {review.due_at:%Y-%m-%d}")
        writers = dict.fromkeys((review.author, *review.editors))
        parts.append(f"written by {', '.join(review.names.get(each, each) for each in writers)}")
        if review.approved_by is not None:
            parts.append(f"approved by {review.names.get(review.approved_by, review.approved_by)}")
        if review.published_at is not None:
            parts.append(f"published {review.published_at:%Y-%m-%d %H:%M} UTC")
        return " · ".join(parts)

    @property
    def _heard(self) -> bool:
        query = self._asked.get("review")
        return query is not None and query.sample is not None

    # --- fields ------------------------------------------------------------------------------------------------------

    @property
    def changed_fields(self) -> dict[str, str]:
        """What was typed and is not saved."""
        if self._base is None:
            return {}
        texts = {name: field.toPlainText() for name, field in self.fields.items()}
        return {name: text for name, text in texts.items() if text != self._shown.get(name, "")}

    def _fill(self, review: IncidentReview) -> None:
        fresh = review.incident_id != self._shown_for
        typed = {} if fresh else self.changed_fields
        self._shown_for = review.incident_id
        if not typed:
            self._base = review
        for name, field in self.fields.items():
            text = getattr(review, name)
            if name in typed or (field.toPlainText() == text and not fresh):
                continue
            field.blockSignals(True)
            field.setPlainText(text)
            field.blockSignals(False)
            self._shown[name] = text
        for field in self.fields.values():
            field.setReadOnly(review.state is ReviewState.PUBLISHED or not self.console.session.may(WORK))

    # --- what can be done --------------------------------------------------------------------------------------------

    def blocker(self, verb: str) -> str | None:
        """Why something cannot be done now, in words."""
        incident, review = self.incident, self.review
        if incident is None:
            return "no incident is chosen"
        if self._busy:
            return "the last change is on its way"
        if verb == "begin":
            if review is not None:
                return "it is begun"
            if incident.resolved_at is None:
                return "the incident is open"
        elif review is None:
            return NO_REVIEW
        reason = self.console.write_blocker(WORK, irreversible=verb != "done")
        return reason or self._state_blocker(verb)

    def _state_blocker(self, verb: str) -> str | None:
        review, me = self.review, self.console.session.me
        if review is None:
            return None
        unsaved = bool(self.changed_fields)
        match verb:
            case "save":
                return None if unsaved else "nothing is different"
            case "factors" if review.state is ReviewState.PUBLISHED:
                return "it is published"
            case "submit":
                if unsaved:
                    return "save what was typed first"
                return None if review.state is ReviewState.DRAFT else f"it is {review.state}"
            case "approve" | "send-back":
                if review.state is not ReviewState.SUBMITTED:
                    return "nobody has asked for approval"
                written = me is not None and me.user_id in {review.author, *review.editors}
                return "you have written a part of it" if written and verb == "approve" else None
            case "publish":
                return None if review.state is ReviewState.APPROVED else "it is not approved"
            case "done":
                chosen = self.chosen_item
                return "choose an action item first" if chosen is None else None
        return None

    def _explain(self) -> None:
        review = self.review
        state = review.state if review is not None else None
        shown = {
            "begin": review is None,
            "save": review is not None and state is not ReviewState.PUBLISHED,
            "submit": state is ReviewState.DRAFT,
            "approve": state is ReviewState.SUBMITTED,
            "send-back": state is ReviewState.SUBMITTED,
            "publish": state is ReviewState.APPROVED,
            "factors": review is not None and state is not ReviewState.PUBLISHED,
            "action": review is not None,
            "done": review is not None,
        }
        for verb, pill in self.buttons.items():
            pill.setVisible(shown[verb])
            explain(pill, self.blocker(verb))
        chosen = self.chosen_item
        self.buttons["done"].set("Item not done" if chosen is not None and chosen.done_at is not None else "Item done")
        self.noted.emit()

    @property
    def chosen_item(self) -> ActionItem | None:
        """The action item of the chosen row."""
        row, rows = self.items.currentIndex().row(), self.items.records.rows
        return rows[row] if 0 <= row < len(rows) else None

    def _edit_item(self, item: ActionItem) -> None:
        ActionDialog(self.console, self.desk.incident_id, self.window.as_parent, item).open()

    def do(self, verb: str) -> None:
        """What a button or the menu asks for."""
        incident, review, console = self.incident, self.review, self.console
        if self.blocker(verb) is not None or incident is None:
            return
        match verb:
            case "begin":
                self._start(decisions.begin_review(console.mutations, incident))
            case "action":
                ActionDialog(console, incident.incident_id, self.window.as_parent).open()
            case _ if review is None:
                return
            case "save":
                self._save()
            case "submit":
                self._start(decisions.submit_review(console.mutations, review))
            case "publish":
                self._start(decisions.publish_review(console.mutations, review))
            case "approve" | "send-back":
                VerdictDialog(console, review, self.window.as_parent, approve=verb == "approve").open()
            case "factors":
                FactorsDialog(console, review, self.window.as_parent).open()
            case "done" if (item := self.chosen_item) is not None:
                from models.incidents.reviews import ActionItemChange

                change = ActionItemChange(done=item.done_at is None)
                self._start(decisions.change_action(console.mutations, item, change))

    def _save(self) -> None:
        changed = self.changed_fields
        if self._base is not None and changed:
            self._start(decisions.change_review(self.console.mutations, self._base, ReviewChange(**changed)), changed)

    def _start(self, work: Awaitable[Any], saved: dict[str, str] | None = None) -> None:
        self._busy = True
        self.problem.say("")
        self._explain()
        self.console.tasks.start(self._carry_out(work, saved or {}), name="a review")

    async def _carry_out(self, work: Awaitable[Any], saved: dict[str, str]) -> None:
        try:
            await work
        except InConflict:
            self._shown |= saved  # the choice is asked for in a view of its own
        except OperationsError as error:
            self.problem.say(f"{error} {counted(len(saved), 'field')} not saved." if saved else str(error))
        else:
            self._shown |= saved
        finally:
            self._busy = False
            self._renew()


def figure_lines(review: IncidentReview) -> list[tuple[str, str, bool]]:
    """What the records say, a line each."""
    one = review.figures
    times = (
        ("Time to detect", one.detect_seconds),
        ("Time to acknowledge", one.acknowledge_seconds),
        ("Time to mitigate", one.mitigate_seconds),
        ("Time to resolve", one.resolve_seconds),
    )
    lines = [
        (name, "not known" if seconds is None else span_words(seconds), seconds is not None) for name, seconds in times
    ]
    lines.append(("Alerts", f"{one.alerts:,}", False))
    late = f", {one.updates_late} late" if one.updates_late else ""
    lines.append(("Updates", f"{one.updates:,}{late}", False))
    lines.append(("Deploys before", f"{one.deploys:,} in the two hours before", False))
    for each in one.figures:
        worst = "no data" if each.worst is None else f"worst {each.worst:,.4g}"
        limit = "" if each.limit is None else f", limit {each.limit:,.4g}"
        lines.append((each.title, f"{worst}{limit}", False))
    return lines


def _due(item: ActionItem) -> str:
    if item.done_at is not None:
        return f"done {item.done_at:%m-%d}"
    return f"late · {item.due_on:%m-%d}" if item.overdue else f"{item.due_on}"
