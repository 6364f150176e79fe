"""Rules kept quiet for somebody: for some days by one person, for longer by two."""
