"""The audit log, as the console reads and checks it."""
