"""Requests of people about their data, and consent. Specification: "Privacy & Consent Management"; AC 5."""

from __future__ import annotations

from backend.privacy.keys.copies import restore_keys
from backend.privacy.keys.ring import KeyRing

__all__ = ["KeyRing", "restore_keys"]
