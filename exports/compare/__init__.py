"""What changed between two cuts: rows and fields, by whom and why."""
