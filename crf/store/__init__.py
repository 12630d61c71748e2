"""Records as rows: found, locked, read as answers, written back."""
