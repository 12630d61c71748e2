"""Reports over many participants: asked of the worker, kept with the moment of their data, followed on their page."""
