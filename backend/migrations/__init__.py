"""Alembic revisions that run plain SQL files."""
