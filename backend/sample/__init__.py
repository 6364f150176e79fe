"""The sample shop: an invented shop for flight-simulator add-ons with half a year of history that keeps trading."""

from __future__ import annotations

from backend.sample.market import market_of
from backend.sample.sign_in import settle_sample_access

__all__ = ["market_of", "settle_sample_access"]
