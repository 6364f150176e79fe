"""Who works on the incident, which alerts belong to it, who was paged and what was told, with what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from app.core.errors import OperationsError
from app.incidents import decisions
from models.core.wording import counted, initials
from models.deliveries.receipts import ReceiptState
from models.oncall.pages import PageState
from views.incidents.following import IncidentFollower
from views.incidents.wording import LINKS, ROLES
from views.incidents.work import GROUPED, blocker
from views.kit.browser import browse
from views.kit.widgets.section import Lines, Section
from views.kit.widgets.table import Column, RecordTable

if TYPE_CHECKING:
    from models.deliveries.receipts import NoticeReceipts, Receipt
    from models.incidents.alerts import AttachedAlert
    from models.incidents.deliveries import IncidentDeliveries
    from models.oncall.pages import PageDetail
    from views.kit.capability import Window
    from views.kit.panel import Note

RECEIPTS = {
    ReceiptState.WAITING: "waiting",
    ReceiptState.UNREACHABLE: "no way",
    ReceiptState.FORGOTTEN: "sent",
}
LINK_ROWS, ALERT_ROWS, RECEIPT_ROWS = 4, 4, 8


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One line: a page to somebody, or a notice by one connection."""

    at: datetime
    to: str
    delivered: str
    answered: str


