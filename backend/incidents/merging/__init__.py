"""Two incidents that are one."""
