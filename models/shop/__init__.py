"""What shops and pipelines send, and the rows it becomes."""
