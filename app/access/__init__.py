"""Roles, their holders, and what waits for approval."""
