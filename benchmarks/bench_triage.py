"""Triage: another case on screen after a key, and a frame of the queue while it is scrolled, at 100,000 entries."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.table import Result

ENTRIES = 100_000
SWITCHES = 60
SWITCH_MS = 100.0
"""What a case switch may cost."""
FRAMES = 60
COUNTS = (0, 1, 0, 2, 1, 0, 1, 0, 0, 1, 1, 1)
NOW = datetime(2026, 11, 24, 14, 2, 37, tzinfo=UTC)


def _entry(number: int) -> Any:
    from models.risk.queue import EntryStatus, Note, RiskQueueEntry
    from models.risk.rules import Action

    return RiskQueueEntry(
        entry_id=f"e{number}",
        order_id=f"CS-{number:06d}",
        score=99 - number * 60 // ENTRIES,
        action=Action.REVIEW,
        triggered_rules=("velocity-card", "ip-not-card", "new-account", "basket-4x")[: 1 + number % 4],
        status=EntryStatus.OPEN,
        notes=(Note(by="ra", by_name="Rosa Ahn", at=NOW, text="Asked the bank."),),
        placed_at=NOW - timedelta(minutes=44),
        currency="EUR",
        amount=2000 + number % 9000,
        reporting_minor=2000 + number % 9000,
        card_country="DE",
        ip_country="NG" if number % 3 else "DE",
        created_at=NOW - timedelta(minutes=number % 1400),
        due_at=NOW + timedelta(minutes=1400 - number % 1400),
        version=1,
    )


def _case(entry: Any) -> Any:
    from models.risk.case import CaseEvent, CustomerFacts, LinkedOrder, OrderFacts, OrderItem, RiskCase, Velocity
    from models.risk.rules import Action, Compared, Decision, Fired

    def rule(name: str, metric: str, operator: str, value: Any, actual: Any) -> Fired:
        compared = Compared(metric=metric, operator=operator, value=value, actual=actual, holds=True)
        return Fired(rule_id=name, description=name, severity=22, action=Action.REVIEW, conditions=(compared,))

    number = int(entry.entry_id[1:])
    fired = (
        rule("velocity-card", "card_orders_1h", "gt", 3, 5 + number % 5),
        rule("ip-not-card", "ip_card_differ", "is", True, True),
        rule("new-account", "customer_age", "lt", 1440, 26 + number % 50),
        rule("basket-4x", "order_value", "gt", 20_000, 24_960),
    )
    return RiskCase(
        entry=entry,
        decision=Decision(
            decision_id="d",
            order_id=entry.order_id,
            score=entry.score,
            action=Action.REVIEW,
            triggered_rules=entry.triggered_rules,
            explanation=fired,
            rule_set_id="s",
            rule_set_number=7,
            decided_at=NOW,
        ),
        order=OrderFacts(
            order_id=entry.order_id,
            placed_at=entry.placed_at,
            currency="EUR",
            amount=entry.amount,
            items=(OrderItem(title="A320 pack", quantity=1),),
            item_count=3,
            payment_method="card",
            card_last4="4417",
            card_country="DE",
            ip_country="NG",
            ip="105.112.7.0/24",
        ),
        customer=CustomerFacts(customer_id=f"C-{number}", hidden=True, age=26, orders=3, refunds=0, chargebacks=2),
        velocity=tuple(
            Velocity(
                subject=s,
                metric=f"{s}_orders_1h",
                minutes=60,
                counts=(0, 1, 0, 2, 1, 0, 1, 0, 0, 1, 1, 1),
                total=8,
                most=3,
            )
            for s in ("card", "customer", "ip")
        ),
        linked=tuple(
            LinkedOrder(order_id=f"CS-9{n}", shared=("card", "ip"), placed_at=NOW, currency="EUR", amount=2495)
            for n in range(50)
        ),
        linked_more=True,
        history=tuple(
            CaseEvent(at=NOW, by="ra", by_name="Rosa Ahn", what="risk.entry.claimed", version=n) for n in range(20)
        ),
        two_people=False,
        as_of=NOW,
    )


class _Server:
    """Answers from memory: what is measured is the console's own share."""

    async def get(self, path: str, _kind: Any, query: dict[str, Any] | None = None) -> Any:
        from app.core.errors import Unreachable
        from models.core.paging import Page
        from models.risk.queue import QueueCounts, RiskQueueEntry

        last = path.rpartition("/")[2]
        if last == "counts":
            return QueueCounts(open=ENTRIES, mine=1, escalated=2, due_soon=3, overdue=1, snoozed=0, as_of=NOW)
        if "/queue/" in path:
            return _case(_entry(int(last[1:])))
        if last != "queue" or query is None:
            raise Unreachable("there is nothing else")
        begin, limit = int(query["cursor"] or "0"), int(query["limit"])
        items = tuple(_entry(n) for n in range(begin, min(ENTRIES, begin + limit)))
        after = str(begin + limit) if begin + limit < ENTRIES else None
        return Page[RiskQueueEntry](items=items, next_cursor=after, as_of=NOW)

    async def aclose(self) -> None:
        """Nothing."""


