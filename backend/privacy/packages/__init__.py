"""What an access request gathered: looked through, redacted, packed, and fetched behind a link that ends."""

from backend.core.database import load_queries

queries = load_queries(__name__)
