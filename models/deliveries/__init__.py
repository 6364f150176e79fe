"""What is told to outside systems: sent, tried again, and what never arrived."""
