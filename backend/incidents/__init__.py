"""Incidents: declared, worked together, closed and reviewed. Specification: "Incident Response & Runbooks", AC 7."""

from __future__ import annotations

from backend.incidents.crew.actions import claim_incident
from backend.incidents.records.actions import acknowledge_incident

__all__ = ["acknowledge_incident", "claim_incident"]
