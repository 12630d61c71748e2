"""The log of deviations: proposals confirmed or dismissed, and what is decided centrally (protocol 3.15)."""
