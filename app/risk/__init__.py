"""The risk queue and the rules, as the console reads and changes them."""
