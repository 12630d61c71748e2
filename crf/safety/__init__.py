"""Serious events: reporting deadlines and the assessment by the sponsor."""
