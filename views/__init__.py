"""The console's widgets: one package per panel, shared widgets, theme, command palette, main window."""
