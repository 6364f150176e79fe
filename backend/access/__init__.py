"""Roles, who holds them and why; break-glass access, drift and use. Specification: "RBAC Foundation"."""

from __future__ import annotations

from backend.access.ports import AccessPorts, AccessReportError, AccessSystem, ReportedAccess

__all__ = ["AccessPorts", "AccessReportError", "AccessSystem", "ReportedAccess"]
