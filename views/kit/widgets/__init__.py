"""Widgets that more than one panel needs."""
