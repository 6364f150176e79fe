"""Privacy requests."""
