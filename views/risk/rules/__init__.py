"""Rules, backtests and lists of the fraud part."""
