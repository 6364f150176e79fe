"""Check an order: what the published rules say about it, stored before it is answered."""
