"""Events of the shop and its players: their schema, and what arrives against it."""
