"""CRE: the clinical response evaluation (protocol 3.7)."""
