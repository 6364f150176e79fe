"""Alerts and their rules."""

from __future__ import annotations

from app.alerts.domain import Alerts

__all__ = ["Alerts"]
