"""FU: one contact of follow-up (protocol 3.12)."""
