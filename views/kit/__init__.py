"""What panels of every capability are made of: theme, widgets, charts, dialogs."""
