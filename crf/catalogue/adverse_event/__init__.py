"""AE: one adverse event, graded and attributed (protocol 3.6)."""
