"""Everything under ``/api/risk``."""

from __future__ import annotations

from backend.risk.check.routes import router as check
from backend.risk.lists.routes import router as lists

routers = (check, lists)
