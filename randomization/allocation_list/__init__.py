"""The sealed allocation list in a schema of its own, reached through stored functions alone."""
