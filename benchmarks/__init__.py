"""Performance as ratios to floors measured in the same run. ``python -m benchmarks`` runs every script.

``OPSCONSOLE_BENCH_ORDERS`` sets how many orders are loaded (default 10 000 000, with twice as many downloads, over two
years).
"""
