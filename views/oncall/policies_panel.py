"""Escalation policies: who is paged, after how long who else, and how far pages get."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app.oncall.domain import MANAGE, RESPOND, VIEW, OnCall
from app.oncall.wording import people_words, step_words, target_words
from models.core.wording import counted
from models.oncall.pages import PageState
from models.oncall.policies import TargetKind
from views.kit.following_panel import explain
from views.kit.panel import Note
from views.kit.query_panel import QueryPanel, unheard_words
from views.kit.theme import current, mixed
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.oncall.calendar_panel import show_chosen
from views.oncall.desk import Desk
from views.oncall.now_tile import draw_text

if TYPE_CHECKING:
    from models.oncall.policies import Policy, Target
    from views.kit.capability import Window

STEP, MINUTES, BAR = 42, 64, 110


class Ladder(QWidget):
    """The steps of a policy along a line, with the share of pages that were answered in each."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: tuple[tuple[int, str, str, float | None], ...] = ()
        """Minutes after the beginning, whom, what else there is to say, and the share that was answered."""
        self.at: int | None = None
        """The step a page has come to."""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Steps of the escalation policy")

    def show_steps(self, steps: tuple[tuple[int, str, str, float | None], ...], at: int | None) -> None:
        """Draw these."""
        if (steps, at) != (self.steps, self.at):
            self.steps, self.at = steps, at
            self.setAccessibleDescription(
                ". ".join(f"{minutes} min: {who}{f', {more}' if more else ''}" for minutes, who, more, _ in steps)
            )
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(current().px(360), current().px(STEP) * max(1, len(self.steps)))

    def minimumSizeHint(self) -> QSize:
        return QSize(current().px(240), self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, tokens, painter = current(), current().tokens, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        step, line = theme.px(STEP), theme.px(MINUTES) + theme.px(12)
        wide = theme.px(BAR) if self.width() > theme.px(420) else 0
        for number, (minutes, who, more, share) in enumerate(self.steps):
            top, middle = number * step, number * step + theme.px(12)
            reached = self.at is not None and number <= self.at
            if number + 1 < len(self.steps):
                style = Qt.PenStyle.SolidLine if reached else Qt.PenStyle.DotLine
                painter.setPen(QPen(QColor(tokens.control_border), 1.4, style))
                painter.drawLine(QPointF(line, middle), QPointF(line, middle + step))
            current_step = number == self.at
            painter.setPen(QPen(QColor(tokens.p3 if current_step else tokens.control_border), 1.6))
            painter.setBrush(QColor(tokens.p3 if current_step else tokens.text2 if reached else tokens.window))
            if current_step:
                painter.drawRect(QRectF(line - 5, middle - 5, 10, 10))
            else:
                painter.drawEllipse(QPointF(line, middle), 4, 4)
            box = QRectF(0, top, theme.px(MINUTES), theme.px(24))
            draw_text(painter, box, f"{minutes} min", 10, 600, tokens.text, right=True)
            left = line + theme.px(16)
            room = self.width() - left - wide - theme.px(12)
            draw_text(painter, QRectF(left, top, room, theme.px(24)), who, 10, 600, tokens.text)
            draw_text(painter, QRectF(left, top + theme.px(20), room, theme.px(20)), more, 9, 400, tokens.text2)
            if wide and share is not None:
                self._draw_share(painter, share, QRectF(self.width() - wide - 8, top, wide, theme.px(24)))

    def _draw_share(self, painter: QPainter, share: float, box: QRectF) -> None:
        theme, tokens = current(), current().tokens
        words = f"{share:.0%}"
        room = box.width() - theme.px(44)
        track = QRectF(box.left(), box.center().y() - 2, room, 4)
        painter.fillRect(track, mixed(tokens.line, tokens.window, 0.7))
        painter.fillRect(QRectF(track.left(), track.top(), room * share, 4), QColor(tokens.text2))
        draw_text(painter, box, words, 10, 600, tokens.text, right=True)


class PoliciesPanel(QueryPanel):
    """One policy at a time, by tabs."""

    def __init__(self, window: Window) -> None:
        console = window.console
        super().__init__(console, (VIEW,))
        self._window, self.desk, self._domain = window, window.shared(Desk), console.of(OnCall)
        self._query, self._now, self._pages = self._domain.policies(), self._domain.now(), self._domain.pages()
        self.chosen_id = ""
        self.tabs: dict[str, Pill] = {}
        self.bar = Flow(gap=WIDE_GAP)
        self.intro = QLabel()
        self.intro.setWordWrap(True)
        self.intro.setContentsMargins(12, 2, 12, 8)
        self.ladder = Ladder()
        self.outro = QLabel()
        self.outro.setWordWrap(True)
        self.outro.setContentsMargins(12, 4, 12, 8)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.intro, self.ladder, self.outro):
            column.addWidget(part)
        column.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setAccessibleName("Escalation policy")
        self.area.setWidget(inside)
        self.buttons = {
            "oncall.page": Pill("Page…", Look.BUTTON, name="Page by this policy", key="P"),
            "oncall.change-policy": Pill("Change…", Look.BUTTON, name="Change this policy", key="E"),
            "oncall.new-policy": Pill("New…", Look.BUTTON, name="New escalation policy", button=True),
        }
        for known, pill in self.buttons.items():
            pill.clicked.connect(lambda _=False, k=known: console.actions.execute(k))
        outer = QVBoxLayout(self.content)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.bar)
        outer.addWidget(self.area, 1)
        outer.addWidget(Flow(*self.buttons.values(), gap=WIDE_GAP))
        self.use(self._query, self._now, self._pages, self._domain.roster())

    def own_note(self) -> Note:
        """Which version is shown."""
        note, policy = super().own_note(), self.chosen
        words = f"version {policy.version}" if policy is not None else ""
        return Note(" · ".join(part for part in (words, note.text) if part), note.kind)

    @property
    def policies(self) -> tuple[Policy, ...]:
        """All that were heard of."""
        return self._query.sample.value if self._query.sample is not None else ()

    @property
    def chosen(self) -> Policy | None:
        """The one that is shown."""
        return next((p for p in self.policies if p.id == self.chosen_id), None) or next(iter(self.policies), None)

    def choose(self, policy_id: str) -> None:
        """Show another one."""
        self.chosen_id = policy_id
        self._renew()

    def refresh(self) -> None:
        """Show the newest answer."""
        policy = self.chosen
        for each in self.policies:
            if each.id not in self.tabs:
                self.tabs[each.id] = pill = Pill(each.name, Look.OUTLINE, name=each.name)
                pill.clicked.connect(lambda _=False, k=each.id: self.choose(k))
                self.bar.add(pill)
        names = {each.id: each.name for each in self.policies}
        for known, pill in self.tabs.items():
            pill.setVisible(known in names)
            show_chosen(pill, names.get(known, ""), chosen=policy is not None and known == policy.id)
            pill.setAccessibleName(names.get(known, ""))
        self._show_policy(policy)
        for known, pill in self.buttons.items():
            explain(pill, self.console.actions.reason(self.console.actions.get(known)))

    def _show_policy(self, policy: Policy | None) -> None:
        if policy is None:
            words = "There is no escalation policy yet: nobody is paged. “New…” adds the first."
            if self._query.sample is None:
                failed = self._query.error is not None
                words = f"Not loaded: {self._query.error}" if failed else unheard_words(self.console)
            self.intro.setText(words)
            self.ladder.show_steps((), None)
            self.ladder.hide()
            self.outro.hide()
            return
        kept = self._query.sample is not None and self._query.sample.received_mono is None
        said = "Until somebody answers. Then the rest is not paged."
        self.intro.setText(f"{said} {unheard_words(self.console)}" if kept else said)
        definition, minutes, steps = policy.definition, 0, []
        answered = {each.step: each.acknowledged for each in policy.answered}
        whole = sum(answered.values())
        schedules, names = self.desk.schedule_names, self._domain.names()
        for number, step in enumerate(definition.steps):
            minutes += step.after_minutes
            more = [self._on_now(step.targets)] if step.targets else []
            if step.severities:
                more.append(f"only {', '.join(step.severities)}")
            share = answered.get(number, 0) / whole if whole else None
            words = " · ".join(part for part in more if part)
            steps.append((minutes, step_words(step, schedules, names), words, share))
        running = next(
            (p for p in self.desk.pages if p.policy_id == policy.id and p.state is PageState.OPEN and not p.test), None
        )
        self.ladder.show_steps(tuple(steps), self._step_of(running.id) if running is not None else None)
        self.ladder.show()
        after = [
            f"then again from the start, {counted(definition.repeats, 'time')}"
            if definition.repeats
            else "then nothing is repeated"
        ]
        if definition.fallback:
            fallback = ", ".join(target_words(target, schedules, names) for target in definition.fallback)
            after.append(f"at last {fallback}")
        if definition.unacknowledge_minutes:
            after.append(f"an acknowledged page is open again after {definition.unacknowledge_minutes} min without end")
        self.outro.setText(" · ".join(after))
        self.outro.show()

    def _step_of(self, page_id: str) -> int | None:
        """How far a page has come, if its calls are known."""
        sample = self._domain.page(page_id).sample
        calls = sample.value.calls if sample is not None else ()
        return calls[-1].step if calls else None

    def _on_now(self, targets: tuple[Target, ...]) -> str:
        """Who that is at this moment."""
        sample = self._now.sample
        if sample is None:
            return ""
        wanted = {target.id for target in targets if target.kind is TargetKind.ON_CALL}
        people = [p for each in sample.value.schedules if each.schedule_id in wanted for p in each.people]
        return people_words(dict.fromkeys(people), sample.value.names) if wanted else ""

    def blocker(self, verb: str) -> str | None:
        """Why something cannot be done about the policy that is shown; ``None`` when it can."""
        if self.chosen is None:
            return "there is no escalation policy"
        return self.console.write_blocker(RESPOND if verb == "page" else MANAGE, irreversible=True)
