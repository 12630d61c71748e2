"""Backups: a consistent dump and the files of exports, encrypted to a public key, each with its digest (ADR 42)."""
