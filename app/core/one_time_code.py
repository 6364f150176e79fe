"""The code an authenticator would show: for the sample shop, whose key everybody may know."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def one_time_code(key: str, at: datetime) -> str:
    """The six digits of a base32 key at an instant (RFC 6238), in two groups as authenticators show them."""
    import pyotp

    code = pyotp.TOTP(key).at(at)
    return f"{code[:3]} {code[3:]}"
