"""Giving one slot to one participant: readiness, certificate, verification."""
