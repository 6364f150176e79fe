"""Pages that stand in place of the docks: welcome, sign-in, starting."""
