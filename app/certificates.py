"""The certificates a console trusts."""

from __future__ import annotations

import ssl
from functools import lru_cache

import httpx


@lru_cache
def trusted() -> ssl.SSLContext:
    """The certificates that are trusted, read once: at each new connection it takes long enough to be felt."""
    return httpx.create_ssl_context()
