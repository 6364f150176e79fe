"""For launches: templates to begin with, and what verifies a record without opsconsole."""
