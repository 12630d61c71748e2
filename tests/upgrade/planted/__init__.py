"""An app whose migration changes the database and then fails, for the test of a roll-back."""
