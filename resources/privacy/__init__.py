"""For privacy: what verifies a receipt or certificate."""
