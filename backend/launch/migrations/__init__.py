"""Migrations of launches."""
