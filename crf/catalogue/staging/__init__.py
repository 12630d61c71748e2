"""STAGE: the baseline staging (protocol 3.4)."""
