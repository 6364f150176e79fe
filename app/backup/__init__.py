"""Backups, as the console speaks of them."""
