"""The nodes that are of no system, by name: what is written down outside, searched, certified and destroyed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from backend.privacy.erasure.actions import certify, destroy_key, write_ledger
from backend.privacy.erasure.scan import scan
from backend.privacy.graph.plan import CERTIFICATE, KEY, LEDGER, SCAN
from backend.privacy.graph.steps import Step

STEPS: Final[Mapping[str, Step]] = {LEDGER: write_ledger, SCAN: scan, CERTIFICATE: certify, KEY: destroy_key}
