"""COMP: complications of an operation (protocol 3.10)."""
