"""Alerts: what is broken, what to do, who has it."""
