"""Listings: rows of one form or of several joined, as somebody has built them, on a page and as files."""
