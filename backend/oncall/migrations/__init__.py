"""Migrations of on-call."""
