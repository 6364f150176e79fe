"""Files of the operations API."""
