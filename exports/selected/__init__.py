"""What of the chosen forms and sites an export holds, by whose right, and how its files are narrowed to it."""
