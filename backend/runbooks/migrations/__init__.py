"""Tables of runbooks."""
