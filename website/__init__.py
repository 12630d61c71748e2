"""The public page, contact requests and newsletters; their tables belong to the app trials."""
