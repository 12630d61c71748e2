"""SAE: the report of a serious event (protocol 3.6)."""
