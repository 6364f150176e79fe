"""Everything under ``/api/risk``."""

from __future__ import annotations

from backend.risk.check.routes import router as check
from backend.risk.intents.routes import router as intents
from backend.risk.lists.routes import router as lists
from backend.risk.queue.routes import router as queue

routers = (check, lists, queue, intents)
