"""Items that are due and not signed raise alerts."""
