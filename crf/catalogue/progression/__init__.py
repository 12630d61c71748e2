"""PROG: progression before the decision on surveillance or surgery."""
