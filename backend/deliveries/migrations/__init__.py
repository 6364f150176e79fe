"""Migrations of deliveries."""
