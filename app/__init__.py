"""The console without widgets: client, session, queries, snapshot. Imports no Qt and is usable as an SDK."""
