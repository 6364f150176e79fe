"""Alert rules and the latched alerts they raise. Specification: "Operations dashboard", alert thresholds; AC 2."""
