"""SURG: the operation (protocol 3.8)."""