class CrewPanel(IncidentFollower):
    """The panel."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.people = Lines("People")
        self.links = RecordTable(
            (
                Column("To", lambda each: LINKS[each.kind], 92, quiet=True, fits=True),
                Column("Link", lambda each: each.title or each.url, 120, stretch=True),
            ),
            "Links of the incident",
        )
        self.links.activated_row.connect(lambda each: browse(each.url))
        self.alerts = RecordTable(
            (
                Column("", lambda each: str(each.severity), 34, weight=600, fits=True),
                Column("Alert", lambda each: each.title, 120, stretch=True),
                Column("State", _alert_state, 84, quiet=True, fits=True),
            ),
            "Alerts of the incident",
        )
        self.receipts = RecordTable(
            (
                Column("Sent", lambda each: f"{each.at:%H:%M:%S}", 62, quiet=True, fits=True),
                Column("To and by", lambda each: each.to, 100, stretch=True),
                Column("Delivered", lambda each: each.delivered, 72, fits=True),
                Column("Answered", lambda each: each.answered, 64, right=True, fits=True),
            ),
            "Pages and receipts",
        )
        self.sections = {
            "people": Section("People", self.people, points=10),
            "links": Section("Links", self.links, points=10),
            "alerts": Section("Alerts", self.alerts, points=10),
            "receipts": Section("Pages and receipts", self.receipts, points=10),
        }
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(12, 8, 8, 8)
        column.setSpacing(10)
        for section in self.sections.values():
            column.addWidget(section)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        outer = QVBoxLayout(self.content)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        self.widget.setAccessibleName("Crew, alerts and pages")
        self.use()
        self.follow_chosen()

    # --- panel -------------------------------------------------------------------------------------------------------

    def own_note(self) -> Note:
        """Age of the record."""
        return self.age_note()

    def own_menu(self) -> list[QAction]:
        """Roles, pages, alerts; take the chosen alert away."""
        made = []
        for verb in ("hand-over", "join", "leave", "links", "page", "attach"):
            action = QAction(dict(GROUPED)[verb], self)
            reason = blocker(self.window, verb)
            action.setEnabled(reason is None)
            action.setToolTip(reason or "")
            action.triggered.connect(lambda _=False, v=verb: self.console.actions.execute(f"incidents.{v}"))
            made.append(action)
        chosen = self.chosen_alert
        action = QAction("Detach the chosen alert", self)
        reason = "choose an alert first" if chosen is None else blocker(self.window, "attach")
        action.setEnabled(reason is None)
        action.setToolTip(reason or "")
        action.triggered.connect(self.detach)
        return [*made, action]

    def follow_chosen(self) -> None:
        """Ask about the chosen incident."""
        known = self.desk.incident_id
        self.ask("alerts", self.domain.alerts(known) if known else None)
        self.ask("deliveries", self.domain.deliveries(known) if known else None)

    def refresh(self) -> None:
        """Show the newest answers."""
        self._show_people()
        links = self.incident.links if self.incident is not None else ()
        self.links.renew_rows(links)
        self.sections["links"].heading.say("Enter opens it" if links else "none")
        alerts: tuple[AttachedAlert, ...] = self.answer("alerts") or ()
        self.alerts.renew_rows(alerts)
        burning = sum(1 for each in alerts if each.cleared_at is None)
        self.sections["alerts"].heading.say(f"{burning} of {len(alerts)} not cleared" if alerts else "none is attached")
        told = lines_of(self.answer("deliveries"))
        self.receipts.renew_rows(told)
        self.sections["receipts"].heading.say("times in UTC" if told else "nobody was paged or told")
        for table, most in ((self.links, LINK_ROWS), (self.alerts, ALERT_ROWS), (self.receipts, RECEIPT_ROWS)):
            rows = min(most, max(1, table.records.rowCount()))
            high = table.verticalHeader().defaultSectionSize()
            table.setFixedHeight(table.horizontalHeader().height() + rows * high + 2)
            table.setVisible(table.records.rowCount() > 0)

    def _show_people(self) -> None:
        incident = self.incident
        if incident is None:
            self.people.show_lines([("", "No incident is chosen.", False)], 84)
            return
        held = {each.role: each for each in incident.roles}
        lines = [
            (name, f"{held[role].name}, since {held[role].since:%H:%M}" if role in held else "nobody", role in held)
            for role, name in ROLES.items()
        ]
        lines += [(initials(each.name), f"{each.name}: {each.reason}", False) for each in incident.participants]
        self.people.show_lines(lines, 84)
        taking = counted(len(incident.participants), "participant")
        self.sections["people"].heading.say(taking if incident.participants else "")

    # --- the chosen alert --------------------------------------------------------------------------------------------

    @property
    def chosen_alert(self) -> AttachedAlert | None:
        """The alert of the chosen row."""
        row, rows = self.alerts.currentIndex().row(), self.alerts.records.rows
        return rows[row] if 0 <= row < len(rows) else None

    def detach(self) -> None:
        """Say that the chosen alert has nothing to do with it."""
        incident, alert = self.incident, self.chosen_alert
        if incident is not None and alert is not None:
            self.console.tasks.start(self._detach(alert), name="detach an alert")

    async def _detach(self, alert: AttachedAlert) -> None:
        incident = self.incident
        try:
            if incident is not None:
                await decisions.detach(self.console.mutations, incident, alert.id, alert.title)
        except OperationsError as error:
            self.console.messages.post(f"Not detached: {error}", "error")


def _alert_state(alert: AttachedAlert) -> str:
    if alert.cleared_at is not None:
        return f"cleared {alert.cleared_at:%H:%M}"
    return "burns" if alert.state == "active" else f"burns, {alert.state}"


def lines_of(found: IncidentDeliveries | None) -> tuple[ReceiptLine, ...]:
    """Pages and notices, newest first, a line for each person or connection."""
    if found is None:
        return ()
    lines = [line for page in found.pages for line in _page_lines(page)]
    lines += [line for notice in found.notices for line in _notice_lines(notice)]
    return tuple(sorted(lines, key=lambda line: line.at, reverse=True))


def _page_lines(page: PageDetail) -> list[ReceiptLine]:
    lines = []
    for call in page.calls:
        for person in call.people:
            answered = page.acknowledged_by == person.person and page.acknowledged_at is not None
            words = f"{page.acknowledged_at:%H:%M:%S}" if answered else "no" if page.state is PageState.OPEN else "–"
            delivered = _state(person.receipts)
            lines.append(ReceiptLine(call.at, f"{person.name}, page", delivered, words))
        if call.team_receipts:
            lines.append(ReceiptLine(call.at, "The team, page", _state(call.team_receipts), "–"))
    return lines


def _notice_lines(notice: NoticeReceipts) -> list[ReceiptLine]:
    about = notice.template.rpartition(".")[2].replace("_", " ")
    return [
        ReceiptLine(notice.written_at, f"{each.connection_name or 'no connection'}, {about}", _state((each,)), "–")
        for each in notice.receipts
    ]


def _state(receipts: tuple[Receipt, ...]) -> str:
    """When it arrived, else why not."""
    sent = [each for each in receipts if each.state is ReceiptState.SENT and each.ended_at is not None]
    if sent:
        return f"{min(each.ended_at for each in sent if each.ended_at is not None):%H:%M:%S}"
    if not receipts:
        return "–"
    first = receipts[0].state
    return RECEIPTS.get(first, str(first))
