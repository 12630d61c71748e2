"""NUT: nutrition, assessed again and again."""
