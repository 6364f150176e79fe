"""The Triage workspace: the risk queue, and the case that is read."""
