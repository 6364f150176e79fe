"""One small module for each outside system, behind the port its domain declares."""
