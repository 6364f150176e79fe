"""Deliveries to outside systems."""
