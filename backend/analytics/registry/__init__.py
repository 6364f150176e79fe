"""Changing the tracking plan: drafts, what publishing one breaks, states, and modes."""
