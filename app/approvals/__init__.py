"""What needs the agreement of others."""
