"""PREG: a pregnancy of a participant or a partner (protocol 3.19)."""