def _frame(table: Any) -> float:
    """Milliseconds of a frame, median; each shows rows that were not drawn in the one before."""
    bar, times = table.verticalScrollBar(), []
    for n in range(FRAMES):
        bar.setValue(bar.maximum() - 60_000 + n * bar.pageStep())
        begun = time.perf_counter()
        table.viewport().grab()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


def run() -> list[Result]:
    """Milliseconds."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    import asyncio

    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication, QHBoxLayout, QStyledItemDelegate, QTableView, QWidget
    from qasync import QEventLoop

    from app.console import Console
    from app.risk.queue import Risk
    from views.kit.theme import Theme
    from views.risk.capability import CAPABILITY
    from views.risk.triage.queue_table import QueueTable
    from views.shell.window.panels import Panels

    class Empty(QStyledItemDelegate):
        """Draws nothing."""

        def paint(self, *_: Any) -> None:
            """Nothing."""

    class Bare(QueueTable):
        """The same rows, drawn by Qt through the empty delegate."""

        paintEvent = QTableView.paintEvent  # noqa: N815 - Qt's name

    application = QApplication.instance() or QApplication([])
    Theme(application).apply("dark")  # type: ignore[arg-type]
    found: list[Result] = []

    async def measure(folder: Path) -> None:
        console: Any = Console(folder)
        console._client = _Server()  # noqa: SLF001 - no wire
        console.session.may = lambda _permission: True
        console._gate.set()  # noqa: SLF001 - as after a sign-in
        window = QWidget()
        panels = Panels(console, window, lambda _: None, (CAPABILITY,))
        panels.connect()
        queue, case = panels.panel("triage.queue"), panels.panel("triage.case")
        row = QHBoxLayout(window)
        row.addWidget(queue.widget, 12)
        row.addWidget(case.widget, 7)
        window.resize(1830, 980)
        window.show()
        queue.set_visible(True)
        case.set_visible(True)
        heard = asyncio.Event()
        console.of(Risk).cases.changed.connect(lambda _entry_id: heard.set())
        await heard.wait()
        switches = []
        for _ in range(SWITCHES):
            await asyncio.sleep(0.15)  # as long as the quickest look at a case
            begun = time.perf_counter()
            QTest.keyClick(queue.table, Qt.Key.Key_J)
            ahead = case.case is not None and case.case.entry.entry_id == case.entry.entry_id
            window.grab()
            switches.append((time.perf_counter() - begun) * 1000)
            if not ahead:
                raise RuntimeError("the next case was not there before it was asked for")
        median = statistics.median(switches)
        found.append(Result("Triage: another case after a key, median", median, SWITCH_MS, "ms", 1.0))
        found.append(Result("Triage: the same, slowest of sixty", max(switches), SWITCH_MS, "ms", 2.0))
        rows = console.of(Risk).list
        while rows.count < 20_000:
            rows.look_at(rows.count - 1, rows.count - 1)
            await asyncio.sleep(0)
        queue.table.renew()
        bare = Bare(console.of(Risk), console.clock.now, lambda: None, lambda: True)
        bare.setItemDelegate(Empty(bare))
        bare.resize(queue.table.size())
        bare.show()
        frame, floor = _frame(queue.table), _frame(bare)
        found.append(Result("Triage: a frame of the queue while scrolled", frame, floor, "ms", 3.0))
        bare.close()
        window.close()
        window.deleteLater()
        await console.close()

    with (
        tempfile.TemporaryDirectory() as folder,
        asyncio.Runner(loop_factory=lambda: QEventLoop(application)) as runner,
    ):
        runner.run(measure(Path(folder)))
    return found
