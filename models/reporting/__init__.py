"""Reports, and what they are made of."""
