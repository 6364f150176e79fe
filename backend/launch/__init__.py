"""Launches: the checklist, the votes, and go or no-go.

Specification: "Launch Readiness Checklist"; AC 8.
"""
