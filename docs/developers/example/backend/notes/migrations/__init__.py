"""Notes: a branch of their own."""
