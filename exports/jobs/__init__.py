"""Exports as work that goes on in the background: begun, followed, cancelled, stopped, cleared away."""
