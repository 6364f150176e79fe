"""The audit log: the list, what each entry changed, and the proof that it is as it was written."""
