"""Whether whatever fits one version of an event fits another one: proved, or shown by an event that does not."""
