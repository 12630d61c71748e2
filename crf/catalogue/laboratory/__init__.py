"""Laboratory panel of a visit (protocol 3.4 G)."""
