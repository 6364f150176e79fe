"""Built-in accounts: sign-in and the second factor."""
