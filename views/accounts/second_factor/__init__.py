"""Proving again who one is: the code of an authenticator, its set-up, or the sign-in service in the browser."""
