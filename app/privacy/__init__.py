"""Privacy requests and consent."""
