"""Fraud checks, the queue of what waits for a verdict, and the rules both follow.

Specification: "Fraud Monitoring & Risk Queue".
"""

from __future__ import annotations

from backend.risk.check.actions import fraud_check
from backend.risk.rule_sets.reads import published_rules

__all__ = ["fraud_check", "published_rules"]
