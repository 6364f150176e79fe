"""What proves a request: a row a system with what stays there, and the certificate or the package and its downloads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from models.core.wording import counted
from models.privacy.graph import ErasureCertificate, NodeState, RequestNode
from models.privacy.packages import PackageRelease
from models.privacy.requests import RequestType
from views.kit.following_panel import explain
from views.kit.painting import MIDDLE, draw_words
from views.kit.theme import RADIUS, current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.section import Lines
from views.kit.widgets.table import Column
from views.privacy.step_view import LowTable
from views.privacy.wording import NONE, day, kept_words, who

if TYPE_CHECKING:
    from views.privacy.desk import PrivacyDesk

OVER = {NodeState.DONE, NodeState.SKIPPED}
STATES = {
    NodeState.WAITING: "not done",
    NodeState.RUNNING: "running",
    NodeState.DEAD: "failed",
    NodeState.MANUAL: "by hand",
    NodeState.SKIPPED: "skipped",
}


def _kept(node: RequestNode) -> str:
    return kept_words(node) if node.state is NodeState.DONE else STATES.get(node.state, "")


COLUMNS = (
    Column("System", lambda node: node.title, 120, stretch=True),
    Column("Rows", lambda node: f"{node.rows:,}" if node.rows or node.state in OVER else NONE, 64, right=True),
    Column("Kept, and why", _kept, 130, quiet=True, stretch=True),
    Column(
        "Done, UTC", lambda node: NONE if node.ended_at is None else day(node.ended_at), 112, right=True, quiet=True
    ),
)


class SystemsTable(LowTable):
    """When it was done, and then what stays, give way where there is no room."""

    def _spread(self) -> None:
        widths = self._widths()
        spare = self._leave_out(widths, (3, 2))
        shares = {0: 0.5, 2: 0.5} if not self.isColumnHidden(2) else {0: 1.0}
        for number, width in enumerate(widths):
            self.setColumnWidth(number, width + round(spare * shares.get(number, 0.0)))
        self._fitted.clear()


class Banner(QWidget):
    """Says across the foot that this is no receipt yet, and why."""

    def __init__(self) -> None:
        super().__init__()
        self._words = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def say(self, words: str) -> None:
        """Change the words; without any, it is not there."""
        self._words = words
        self.setAccessibleName(words)
        self.setVisible(bool(words))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(current().px(200), max(current().px(28), round(current().height(10)) + 10))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, tokens, painter = current(), current().tokens, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(QColor(tokens.control_border), 1, Qt.PenStyle.DashLine))
        painter.setBrush(theme.hatch(tokens.window))
        painter.drawRoundedRect(box, RADIUS, RADIUS)
        wide = theme.width(self._words, 10, 600) + theme.px(16)
        if wide < box.width():
            plate = QRectF(box.center().x() - wide / 2, box.top() + 1, wide, box.height() - 2)
            painter.fillRect(plate, QColor(tokens.window))
        draw_words(painter, self._words, box.adjusted(4, 0, -4, 0), (10, 600), "", MIDDLE)


class ReceiptView(QWidget):
    """A row a system, lines of facts, and the banner or the buttons."""

    def __init__(self, desk: PrivacyDesk) -> None:
        super().__init__()
        self._desk = desk
        self.title = QLabel("Receipt")
        self.title.setAccessibleName("Receipt")
        self.title.setContentsMargins(12, 0, 12, 0)
        self.table = SystemsTable(COLUMNS, "Systems")
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.facts = Lines("Facts of the receipt")
        self.facts.setContentsMargins(12, 4, 12, 4)
        self.banner = Banner()
        self.save = Pill("Save certificate", Look.PRIMARY, name="Save the certificate", button=True)
        self.verify = Pill("Verify here", Look.BUTTON, name="Verify the certificate here", key="Y", button=True)
        self.buttons = {"certificate": self.save, "verify-certificate": self.verify}
        for verb, pill in self.buttons.items():
            pill.clicked.connect(lambda _=False, each=verb: desk.console.actions.execute(f"privacy.{each}"))
        self.foot = Flow(self.save, self.verify, gap=WIDE_GAP)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 8)
        column.setSpacing(4)
        below = QVBoxLayout()
        below.setContentsMargins(12, 0, 12, 0)
        below.addWidget(self.banner)
        for part, stretch in ((self.title, 0), (self.table, 1), (self.facts, 0)):
            column.addWidget(part, stretch)
        column.addStretch(0)
        column.addLayout(below)
        column.addWidget(self.foot)

    def show_receipt(self, proof: PackageRelease | ErasureCertificate | None) -> None:
        """Show how far the proof of the request is."""
        current().set_font(self.title, 12, 600)
        request, nodes = self._desk.request, self._desk.nodes
        access = request is not None and request.type is RequestType.ACCESS
        certificate = proof if isinstance(proof, ErasureCertificate) else None
        self.title.setText("Package" if access else "Receipt")
        self.table.setVisible(bool(nodes))
        self.table.renew_rows(nodes)
        self.facts.show_lines(self._lines(proof), 104)
        self.foot.setVisible(certificate is not None)
        for verb, pill in self.buttons.items():
            explain(pill, self._desk.console.actions.reason(self._desk.console.actions.get(f"privacy.{verb}")))
        self.banner.say(self._missing(access, proof is not None))

    def _missing(self, access: bool, proved: bool) -> str:
        request, nodes = self._desk.request, self._desk.nodes
        if request is None or proved:
            return ""
        left = sum(node.state not in OVER for node in nodes)
        what = "Not a package yet" if access else "Not a receipt yet"
        if not nodes:
            return f"{what}: nothing has begun"
        if left:
            return f"{what}: {left} of {counted(len(nodes), 'step')} open"
        return f"{what}: it is looked through first" if access else ""

    def _lines(self, proof: PackageRelease | ErasureCertificate | None) -> list[tuple[str, str, bool]]:
        request = self._desk.request
        if request is None:
            return []
        lines: list[tuple[str, str, bool]] = []
        if request.verified_at is not None:
            lines.append(
                ("Identity", f"confirmed by {who(request.verified_by_name)}, {day(request.verified_at)} UTC", False)
            )
        if isinstance(proof, PackageRelease):
            lines += self._package(proof)
        elif isinstance(proof, ErasureCertificate):
            lines.append(("Certificate", f"signed {day(proof.issued_at)} UTC; it names nobody", True))
            lines.append(("Proof", "verifies without this system, by verify_receipt.py", False))
        elif request.type is RequestType.DELETION:
            lines.append(("Data key", "the person's own; it is destroyed last", False))
            lines.append(("Certificate", "signed when all systems are done", False))
        found = self._desk.verified.get(request.request_id)
        if found is not None:
            lines.append(("Verified", found, True))
        return lines

    @staticmethod
    def _package(release: PackageRelease) -> list[tuple[str, str, bool]]:
        size = f"{release.bytes / 1024:,.0f} kB"
        left_out = f", {counted(release.redacted, 'field')} left out" if release.redacted else ""
        fetched = [each for each in release.downloads if not each.refused]
        refused = len(release.downloads) - len(fetched)
        words = counted(len(fetched), "time") if fetched else "not yet"
        words += f", last {day(fetched[0].at)} UTC" if fetched else ""
        words += f"; {counted(refused, 'try', 'tries')} after it had ended" if refused else ""
        return [
            ("Released", f"by {who(release.released_by_name)}, {day(release.released_at)} UTC", False),
            ("Holds", f"{release.rows:,} rows in {size}{left_out}, encrypted", False),
            ("Link ends", f"{day(release.expires_at)} UTC", True),
            ("Fetched", words, False),
        ]
