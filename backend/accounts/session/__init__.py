"""Sign-in with built-in accounts: passwords as argon2 hashes, refresh tokens used once."""
