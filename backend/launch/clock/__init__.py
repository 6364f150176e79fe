"""The clock of a launch: what is done to it is kept, what it shows follows from that."""
