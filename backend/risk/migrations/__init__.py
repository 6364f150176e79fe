"""Migrations of the risk queue since capabilities have branches."""
