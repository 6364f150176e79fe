"""How far the data of each source reaches."""
