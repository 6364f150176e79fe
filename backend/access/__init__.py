"""Roles and who holds them. Specification: "RBAC Foundation"."""
