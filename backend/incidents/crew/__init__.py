"""Who works on an incident: roles that are handed over, and participants."""
