"""Versioned rule sets: drafts, publishing, what is different between two, shadow runs."""
