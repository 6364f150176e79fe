"""The dashboard: its figures, what they are called, and the rows behind them."""

from __future__ import annotations

from app.dashboard.domain import Dashboard

__all__ = ["Dashboard"]
