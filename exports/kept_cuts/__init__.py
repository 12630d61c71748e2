"""Cuts that are kept: moments that were exported and can be exported again, the same."""
