"""Working notes: what one person keeps in mind; not source data."""
