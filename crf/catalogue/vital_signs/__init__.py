"""Vital signs of a visit (protocol 3.18)."""
