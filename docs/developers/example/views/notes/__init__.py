"""Notes for whoever comes on shift next."""
