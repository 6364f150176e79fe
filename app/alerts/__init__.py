"""Alerts and their rules, as the console reads and changes them."""
