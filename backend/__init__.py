"""The operations API: one package per domain, plus the few mechanisms they share."""
