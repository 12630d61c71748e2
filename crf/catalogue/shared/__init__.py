"""Code lists that several forms share."""
