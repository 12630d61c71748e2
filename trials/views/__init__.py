"""Pages of sites, people, and participants up to the decision to randomize."""
