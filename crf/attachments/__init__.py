"""Files attached to a record: read in a process of their own, kept in the database, shown beside the form (ADR 40)."""
