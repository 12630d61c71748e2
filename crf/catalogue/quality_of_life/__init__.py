"""QOL: the two questionnaires (protocol 3.14)."""
