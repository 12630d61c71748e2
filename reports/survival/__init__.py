"""Survival analysis of a table: reading it, the answers, their files and their picture (docs/statistics.md)."""
