"""What can be wrong with a backup."""

from __future__ import annotations


class BackupError(Exception):
    """A backup could not be made or used; the words say why and what to do."""


class UntestedError(Exception):
    """A backup could not be restored for a test, through no fault of its own; the words say what to do."""


class NotWholeError(BackupError):
    """What was restored is not what was backed up, or cannot go on: the database is there, and of no use."""
