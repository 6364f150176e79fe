"""Runbooks: what to do, step by step."""
