"""SURV-A: the surveillance after a complete response (protocol 3.11)."""
