"""Fraud: rules, checks, the queue, and what other rules would do. Specification: "Fraud Monitoring & Risk Queue"."""
