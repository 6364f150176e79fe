"""The Access workspace: roles and their permissions, who holds them, what waits for a second pair of eyes."""
