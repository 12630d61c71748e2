"""The page of a record: what it shows, how it is drawn, what was typed."""
