"""The Triage workspace, and the rules behind it."""
