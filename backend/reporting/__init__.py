"""Tax and regulatory reports: what was charged, to the cent, filed once and provable."""

from __future__ import annotations

from backend.reporting.ports import Dropbox, DropboxError, ReportingPorts

__all__ = ["Dropbox", "DropboxError", "ReportingPorts"]
