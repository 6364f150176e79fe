"""Built-in accounts, their sessions and their second factor."""

from __future__ import annotations

from backend.accounts.second_factor.actions import open_secret, seal_secret
from backend.accounts.second_factor.actions import remove as remove_second_factor
from backend.accounts.session.accounts import SAMPLE_PASSWORD, have_passwords, seed_role_accounts, set_account
from backend.accounts.session.accounts import matches as password_matches
from backend.accounts.session.actions import open_session

__all__ = [
    "SAMPLE_PASSWORD",
    "have_passwords",
    "open_secret",
    "open_session",
    "password_matches",
    "remove_second_factor",
    "seal_secret",
    "seed_role_accounts",
    "set_account",
]
