"""What the shop delivers, as the console speaks of it."""
