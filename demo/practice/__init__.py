"""Practice: the same program on a database of its own, in which nothing counts (ADR 57)."""
