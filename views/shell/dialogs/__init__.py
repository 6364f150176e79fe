"""Questions and settings. Opened with ``open()`` and answered by a signal: a nested loop would stop all tasks."""
