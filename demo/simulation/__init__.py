"""A synthetic trial, made by walking people through the services that the pages call."""
