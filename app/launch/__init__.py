"""The launch and its go/no-go."""
