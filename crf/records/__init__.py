"""The one door to a save, and what follows from it in the same act."""
