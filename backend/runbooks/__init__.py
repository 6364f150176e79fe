"""Runbooks: what to do, step by step. Specification: "Incident Response & Runbooks"."""

from __future__ import annotations

from backend.runbooks.actions import Imported, import_files
from backend.runbooks.places import PublishError
from backend.runbooks.publishing import publish_to
from backend.runbooks.reads import everything

__all__ = ["Imported", "PublishError", "everything", "import_files", "publish_to"]
