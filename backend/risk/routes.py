"""Everything under ``/api/risk``."""

from __future__ import annotations

from backend.risk.backtest.routes import router as backtests
from backend.risk.check.routes import router as check
from backend.risk.fulfilment.routes import router as fulfilment
from backend.risk.lists.routes import router as lists
from backend.risk.outcomes.ingest import router as outcomes
from backend.risk.outcomes.routes import router as reports
from backend.risk.queue.routes import router as queue
from backend.risk.rule_sets.routes import router as rule_sets
from backend.risk.shadow.routes import router as shadow
from backend.risk.snoozes.routes import router as snoozes

routers = (check, lists, snoozes, queue, fulfilment, rule_sets, shadow, backtests, outcomes, reports)
