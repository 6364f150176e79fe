"""Fraud: rules, checks, the queue, backtests and reports."""
