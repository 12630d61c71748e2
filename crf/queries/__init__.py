"""Queries: raised by people and by checks, answered, closed."""
