"""Who is on call, and who is called when nobody answers."""
