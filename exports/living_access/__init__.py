"""Tokens and calendar addresses that people were given: made, and ended."""
