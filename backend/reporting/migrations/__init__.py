"""The migrations of this capability."""
