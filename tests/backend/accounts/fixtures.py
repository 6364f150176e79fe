"""An account with a second factor, as several tests use it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp

PASSWORD = "password-of-ada"


def next_code(authenticator: pyotp.TOTP) -> str:
    """The code after the present one: of another step than the one that was used, and still accepted."""
    return authenticator.at(datetime.now(UTC) + timedelta(seconds=30))
