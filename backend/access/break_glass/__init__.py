"""Break-glass access is looked at: a review is opened with the grant, and closed by somebody else."""
