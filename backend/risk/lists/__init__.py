"""Lists, breakers and the policy of the queue: what people set beside the rules."""
