"""The study as the next system reads it: CDISC's Unified Study Definitions Model 4.0, and sections of ICH M11."""
