"""The casebooks of a site or of the whole trial: one file each with its digest, made by as many workers as are free."""
