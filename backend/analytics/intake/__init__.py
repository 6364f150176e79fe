"""Events come in: durable before they are answered, each id once, and one bad event never costs its batch."""
