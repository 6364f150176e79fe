"""My actions: what is on its way, and what I did, with its outcome."""
