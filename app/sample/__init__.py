"""The sample shop, as the console speaks of it."""
