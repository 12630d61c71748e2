"""PATH: the resection specimen (protocol 3.9)."""
