"""The checks of the trial: what each has brought, which are retired, and whose confirmations are reviewed."""
