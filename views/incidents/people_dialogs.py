"""Who has it: hand over a role, take part, page somebody; and which alerts belong to it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QCompleter, QListWidget, QListWidgetItem, QWidget

from app.alerts import Alerts
from app.core.errors import OperationsError
from app.incidents import decisions
from app.incidents.domain import Incidents
from models.incidents import IncidentRole
from views.incidents.dialogs import IncidentDialog, paragraph
from views.incidents.policy_box import PolicyBox
from views.incidents.wording import ROLES, holder
from views.kit.theme import current

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.console import Console
    from models.incidents import IncidentRecord
    from models.incidents.context import Helper


class PeopleBox(QComboBox):
    """Everybody who can be asked, found by any part of a name; oneself first."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(24)
        completer = self.completer()
        if completer is not None:
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
            completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)

    def hint(self, words: str) -> None:
        """What stands in it while nobody is chosen."""
        if (line := self.lineEdit()) is not None:
            line.setPlaceholderText(words)

    def offer(self, people: Sequence[Helper], own: str = "") -> None:
        """Let one of these be chosen. Ids are for machines: they tell apart only who is called the same."""
        called = Counter(each.name for each in people)
        for one in people:
            name = one.name if called[one.name] == 1 else f"{one.name} ({one.user_id})"
            self.addItem(f"{name} (you)" if one.user_id == own else name, (one.user_id, one.name))
        self.setCurrentIndex(-1)

    @property
    def person(self) -> tuple[str, str] | None:
        """Id and name of whoever is chosen, or of the only one whom the letters fit."""
        typed = self.currentText().strip()
        at = self.findText(typed)
        if at < 0 and typed:
            fitting = [each for each in range(self.count()) if typed.casefold() in self.itemText(each).casefold()]
            at = fitting[0] if len(fitting) == 1 else -1
        data = self.itemData(at) if at >= 0 else None
        return data if isinstance(data, tuple) and data[0] else None


class _ForSomebody(IncidentDialog):
    """Asks for a person."""

    def __init__(
        self, console: Console, incident: IncidentRecord, parent: QWidget, title: str, accept: str, hint: str
    ) -> None:
        super().__init__(console, incident, parent, title, accept, hint)
        self.person = PeopleBox("Person")
        self.person.hint("Waiting for the server…")
        self.look(console.tasks, self._load(), "people who can help")

    async def _load(self) -> None:
        try:
            people = await self.console.of(Incidents).helpers()
        except OperationsError as error:
            self.fail(f"Who there is cannot be had: {error}")
            return
        me = self.console.session.me
        own = me.user_id if me is not None else ""
        self.person.offer(sorted(people, key=lambda each: each.user_id != own), own)
        self.person.hint("A name")


class HandOverDialog(_ForSomebody):
    """Asks which role goes to whom."""

    def __init__(self, console: Console, incident: IncidentRecord, parent: QWidget) -> None:
        super().__init__(
            console, incident, parent, "Hand over a role", "Hand it over", "What they need to know (may stay empty)"
        )
        self.role = QComboBox()
        self.role.setAccessibleName("Role")
        for role, name in ROLES.items():
            held = holder(incident, role)
            self.role.addItem(f"{name}, {'held by ' + held.name if held else 'nobody has it'}", role)
        self.form.addRow("Role", self.role)
        self.form.addRow("To", self.person)
        self.column.addWidget(self.words)
        self.person.setFocus()

    def submit(self) -> None:
        """Hand it over."""
        person = self.person.person
        if person is None:
            self.fail("Choose somebody of the list.", self.person)
            return
        role = IncidentRole(self.role.currentData())
        held = holder(self.incident, role)
        if held is not None and held.user_id == person[0]:
            self.fail(f"{person[1]} has this role already.", self.person)
            return
        text = self.checked_words(needed=False)
        if text is not None:
            self.send(lambda: decisions.hand_over(self.console.mutations, self.incident, role, person, text[:500]))


