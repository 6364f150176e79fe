"""Analytics events and their schemas."""
