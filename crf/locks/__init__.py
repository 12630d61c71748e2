"""Data are frozen and locked: what must be so before, what it stops, and how it ends (ADR 36)."""
