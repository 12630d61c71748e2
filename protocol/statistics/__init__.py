"""Methods of survival analysis, standard library only: the same digits on every machine (docs/statistics.md)."""
