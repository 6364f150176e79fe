"""Backups that were made or failed. Specification: "daily backups"."""

from __future__ import annotations

from enum import StrEnum

from models.core.base import Count, Identifier, Instant, Record


class BackupState(StrEnum):
    """What is known of a backup."""

    OK = "ok"
    """It was restored for a test and is whole."""
    UNTESTED = "untested"
    """It was made, but could not be restored for a test, or not yet."""
    FAILED = "failed"
    """It was not made, or did not pass its test; ``detail`` says why."""


class BackupRun(Record):
    """One backup, or the attempt at one."""

    id: Identifier
    started_at: Instant
    finished_at: Instant
    scheduled: bool
    """Made by the daily job; else by somebody at the command line."""
    file: str
    """Where it lies, as the machine that made it names it; empty when none was made."""
    bytes: Count | None
    sha256: str | None
    """Of the file, in hexadecimal digits."""
    state: BackupState
    tested_at: Instant | None
    detail: str
    """Why it failed or could not be tested, and what to do; empty when it is good."""
    rows: dict[str, Count]
    """Rows of each table in it."""
