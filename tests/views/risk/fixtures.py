"""Queues for tests of Triage: many entries at once, and consoles that look at them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.console import Console
from app.risk.queue import Risk
from tests.conftest import Api
from tests.views import office
from tests.views.access.test_workspace import signed_in
from tests.views.office import turns
from views.risk.capability import CAPABILITY
from views.risk.triage.case_panel import CasePanel
from views.risk.triage.queue_panel import QueuePanel
from views.risk.triage.verdicts import Verdicts
from views.shell.window.panels import Panels


async def until(true: Callable[[], Any]) -> None:
    """Wait until something holds, with patience: what is asked for goes through a whole API."""
    await office.until(true, 40)


# The highest score first: CS-00001, CS-00002, … ; one customer and one card for each ten of them.
_ORDERS = """
insert into risk_order (id, source, placed_at, minor, currency, customer_id, email, ip, card, order_value, item_count,
                        ip_country, card_country, customer_age, customer_orders, customer_refunds,
                        customer_chargebacks, payment_method)
select 'CS-' || lpad(n::text, 5, '0'), 'check', now() - interval '1 hour' - n * interval '1 second',
       2000 + n %% 7000, 'EUR', 'C-' || n / 10, 'c' || n / 10 || '@shop.example', '105.112.' || n / 200 %% 250 || '.7',
       'card-' || n / 10, 2000 + n %% 7000, 3, 'NG', 'DE', 26, 2, 0, 0, 'card'
  from generate_series(1, %(count)s) as n
"""
_DECISIONS = """
insert into risk_decision (order_id, rule_set_id, score, action, triggered, explanation)
select o.id, s.id, greatest(1, 100 - o.number * 100 / (%(count)s + 1)), 'review',
       array['velocity-card', 'ip-not-card'], %(explanation)s::jsonb
  from (select id, substr(id, 4)::int as number from risk_order) as o, risk_rule_set as s
 where s.state = 'published'
"""
_ENTRIES = """
insert into risk_entry (order_id, score, action, triggered, placed_at, currency, minor, reporting_minor, customer_id,
                        email, card, card_last4, card_country, ip, ip_country, created_at, due_at)
select o.id, d.score, 'review', d.triggered, o.placed_at, o.currency, o.minor, o.order_value, o.customer_id, o.email,
       o.card, '4417', o.card_country, o.ip, o.ip_country, o.placed_at, o.placed_at + interval '24 hours'
  from risk_order as o join risk_decision as d on d.order_id = o.id
 order by o.id
"""
_EXPLANATION = """[
  {"ruleId": "velocity-card", "description": "Many orders", "severity": 34, "action": "review", "demoted": false,
   "conditions": [{"metric": "card_orders_1h", "operator": "gt", "value": 3, "actual": 7, "holds": true}]},
  {"ruleId": "ip-not-card", "description": "Elsewhere", "severity": 22, "action": "review", "demoted": false,
   "conditions": [{"metric": "ip_card_differ", "operator": "is", "value": true, "actual": true, "holds": true}]}
]"""


def fill(owner_url: str, count: int) -> None:
    """So many open entries."""
    with psycopg.connect(owner_url, autocommit=True) as owner:
        for statement in (_ORDERS, _DECISIONS, _ENTRIES):
            owner.execute(statement, {"count": count, "explanation": _EXPLANATION})  # type: ignore[arg-type]
        owner.execute("analyze risk_order, risk_decision, risk_entry")


class TriageScreen:
    """Queue and case beside each other, with their keys."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.window = QWidget()
        self.panels = Panels(console, self.window, lambda _: None, (CAPABILITY,))
        self.panels.connect()
        self.queue: QueuePanel = self.panels.panel("triage.queue")
        self.case: CasePanel = self.panels.panel("triage.case")
        self.verdicts = self.panels.shared(Verdicts)
        self.table = self.queue.table
        row = QHBoxLayout(self.window)
        row.addWidget(self.queue.widget, 3)
        row.addWidget(self.case.widget, 2)
        self.window.resize(1500, 860)

    @property
    def read(self) -> str:
        """The order of the case that is read; empty for none."""
        return self.case.entry.order_id if self.case.entry is not None else ""

    @property
    def posted(self) -> list[str]:
        """What the message bar said."""
        return [message.text for message in self.console.messages.history]

    def orders(self) -> list[str]:
        """The orders of the rows."""
        return [entry.order_id for entry in self.console.of(Risk).list.loaded()]

    async def begin(self) -> None:
        """Show it, with its first case."""
        self.window.show()
        self.window.activateWindow()
        for panel in (self.queue, self.case):
            panel.set_visible(True)
        await until(lambda: self.console.of(Risk).list.known and self.table.records.rowCount())
        await until(lambda: self.case.case is not None)
        self.table.setFocus()
        await turns()


@asynccontextmanager
async def triage(api: Api, folder: Path, role: str = "risk-analyst", **claims: Any) -> AsyncIterator[TriageScreen]:
    """A console of a role at its queue."""
    async with signed_in(api, role, folder, **claims) as console:
        screen = TriageScreen(console)
        await screen.begin()
        yield screen
        screen.window.close()
