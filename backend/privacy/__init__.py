"""Requests of people about their data, and consent. Specification: "Privacy & Consent Management"; AC 5."""

from __future__ import annotations

from backend.privacy.erasure.replay import replay_new
from backend.privacy.keys.copies import restore_keys
from backend.privacy.keys.ring import KeyRing
from backend.privacy.keys.source import ring_of
from backend.privacy.persons.reads import contact_of
from backend.privacy.ports import HumanCheckError, PrivacyPorts
from backend.privacy.requests.reads import request_words

__all__ = [
    "HumanCheckError",
    "KeyRing",
    "PrivacyPorts",
    "contact_of",
    "replay_new",
    "request_words",
    "restore_keys",
    "ring_of",
]
