"""Drafts beside live traffic, without effect: what they would have decided, held against what was decided."""
