"""Theme sheets drawn from the real widgets: what is clipped, missing or unreadable is seen here first."""
