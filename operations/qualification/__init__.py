"""Qualification of an installation: what must be there is there, and what must refuse refuses (IQ and OQ)."""
