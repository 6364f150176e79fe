"""What moves a legal clock, and who is told before it runs out."""
