"""Built-in accounts, their sessions and their second factor."""

from __future__ import annotations

from backend.accounts.second_factor.actions import remove as remove_second_factor
from backend.accounts.session.accounts import SAMPLE_PASSWORD, have_passwords, seed_role_accounts, set_account
from backend.accounts.session.actions import open_session

__all__ = [
    "SAMPLE_PASSWORD",
    "have_passwords",
    "open_session",
    "remove_second_factor",
    "seed_role_accounts",
    "set_account",
]
