"""SURV: vital status (protocol 3.13)."""
