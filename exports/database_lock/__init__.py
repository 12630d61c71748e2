"""The lock of the database: a checklist with owners, the frozen data set, three signatures, a certificate (ADR 36)."""
