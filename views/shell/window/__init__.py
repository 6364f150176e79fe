"""The console's window: strip, rail, message bar, docks, workspaces and the file they are kept in."""
