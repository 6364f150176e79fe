"""The window around the panels, and everything outside of it."""
