"""Who was seen when, and which permissions were used: for the people list and the least-privilege hints."""
