"""Faults played on a whole installation: ``python -m tests.faults`` (docs/reliability.md)."""
