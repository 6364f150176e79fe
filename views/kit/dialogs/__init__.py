"""What dialogs of every capability share. Opened with ``open()`` and answered by a signal."""
