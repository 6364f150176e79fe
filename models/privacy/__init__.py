"""Requests of people about their data, and consent."""
