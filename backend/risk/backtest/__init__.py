"""A rule set replayed over orders as they were when they became known, with no effect on anything."""
