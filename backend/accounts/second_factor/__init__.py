"""The second factor of built-in accounts: codes of an authenticator, recovery codes, and how guessing is slowed."""
