"""What became of orders in the end, and the monthly report that holds decisions against it."""
