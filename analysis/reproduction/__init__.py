"""Data and code of the reports: what an outsider needs to print every number again."""
