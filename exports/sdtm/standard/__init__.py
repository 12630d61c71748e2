"""Facts of the standard that the mappings use: variables, domains and terms, each a small table of our own."""
