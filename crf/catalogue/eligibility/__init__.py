"""ELIG: the criteria, one by one (protocol 3.1)."""
