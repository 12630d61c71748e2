"""What the public page shows, and in which language."""
