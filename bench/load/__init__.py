"""Load scenarios, played by Locust in an environment of its own (docs/scaling.md)."""
