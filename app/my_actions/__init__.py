"""What the operator did at this console."""
