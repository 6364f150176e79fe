"""Deliveries to systems outside."""
