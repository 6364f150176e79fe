"""Roles and their holders, as the console reads and changes them."""
