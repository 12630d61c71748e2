"""Packs for the data monitoring committee: made at a named cut, released by a second person, shared and revoked."""