class JoinDialog(_ForSomebody):
    """Asks who takes part, and why."""

    def __init__(self, console: Console, incident: IncidentRecord, parent: QWidget) -> None:
        super().__init__(console, incident, parent, "Somebody takes part", "Take part", "Why, such as what they know")
        self.form.addRow("Who", self.person)
        self.column.addWidget(self.words)

    def submit(self) -> None:
        """They take part."""
        person = self.person.person
        if person is None:
            self.fail("Choose somebody of the list.", self.person)
            return
        text = self.checked_words()
        if text is not None:
            self.send(lambda: decisions.take_part(self.console.mutations, self.incident, person, text))


class LeaveDialog(IncidentDialog):
    """Asks who takes part no longer, and why."""

    def __init__(self, console: Console, incident: IncidentRecord, parent: QWidget) -> None:
        super().__init__(
            console, incident, parent, "Somebody takes part no longer", "Take them off", "Why, such as who goes on"
        )
        self.person = QComboBox()
        self.person.setAccessibleName("Person")
        for one in incident.participants:
            self.person.addItem(f"{one.name}: {one.reason}", (one.user_id, one.name))
        self.form.addRow("Who", self.person)
        self.column.addWidget(self.words)
        self.person.setFocus()

    def submit(self) -> None:
        """They take part no longer."""
        person: tuple[str, str] | None = self.person.currentData()
        if person is None:
            self.fail("Nobody takes part besides its roles.", self.person)
            return
        text = self.checked_words()
        if text is not None:
            self.send(lambda: decisions.leave(self.console.mutations, self.incident, person, text))


class PageDialog(IncidentDialog):
    """Asks which policy is paged, and why."""

    def __init__(self, console: Console, incident: IncidentRecord, parent: QWidget) -> None:
        super().__init__(console, incident, parent, "Page somebody", "Page now", "Why, for whoever is woken by it")
        self.policy = PolicyBox(console, self, "Escalation policy")
        self.form.addRow("Page by", self.policy)
        self.column.addWidget(paragraph("Whoever is on call is paged now, then step by step until somebody answers."))
        self.ask_for_words()

    def submit(self) -> None:
        """Page."""
        if self.policy.chosen is None:
            self.fail("Choose whom to page.", self.policy)
            return
        text, policy = self.checked_words(), (self.policy.chosen, self.policy.currentText())
        if text is not None:
            self.send(lambda: decisions.page(self.console.mutations, self.incident, policy, text))


class AttachDialog(IncidentDialog):
    """Open alerts that do not belong to it yet; those chosen join, and later ones of their groups with them."""

    def __init__(self, console: Console, incident: IncidentRecord, parent: QWidget) -> None:
        super().__init__(console, incident, parent, "Attach alerts", "Attach", "Why")
        self.words.setParent(self)
        self.words.hide()
        attached = console.of(Incidents).alerts(incident.incident_id).sample
        mine = {each.id for each in (attached.value if attached is not None else ()) if each.ended_at is None}
        known = console.of(Alerts).list().sample
        self.list = QListWidget()
        self.list.setAccessibleName("Alerts")
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.list.setMinimumSize(current().px(520), current().px(180))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for alert in known.value if known is not None else ():
            if alert.cleared_at is None and alert.id not in mine:
                item = QListWidgetItem(f"{alert.severity}  {alert.title}, since {alert.raised_at:%H:%M} UTC")
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Unchecked)
                item.setData(Qt.ItemDataRole.UserRole, alert.id)
                item.setToolTip(item.text())
                self.list.addItem(item)
        if self.list.count():
            self.list.setCurrentRow(0)
        said = "Space ticks an alert. Later ones of its group join by themselves."
        self.column.addWidget(paragraph(said if self.list.count() else "Every alert that burns belongs to it already."))
        self.column.addWidget(self.list, 1)
        self.list.setFocus()

    def submit(self) -> None:
        """Attach those that are ticked."""
        items = [self.list.item(n) for n in range(self.list.count())]
        chosen = [
            str(item.data(Qt.ItemDataRole.UserRole)) for item in items if item.checkState() == Qt.CheckState.Checked
        ]
        if not chosen:
            self.fail("Tick at least one alert.", self.list)
            return
        self.send(lambda: decisions.attach(self.console.mutations, self.incident, chosen))
