"""CM: medication, a record for each (protocol 3.3; decision C8)."""
