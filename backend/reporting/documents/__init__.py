"""The second computation: what documents come to, worked out from them alone and not from facts.

It shares no code with the statements that write facts and make reports: dates, places, signs, sums, rates and rounding
are its own, so that a mistake of either is seen.
"""

from backend.core.database import load_queries

queries = load_queries(__package__)
